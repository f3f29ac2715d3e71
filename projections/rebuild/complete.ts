import type pg from 'pg';
import { inTransaction } from '../../platform/postgres/index.ts';
import { createIndexes, mergeRows, type Target, tableOf } from '../sql.ts';

/** Makes one row a key of what was copied in, and creates the indexes. Done again it changes nothing. */
export async function complete(pool: pg.Pool, target: Target): Promise<void> {
  await inTransaction(pool, async (client) => {
    // Postgres goes on with an index whose client was killed, and nobody sees it until it is there: the lock waits for it.
    await client.query(`lock table ${tableOf(target)} in share row exclusive mode`);
    if (target.projection.kind === 'rollup') await client.query(mergeRows(target));
    for (const statement of createIndexes(target)) await client.query(statement);
  });
  await pool.query(`analyze ${tableOf(target)}`);
}
