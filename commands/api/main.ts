import { createServer } from 'node:http';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { listen, runService, serveHealth } from '../../platform/lifecycle.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { openKeyring } from '../keys/keyring.ts';
import { createKeyStore } from '../keys/store.ts';
import { createOutcomes } from '../state/outcomes.ts';
import { createCommandApi } from './app.ts';
import { createAccess } from './auth.ts';
import { watchBacklog } from './backlog.ts';
import { createGateway } from './gateway.ts';
import { addGauges, createApiMeters } from './metrics.ts';
import { createPressure } from './pressure.ts';
import { Slots } from './slots.ts';

const OUTCOME_TIMEOUT_MS = 10_000;
/** Large orders, of up to 4 MB each, that are received at the same time. */
const LONG_TEXTS = 16;
const MAX_CONNECTIONS = 2000;
/** Request line and headers, in bytes and in the time for them. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 20_000;

await runService('command-api', async ({ config, logger, onStop }) => {
  const names = namesOf(config.namespace);
  const kafka = createKafka(config, 'command-api', logger);
  const appender = await createAppender(kafka);
  onStop(() => appender.close());
  const admin = kafka.admin();
  await admin.connect();
  onStop(() => admin.disconnect());
  const subscriber = createRedis(config, 'command-api');
  subscriber.on('error', (error) => logger.warn({ err: error }, 'Redis is away: answers time out until it is back'));
  await subscriber.connect().catch(() => {});
  onStop(() => subscriber.disconnect());
  const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
  const meters = createApiMeters();
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
    meters,
  });
  onStop(() => gateway.close());
  const backlog = watchBacklog({
    admin,
    topic: names.topics.commands,
    groupId: names.groups.processor,
    logger,
    isBusy: () => gateway.load.commands > 0,
  });
  onStop(() => backlog.stop());
  const pool = createPool(config, { applicationName: 'sales-command-api', byKey: true });
  onStop(() => pool.end());
  const keyring = await openKeyring(createKeyStore(pool, names.postgres.keys), logger, Date.now);
  onStop(() => keyring.close());
  const pressure = createPressure({
    load: gateway.load,
    undecided: () => backlog.undecided,
    maxUndecided: config.maxUndecided,
    now: Date.now,
    onRefused: meters.refused,
  });
  const app = createCommandApi({
    gateway,
    outcomes: createOutcomes(pool, names.postgres.write, codec),
    access: createAccess({
      keyring,
      required: config.mode === 'production',
      ratePerKey: config.ratePerKey,
      now: Date.now,
    }),
    pressure,
    longTexts: new Slots(LONG_TEXTS),
    meters,
    logger,
    now: Date.now,
  });
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A stream of commands may go on for ever; Node would end every request after five minutes.
    requestTimeout: 0,
    connectionsCheckingInterval: 2000,
  });
  server.on('request', app);
  server.maxConnections = MAX_CONNECTIONS;
  const { port, close } = await listen(server, {
    host: config.host,
    port: config.commandsPort,
    setting: 'SALES_COMMANDS_PORT',
  });
  onStop(close);
  addGauges(meters.registry, gateway.load, pressure, () => backlog.measure());
  onStop(await serveHealth({ host: config.host, port: config.healthPort }, () => true, meters.registry));
  logger.info({ port }, 'command API listens');
});
