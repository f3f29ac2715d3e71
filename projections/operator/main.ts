import { checkPartitions } from '../../platform/kafka/check-topics.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { runService, serveHealth } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { decodeSlices } from '../log-slice.ts';
import { dayIn } from '../time.ts';
import { startOperator } from './app.ts';

const SERVICE = 'operator';
await runService(SERVICE, async ({ config, logger, onStop, fail }) => {
  const names = namesOf(config.namespace);
  const kafka = createKafka(config, SERVICE, logger);
  await checkPartitions(kafka, names.topics.events, config.partitions);
  const pool = createPool(config, { applicationName: `sales-${SERVICE}`, synchronousCommit: false, max: 12 });
  onStop(() => pool.end());
  const redis = createRedis(config, SERVICE);
  redis.on('error', (error) => logger.debug({ err: error }, 'Redis connection'));
  onStop(() => redis.disconnect());
  const codec = createCodec(config.registry, new Map());
  const storeDay = dayIn(config.storeTimeZone);
  const operator = await startOperator({
    config,
    names,
    kafka,
    pool,
    redis,
    codec,
    logger,
    decode: (slices) => decodeSlices(codec, storeDay, slices),
    onFailure: fail,
  });
  onStop(() => operator.stop());
  onStop(await serveHealth({ host: config.host, port: config.healthPort }, () => true, operator.metrics));
  logger.info('operator started');
});
