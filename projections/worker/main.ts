import { checkPartitions } from '../../platform/kafka/check-topics.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { runService, serveHealth } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis, requireNoEviction } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { startProjections } from './app.ts';

const SERVICE = 'projections';
await runService(SERVICE, async ({ config, logger, onStop, fail }) => {
  const kafka = createKafka(config, SERVICE, logger);
  await checkPartitions(kafka, namesOf(config.namespace).topics.events, config.partitions);
  const pool = createPool(config, { applicationName: `sales-${SERVICE}`, synchronousCommit: false });
  onStop(() => pool.end());
  const redis = createRedis(config, SERVICE);
  redis.on('error', (error) => logger.debug({ err: error }, 'Redis connection'));
  onStop(() => redis.disconnect());
  await requireNoEviction(redis);
  const worker = await startProjections({
    config,
    kafka,
    pool,
    redis,
    codec: createCodec(config.registry, new Map()),
    logger,
    onFailure: fail,
  });
  onStop(() => worker.stop());
  onStop(await serveHealth({ host: config.host, port: config.healthPort }, worker.isReady, worker.metrics));
  logger.info('projections started');
});
