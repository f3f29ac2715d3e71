import type pg from 'pg';
import { inTransaction } from '../../platform/postgres/index.ts';
import { createIndexes, type Target, tableOf } from '../sql.ts';

/**
 * Creates the indexes that are missing. Postgres goes on with an index whose client was killed, and "if not exists" does
 * not see it until it is there: the lock waits for it.
 */
export async function indexAll(pool: pg.Pool, targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    for (const statement of createIndexes(target)) {
      await inTransaction(pool, async (client) => {
        await client.query(`lock table ${tableOf(target)} in share row exclusive mode`);
        await client.query(statement);
      });
    }
  }
}
