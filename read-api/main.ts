/** The read API's process: GraphQL at /graphql, the dashboard at /. */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { listen, runService } from '../platform/lifecycle.ts';
import { startReadApi } from './service.ts';

await runService('read-api', async ({ config, logger, onStop, fail }) => {
  const dashboard = fileURLToPath(new URL('../dashboard/dist', import.meta.url));
  const service = await startReadApi({ config, logger, dashboard, onFailure: fail });
  onStop(service.stop);
  const address = { host: config.host, port: config.httpPort, setting: 'SALES_HTTP_PORT' };
  const { port, close } = await listen(createServer(service.app), address);
  onStop(close);
  logger.info({ port }, `dashboard at http://${config.host}:${port}, GraphQL at http://${config.host}:${port}/graphql`);
});
