/** Who may rebuild the write-side state, and how the rebuilt one takes its place. */
import type pg from 'pg';
import { sqlState } from '../../platform/postgres/index.ts';
import { retry } from '../../platform/retry.ts';
import { lockMigrations } from './migrate.ts';

/** Somebody else rebuilds this state. */
export class RebuildRunningError extends Error {
  override name = 'RebuildRunningError';
}

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Runs `work` while nobody else rebuilds the state in `schema`; `client` is the connection that holds the right to, so
 * what goes through it fails when the right is lost. Waits for its turn, or throws {@link RebuildRunningError}.
 */
export async function exclusively<T>(
  pool: pg.Pool,
  schema: string,
  { wait }: { wait: boolean },
  work: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const lock = `rebuild ${schema}`;
  try {
    const take = wait ? 'select pg_advisory_lock(hashtext($1))' : 'select pg_try_advisory_lock(hashtext($1)) as taken';
    const { rows } = await client.query(take, [lock]);
    if (!wait && !rows[0]?.taken) {
      throw new RebuildRunningError(`The state in ${schema} is being rebuilt or verified already.`);
    }
    return await work(client);
  } finally {
    await client.query('select pg_advisory_unlock(hashtext($1))', [lock]).catch(onError);
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * Puts the tables of the schema `fresh` in the place of those in `schema`, and drops the old ones. Whoever uses them
 * waits for a moment and then finds the new ones.
 */
export async function swapTables(client: pg.ClientBase, schema: string, fresh: string): Promise<void> {
  await retry(() => swap(client, schema, fresh), {
    when: (error) => sqlState(error) === LOCK_NOT_AVAILABLE,
    firstWaitMs: 20,
    longestWaitMs: 200,
  });
}

/** Never waits for a lock while holding the other: a processor's statements take them in any order. */
async function swap(client: pg.ClientBase, schema: string, fresh: string): Promise<void> {
  await client.query('begin');
  try {
    await lockMigrations(client, schema);
    await client.query(`lock table ${schema}.checkpoints_v2 in access exclusive mode`);
    await client.query(`lock table ${schema}.events_v2 in access exclusive mode nowait`);
    await client.query(`
      drop table ${schema}.checkpoints_v2, ${schema}.events_v2;
      alter table ${fresh}.checkpoints_v2 set schema ${schema};
      alter table ${fresh}.events_v2 set schema ${schema};
      drop schema ${fresh}`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
