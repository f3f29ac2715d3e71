/** Whether an operator runs, by an advisory lock that each of them shares and its death frees. */
import type pg from 'pg';

/** From now on, as long as the connection lives. */
export async function announceOperator(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query('select pg_advisory_lock_shared(hashtext($1))', [lockOf(schema)]);
}

export async function isOperatorRunning(pool: pg.Pool, schema: string): Promise<boolean> {
  // Taken for this one statement, if nobody shares it.
  const { rows } = await pool.query('select pg_try_advisory_xact_lock(hashtext($1)) as alone', [lockOf(schema)]);
  return !rows[0]?.alone;
}

function lockOf(schema: string): string {
  return `${schema} operator`;
}
