/** The command processor as its own `main.ts` starts it, with adapters that carry out the faults in its arguments. */
import { startProcessor } from '../../commands/processor/app.ts';
import { createStore } from '../../commands/state/store.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { runService, serveHealth } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { carryOut, withFailpoints } from './failpoints.ts';

await runService('command-processor', async ({ config, logger, onStop, fail }) => {
  const names = namesOf(config.namespace);
  const pool = createPool(config, { applicationName: 'command-processor', synchronousCommit: false, max: 3 });
  onStop(() => pool.end());
  const redis = createRedis(config, 'command-processor');
  redis.on('error', () => {});
  await redis.connect();
  onStop(() => redis.disconnect());
  const adapters = {
    kafka: createKafka(config, 'command-processor', logger),
    codec: createCodec(config.registry, await registeredIds(config.registry, names.topics)),
    store: createStore(pool, names.postgres.write),
    redis,
  };
  const processor = await startProcessor({
    ...withFailpoints(adapters, names, carryOut(JSON.parse(process.argv[2] ?? '[]'))),
    names,
    partitions: config.partitions,
    logger,
    onFailure: fail,
  });
  onStop(() => processor.stop());
  onStop(await serveHealth({ host: config.host, port: config.healthPort }, processor.isReady, processor.metrics));
});
