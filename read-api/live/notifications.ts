import pgListen from 'pg-listen';
import type { Logger } from '../../platform/logger.ts';
import type { Offsets } from './live-feed.ts';

export interface NotificationOptions {
  postgres: string;
  namespace: string;
  channel: string;
  logger: Logger;
  /** Partitions have been brought to these offsets. */
  onOffsets: (offsets: Offsets) => void;
  /** The connection is new: what was announced while there was none is lost. */
  onConnected: () => void;
  /** Listening cannot go on. */
  onFailure: (error: Error) => void;
}

/** Listens for what projections announce, reconnecting for ever. Returns how to stop. Throws when Postgres is not there. */
export async function listenForPositions(options: NotificationOptions): Promise<() => Promise<void>> {
  const listener = pgListen.default<Record<string, string>>(
    { connectionString: options.postgres, application_name: `sales-read-api-listen ${options.namespace}` },
    { retryTimeout: 0, retryInterval: (attempt) => Math.min(100 * (attempt + 1), 2000), parse: String },
  );
  listener.notifications.on(options.channel, (payload) => options.onOffsets(parseOffsets(payload)));
  listener.events.on('connected', options.onConnected);
  listener.events.on('reconnect', (attempt) => {
    if (attempt === 1) options.logger.warn('lost the connection that listens for new positions; reconnecting');
  });
  listener.events.on('error', options.onFailure);
  await listener.connect().catch((cause: Error) => {
    throw new Error(`Postgres cannot be reached (${cause.message}). Start it, or set DATABASE_URL.`, { cause });
  });
  await listener.listenTo(options.channel);
  return () => listener.close();
}

/** `{"positions":{"0":123}}`. What cannot be read says nothing: the poll finds what it would have said. */
export function parseOffsets(payload: string): Offsets {
  try {
    const { positions } = JSON.parse(payload) as { positions?: Record<string, number> };
    const offsets = Object.entries(positions ?? {}).map(([key, value]) => [Number(key), value] as const);
    return new Map(offsets.filter(([partition, offset]) => Number.isInteger(partition) && Number.isInteger(offset)));
  } catch {
    return new Map();
  }
}
