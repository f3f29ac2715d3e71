import pg from 'pg';
import type { Config } from '../config.ts';

export interface PoolOptions {
  /** Shown in pg_stat_activity, with the namespace. */
  applicationName: string;
  /**
   * Off: a commit returns before its log record is on disk. A crash of the server may lose the last moments, whole
   * transactions at a time. Only for what is derived and carries its own checkpoint: rows and checkpoint go back together.
   */
  synchronousCommit?: boolean;
  /**
   * Rows are only ever looked up by key. A plan that was made while a table was empty would go on reading all of it, for
   * as long as a minute under load, until Postgres has counted its rows.
   */
  byKey?: boolean;
  /** Connections at most; 4 by default. */
  max?: number;
}

/** Connections in UTC, whose results are plain: bigint as number (or a RangeError), date as `YYYY-MM-DD`. */
export function createPool(config: Pick<Config, 'postgres' | 'namespace'>, options: PoolOptions): pg.Pool {
  const settings = ['-c TimeZone=UTC'];
  if (options.synchronousCommit === false) settings.push('-c synchronous_commit=off');
  if (options.byKey) settings.push('-c enable_seqscan=off');
  const pool = new pg.Pool({
    connectionString: config.postgres,
    application_name: `${options.applicationName} ${config.namespace}`,
    options: settings.join(' '),
    max: options.max ?? 4,
    types: { getTypeParser },
  });
  // An idle connection that breaks has left the pool already; whoever queries next gets a new one, or the error.
  pool.on('error', () => {});
  return pool;
}

const { INT8, DATE } = pg.types.builtins;
/** node-pg has no name for it. */
const INT8_ARRAY = 1016;

/** The one place that says how Postgres types become JavaScript values where node-pg's own choice is not ours. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (format !== 'binary' && oid === INT8) return safeInteger;
  if (format !== 'binary' && oid === INT8_ARRAY) return safeIntegers;
  if (format !== 'binary' && oid === DATE) return String;
  return pg.types.getTypeParser(oid, format as 'text');
};

const texts = pg.types.getTypeParser(INT8_ARRAY as number) as (text: string) => (string | null)[];
const safeIntegers = (text: string) => texts(text).map((one) => (one === null ? null : safeInteger(one)));

/** Throws RangeError when the whole number in `text` is one that a double cannot hold exactly. */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(`${text} is beyond 2^53 and would lose its last digits as a number`);
}
