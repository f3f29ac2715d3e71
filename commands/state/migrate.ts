import type pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool, inTransaction } from '../../platform/postgres/index.ts';

/**
 * Creates the command side's own tables; idempotent, and safe when two run at once. All that lies in their schema is
 * derived: dropping it makes the processor fold the log again. The tables are named by the version of their shape.
 */
export async function migrate(config: Config): Promise<void> {
  const schema = namesOf(config.namespace).postgres.write;
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  try {
    await inTransaction(pool, async (client) => {
      await lockMigrations(client, schema);
      await client.query(createTables(schema) + createIndexes(schema));
      // What an older version kept can be folded from the log again.
      await client.query(`drop table if exists ${schema}.events_v1, ${schema}.checkpoints_v1`);
    });
  } finally {
    await pool.end();
  }
}

/** Held until the transaction ends: nobody else creates or replaces the tables meanwhile. */
export async function lockMigrations(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtext($1))', [`migrate ${schema}`]);
}

/** The statements that create the schema and its tables where they are missing. */
export function createTables(schema: string): string {
  return `
    create schema if not exists ${schema};
    -- Every valid event as it lies in the log: the state of a key is the fold of its rows. The key is null in refusals
    -- that are kept under their place and belong to no key. The command id is null where it is the key, as in most sales.
    create table if not exists ${schema}.events_v2 (
      "offset" bigint not null,
      partition smallint not null,
      key text,
      command_id text,
      event bytea not null
    );
    -- Up to where events_v2 was filled, and the command of the last valid event before it.
    create table if not exists ${schema}.checkpoints_v2 (
      partition smallint primary key,
      generation int not null default 1,
      next_offset bigint not null,
      last_command_offset bigint not null,
      last_command_id text
    );`;
}

/** The statements that create the indexes of {@link createTables}'s tables where they are missing. */
export function createIndexes(schema: string): string {
  return `
    create index if not exists events_v2_key on ${schema}.events_v2 (key) where key is not null;
    create index if not exists events_v2_command on ${schema}.events_v2 (command_id) where command_id is not null;`;
}
