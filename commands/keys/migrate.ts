import type pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool, inTransaction } from '../../platform/postgres/index.ts';
import { lockMigrations } from '../state/migrate.ts';

/**
 * Creates the table of API keys; idempotent, and safe when two run at once. It can't be folded from the log again: it is
 * what a backup of Postgres is for, and so it lies in a schema of its own.
 */
export async function migrate(config: Config): Promise<void> {
  const { keys, write } = namesOf(config.namespace).postgres;
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  try {
    await inTransaction(pool, async (client) => {
      await lockMigrations(client, write);
      await client.query(createTable(keys));
      await moveKeys(client, write, keys);
    });
  } finally {
    await pool.end();
  }
}

function createTable(schema: string): string {
  return `
    create schema if not exists ${schema};
    create table if not exists ${schema}.api_keys (
      id text primary key,
      name text not null,
      -- SHA-256 of the secret, which is kept nowhere.
      secret_hash bytea not null,
      scopes text[] not null,
      -- Commands a second; null: as the settings have it.
      rate integer,
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      -- To the minute.
      last_used_at timestamptz,
      revoked_at timestamptz
    );`;
}

/**
 * Older versions kept the keys beside the write-side state. Should one run again after the move, what it made and
 * revoked is taken over at the next migration: a key that was revoked on either side stays revoked.
 */
async function moveKeys(client: pg.ClientBase, from: string, to: string): Promise<void> {
  const { rows } = await client.query('select to_regclass($1) is not null as found', [`${from}.api_keys`]);
  if (!rows[0]?.found) return;
  // Nobody may make or revoke a key between its copy and the drop.
  await client.query(`lock table ${from}.api_keys in access exclusive mode`);
  await client.query(`
    insert into ${to}.api_keys as kept
      (id, name, secret_hash, scopes, rate, created_at, expires_at, last_used_at, revoked_at)
    select id, name, secret_hash, scopes, rate, created_at, expires_at, last_used_at, revoked_at from ${from}.api_keys
    on conflict (id) do update set
      last_used_at = greatest(kept.last_used_at, excluded.last_used_at),
      revoked_at = least(kept.revoked_at, excluded.revoked_at);
    drop table ${from}.api_keys`);
}
