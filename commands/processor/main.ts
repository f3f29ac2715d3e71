import { checkTopics } from '../../platform/kafka/check-topics.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { runService, serveHealth } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool, isConnectionLost } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { retry } from '../../platform/retry.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { prepareState } from '../state/rebuild.ts';
import { createStore } from '../state/store.ts';
import { startProcessor } from './app.ts';

await runService('command-processor', async ({ config, logger, onStop, fail }) => {
  const names = namesOf(config.namespace);
  const kafka = createKafka(config, 'command-processor', logger);
  await checkTopics(kafka, [names.topics.commands, names.topics.events], config);
  const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
  const pool = createPool(config, {
    applicationName: 'command-processor',
    synchronousCommit: false,
    byKey: true,
    max: 3,
  });
  onStop(() => pool.end());
  await retry(() => prepareState({ names, partitions: config.partitions, kafka, codec, pool, logger }), {
    when: isConnectionLost,
    onRetry: (error) => logger.warn({ reason: String(error) }, 'Postgres does not answer; waiting for it'),
  });
  const redis = createRedis(config, 'command-processor');
  redis.on('error', (error) => logger.warn({ err: error }, 'Redis is away: answers time out until it is back'));
  await redis.connect().catch(() => {});
  onStop(() => redis.disconnect());
  const processor = await startProcessor({
    kafka,
    codec,
    store: createStore(pool, names.postgres.write),
    redis,
    names,
    partitions: config.partitions,
    logger,
    onFailure: fail,
  });
  onStop(() => processor.stop());
  onStop(await serveHealth({ host: config.host, port: config.healthPort }, processor.isReady, processor.metrics));
});
