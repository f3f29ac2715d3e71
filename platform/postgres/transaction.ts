import type pg from 'pg';

const ATTEMPTS = 5;
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';
const UNDEFINED_TABLE = '42P01';

/**
 * Runs `work` between begin and commit on one connection, and again from its start (at most five times in all) after a
 * deadlock or a serialization failure, so `work` must not keep anything from a failed attempt. Any other error rolls
 * back and is thrown; when the connection was lost at commit, the outcome is unknown.
 */
export function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return retryConflicts(() => once(pool, work));
}

/** Runs `work` again, at most five times in all, after a deadlock or a serialization failure. */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const code = sqlState(error);
      if (attempt >= ATTEMPTS || (code !== DEADLOCK && code !== SERIALIZATION_FAILURE)) throw error;
    }
  }
}

async function once<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure) => {
      broken ??= failure;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** The server could not be reached, was shutting down, or the connection broke: worth trying again later. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|57P0|53300)/.test(state);
  return (
    error instanceof Error && /connection|ECONN|EPIPE|ETIMEDOUT|socket/i.test(`${errorCode(error)} ${error.message}`)
  );
}

/** A row with this key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION;
}

/** It waited for a lock as long as `lock_timeout` lets it. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === LOCK_NOT_AVAILABLE;
}

/** The table, or the schema that it would be in, does not exist. */
export function isMissingTable(error: unknown): boolean {
  return sqlState(error) === UNDEFINED_TABLE;
}

/** The five characters by which Postgres names an error; undefined for errors that are not the server's. */
export function sqlState(error: unknown): string | undefined {
  const code = errorCode(error);
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function errorCode(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
