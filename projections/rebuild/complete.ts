import type pg from 'pg';
import { inTransaction, isUniqueViolation } from '../../platform/postgres/index.ts';
import { createIndexes, mergeRows, removeRepeated, type Target, tableOf } from '../sql.ts';

/** Makes one row a key of what was copied in, and creates the indexes. Done again it changes nothing. */
export async function complete(pool: pg.Pool, target: Target): Promise<void> {
  if (target.projection.kind === 'rollup') await indexAfter(pool, target, [mergeRows(target)]);
  else {
    // Nobody but who writes to the log past the processors repeats an id: to look for such rows would cost every rebuild.
    await indexAfter(pool, target, []).catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      return indexAfter(pool, target, [removeRepeated(target)]);
    });
  }
  await pool.query(`analyze ${tableOf(target)}`);
}

function indexAfter(pool: pg.Pool, target: Target, statements: readonly string[]): Promise<void> {
  return inTransaction(pool, async (client) => {
    // Postgres goes on with an index whose client was killed, and nobody sees it until it is there: the lock waits for it.
    await client.query(`lock table ${tableOf(target)} in share row exclusive mode`);
    for (const statement of [...statements, ...createIndexes(target)]) await client.query(statement);
  });
}
