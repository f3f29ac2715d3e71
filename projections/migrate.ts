import type pg from 'pg';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, inTransaction } from '../platform/postgres/index.ts';
import { projections } from './catalogue.ts';
import type { Projection } from './define.ts';
import { createRequireMoved, createTable, createView, quote, type Target, tableOf } from './sql.ts';

/**
 * Creates the read models' schema, and an empty generation of every projection that has none or one of an older version
 * of its code, whose tables are dropped: the worker folds it from the start of the log. Changes nothing else, so it may
 * run at every start, also twice at once.
 */
export async function migrate(config: Pick<Config, 'postgres' | 'namespace' | 'partitions'>): Promise<void> {
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  const schema = namesOf(config.namespace).postgres.read;
  try {
    await inTransaction(pool, async (client) => {
      await client.query('select pg_advisory_xact_lock(hashtext($1))', [`${schema} read models`]);
      await createBookkeeping(client, schema);
      for (const projection of projections) await keepCurrent(client, schema, projection, config.partitions);
    });
  } finally {
    await pool.end();
  }
}

async function createBookkeeping(client: pg.ClientBase, schema: string): Promise<void> {
  const ns = quote(schema);
  await client.query(`create schema if not exists ${ns}`);
  await client.query(`create table if not exists ${ns}.generations (
    projection text, generation int, version int not null,
    status text not null check (status in ('live', 'building', 'previous')),
    primary key (projection, generation))`);
  await client.query(
    `create unique index if not exists generations_live on ${ns}.generations (projection) where status = 'live'`,
  );
  await client.query(createRequireMoved(schema));
  // Every batch updates a few of these rows: with room on their page that stays cheap.
  await client.query(`create table if not exists ${ns}.checkpoints (
    projection text, generation int, partition int, next_offset bigint not null, last_event_id text,
    recorded_at timestamptz, primary key (projection, generation, partition)) with (fillfactor = 10)`);
  await client.query(`alter table ${ns}.checkpoints add column if not exists recorded_at timestamptz`);
}

async function keepCurrent(
  client: pg.ClientBase,
  schema: string,
  projection: Projection,
  partitions: number,
): Promise<void> {
  const ns = quote(schema);
  const { rows } = await client.query<{ generation: number; version: number }>(
    `select generation, version from ${ns}.generations where projection = $1 order by generation desc`,
    [projection.name],
  );
  const [newest] = rows;
  if (newest && newest.version >= projection.version) return;
  for (const { generation } of rows) await drop(client, { projection, schema, generation });
  await create(client, { projection, schema, generation: (newest?.generation ?? 0) + 1 }, partitions);
}

async function create(client: pg.ClientBase, target: Target, partitions: number): Promise<void> {
  const { projection, schema, generation } = target;
  const ns = quote(schema);
  for (const statement of createTable(target)) await client.query(statement);
  await client.query(createView(target));
  await client.query(`insert into ${ns}.generations values ($1, $2, $3, 'live')`, [
    projection.name,
    generation,
    projection.version,
  ]);
  await client.query(
    `insert into ${ns}.checkpoints (projection, generation, partition, next_offset)
     select $1, $2, partition, 0 from generate_series(0, $3 - 1) as partition`,
    [projection.name, generation, partitions],
  );
}

async function drop(client: pg.ClientBase, target: Target): Promise<void> {
  const ns = quote(target.schema);
  const named = [target.projection.name, target.generation];
  await client.query(`drop table ${tableOf(target)} cascade`);
  await client.query(`delete from ${ns}.checkpoints where projection = $1 and generation = $2`, named);
  await client.query(`delete from ${ns}.generations where projection = $1 and generation = $2`, named);
}
