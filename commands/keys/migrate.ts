import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool, inTransaction } from '../../platform/postgres/index.ts';

/**
 * Creates the table of API keys; idempotent, and safe when two run at once. Unlike its neighbours it can't be folded
 * from the log again: it is what a backup of Postgres is for.
 */
export async function migrate(config: Config): Promise<void> {
  const schema = namesOf(config.namespace).postgres.write;
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  try {
    await inTransaction(pool, async (client) => {
      await client.query('select pg_advisory_xact_lock(hashtext($1))', [`migrate ${schema}`]);
      await client.query(table(schema));
    });
  } finally {
    await pool.end();
  }
}

function table(schema: string): string {
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
