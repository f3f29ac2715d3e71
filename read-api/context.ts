import type { Config } from '../platform/config.ts';
import type { LiveFeed } from './live/live-feed.ts';
import type { LogEnds } from './log-ends.ts';
import type { Snapshot } from './snapshot.ts';

/** What is the same for every request. */
export interface Services {
  config: Pick<Config, 'mode' | 'storeTimeZone'>;
  /** Schema of the read models, quoted for SQL. */
  schema: string;
  /** Schema of the read models that are kept under a label, quoted for SQL. */
  schemaAt: (label: string) => string;
  /** Version of this software. */
  version: string;
  live: LiveFeed;
  logEnds: LogEnds;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

/** What resolvers get as their third argument. `schema` is the one to read: see `as-of.ts`. */
export interface Context extends Services {
  /** The label whose figures are read; null for the live ones. */
  asOf: string | null;
  snapshot: Snapshot;
  /** Aborted when the client has gone. */
  gone: AbortSignal;
}
