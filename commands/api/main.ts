import { createServer } from 'node:http';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { listen, runService } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { createOutcomes } from '../state/outcomes.ts';
import { createCommandApi } from './app.ts';
import { createGateway } from './gateway.ts';

const OUTCOME_TIMEOUT_MS = 10_000;

await runService('command-api', async ({ config, logger, onStop }) => {
  const names = namesOf(config.namespace);
  const appender = await createAppender(createKafka(config, 'command-api', logger));
  onStop(() => appender.close());
  const subscriber = createRedis(config, 'command-api');
  subscriber.on('error', (error) => logger.warn({ err: error }, 'Redis is away: answers time out until it is back'));
  await subscriber.connect().catch(() => {});
  onStop(() => subscriber.disconnect());
  const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
  const gateway = await createGateway({
    appender,
    codec,
    subscriber,
    redisPrefix: names.redisPrefix,
    topic: names.topics.commands,
    partitions: config.partitions,
    partitionOf: createPartitioner(config.partitions),
    logger,
    timeoutMs: OUTCOME_TIMEOUT_MS,
  });
  onStop(() => gateway.close());
  const pool = createPool(config, { applicationName: 'sales-command-api' });
  onStop(() => pool.end());
  const outcomes = createOutcomes(pool, names.postgres.write, codec);
  const app = createCommandApi({ gateway, outcomes, logger, now: Date.now });
  const server = createServer(app);
  // A stream of commands may go on for ever; Node would end every request after five minutes.
  server.requestTimeout = 0;
  const { port, close } = await listen(server, {
    host: config.host,
    port: config.commandsPort,
    setting: 'SALES_COMMANDS_PORT',
  });
  onStop(close);
  logger.info({ port }, 'command API listens');
});
