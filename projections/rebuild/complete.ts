import type pg from 'pg';
import { inTransaction } from '../../platform/postgres/index.ts';
import { createIndexes, isIndexed, mergeRows, type Target, tableOf } from '../sql.ts';

/** Makes one row a key of what was copied in, and creates the indexes; does nothing when that was done before. */
export async function complete(pool: pg.Pool, target: Target): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ indexed: boolean }>(isIndexed(target));
    if (rows[0]?.indexed) return;
    if (target.projection.kind === 'rollup') await client.query(mergeRows(target));
    for (const statement of createIndexes(target)) await client.query(statement);
  });
  await pool.query(`analyze ${tableOf(target)}`);
}
