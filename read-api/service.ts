/** The app with its real adapters: Postgres, Redis and the connection that listens for new positions. */
import { readFileSync } from 'node:fs';
import type { Express } from 'express';
import pg from 'pg';
import type { Config } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { LiveWindowReader } from '../platform/live-window/live-window.ts';
import type { Logger } from '../platform/logger.ts';
import { asOfSchema, namesOf } from '../platform/names.ts';
import { createPool } from '../platform/postgres/index.ts';
import { createRedis } from '../platform/redis.ts';
import { createApp } from './app.ts';
import { LiveFeed } from './live/live-feed.ts';
import { listenForPositions } from './live/notifications.ts';
import { createLogEnds } from './log-ends.ts';
import { type Position, windowCheckpointsSql } from './queries/positions.ts';

/** Connections for queries; one more listens. */
const POOL_SIZE = 8;

export interface ReadApi {
  app: Express;
  live: LiveFeed;
  stop(): Promise<void>;
}

export interface ReadApiOptions {
  config: Config;
  logger: Logger;
  /** Folder of the built dashboard. */
  dashboard: string;
  /** Called when the service cannot go on. */
  onFailure: (error: Error) => void;
}

/** Throws when Postgres cannot be reached. Without Redis it starts: queries work, the live subscription says so. */
export async function startReadApi({ config, logger, dashboard, onFailure }: ReadApiOptions): Promise<ReadApi> {
  const names = namesOf(config.namespace);
  const schema = pg.escapeIdentifier(names.postgres.read);
  const pool = createPool(config, { applicationName: 'sales-read-api', max: POOL_SIZE });
  const redis = createRedis(config, 'sales-read-api');
  redis.on('error', (error) => logger.debug({ err: error }, 'Redis'));
  const live = new LiveFeed({
    window: new LiveWindowReader(redis, names.redisPrefix),
    readCheckpoints: async () => {
      const { rows } = await pool.query<Position & { generation: number }>(windowCheckpointsSql(schema));
      const offsets = new Map(rows.map(({ partition, nextOffset }) => [partition, nextOffset]));
      return { generation: rows[0]?.generation ?? 1, offsets };
    },
    partitions: config.partitions,
    logger,
  });
  const stopListening = await listenForPositions({
    namespace: config.namespace,
    postgres: config.postgres,
    channel: names.notifyChannel,
    logger,
    onOffsets: (offsets) => live.notify(offsets),
    onConnected: () => live.lookAtAll(),
    onFailure,
  });
  const schemaAt = (label: string) => pg.escapeIdentifier(asOfSchema(names, label));
  const logEnds = createLogEnds(createKafka(config, 'sales-read-api'), names.topics.events);
  const services = { config, schema, schemaAt, version: version(), live, logEnds, now: Date.now };
  const stop = async () => {
    live.stop();
    redis.disconnect();
    await Promise.all([stopListening(), pool.end(), logEnds.stop()]);
  };
  return { app: createApp({ pool, services, logger, dashboard }), live, stop };
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
