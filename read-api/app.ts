/** The read API as an Express app, without listening: GraphQL, the dashboard's files, health. */
import express, { type ErrorRequestHandler, type Express } from 'express';
import type pg from 'pg';
import type { Logger } from '../platform/logger.ts';
import type { Services } from './context.ts';
import { serveDashboard } from './dashboard.ts';
import { createGraphQL, GRAPHQL_PATH } from './graphql.ts';
import { MAX_BODY } from './limits.ts';
import { securityHeaders } from './security.ts';

export interface AppOptions {
  pool: pg.Pool;
  services: Services;
  logger: Logger;
  /** Folder of the built dashboard. */
  dashboard: string;
}

export function createApp({ pool, services, logger, dashboard }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders);
  app.get('/health', async (_request, response) => {
    const ready = await isReady(pool, services.schema);
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ready' : 'starting' });
  });
  app.use(GRAPHQL_PATH, express.text({ type: () => true, limit: MAX_BODY }), refuseBody);
  const graphql = createGraphQL({ pool, services, logger });
  app.use((request, response, next) => (request.path === GRAPHQL_PATH ? graphql(request, response) : next()));
  app.use(serveDashboard(dashboard));
  return app;
}

/** Ready when figures can be served: Postgres answers and the read models exist. */
async function isReady(pool: pg.Pool, schema: string): Promise<boolean> {
  return pool.query(`select from ${schema}.checkpoints limit 1`).then(
    () => true,
    () => false,
  );
}

/** What Express says about a body, as GraphQL says it. */
const refuseBody: ErrorRequestHandler = (error: { status?: number; type?: string }, _request, response, _next) => {
  const tooLarge = error.type === 'entity.too.large';
  const message = tooLarge
    ? `The request is larger than ${MAX_BODY} bytes. Put values into variables, and split it into several requests.`
    : 'The body of the request cannot be read. Send JSON as UTF-8.';
  const code = tooLarge ? 'BODY_TOO_LARGE' : 'BAD_REQUEST';
  response.status(error.status ?? 400).json({ errors: [{ message, extensions: { code } }] });
};
