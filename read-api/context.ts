import type { Config } from '../platform/config.ts';
import type { LiveFeed } from './live/live-feed.ts';
import type { Snapshot } from './snapshot.ts';

/** What is the same for every request. */
export interface Services {
  config: Pick<Config, 'mode' | 'storeTimeZone'>;
  /** Schema of the read models, quoted for SQL. */
  schema: string;
  /** Version of this software. */
  version: string;
  live: LiveFeed;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

/** What resolvers get as their third argument. */
export interface Context extends Services {
  snapshot: Snapshot;
  /** Aborted when the client has gone. */
  gone: AbortSignal;
}
