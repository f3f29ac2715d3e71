/**
 * Advisory locks of one connection: whoever holds them works alone, and its death frees them. The connection counts a
 * lock that it takes twice as its own.
 */
import type pg from 'pg';

/** Locks all of the names, or none of them. Resolves to whether it did. */
export async function lockAll(client: pg.ClientBase, schema: string, names: readonly string[]): Promise<boolean> {
  for (const [index, name] of names.entries()) {
    const { rows } = await client.query('select pg_try_advisory_lock(hashtext($1)) as locked', [`${schema} ${name}`]);
    if (rows[0].locked) continue;
    await unlockAll(client, schema, names.slice(0, index));
    return false;
  }
  return true;
}

export async function unlockAll(client: pg.ClientBase, schema: string, names: readonly string[]): Promise<void> {
  for (const name of names) await client.query('select pg_advisory_unlock(hashtext($1))', [`${schema} ${name}`]);
}
