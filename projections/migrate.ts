import type pg from 'pg';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, inTransaction } from '../platform/postgres/index.ts';
import { projections } from './catalogue.ts';
import { createRequireMoved, createTable, createView, quote, type Target } from './sql.ts';

/**
 * Creates the read models' schema, and the first generation of every projection that has none. Changes nothing that
 * exists, so it may run at every start, also twice at once.
 */
export async function migrate(config: Pick<Config, 'postgres' | 'namespace' | 'partitions'>): Promise<void> {
  const pool = createPool(config, { applicationName: 'sales-migrate', max: 1 });
  const schema = namesOf(config.namespace).postgres.read;
  try {
    await inTransaction(pool, async (client) => {
      await client.query('select pg_advisory_xact_lock(hashtext($1))', [`${schema} read models`]);
      await createBookkeeping(client, schema);
      for (const projection of projections) await createFirst(client, { projection, schema, generation: 1 }, config);
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
    primary key (projection, generation, partition)) with (fillfactor = 10)`);
}

async function createFirst(
  client: pg.ClientBase,
  target: Target,
  { partitions }: { partitions: number },
): Promise<void> {
  const { projection, schema, generation } = target;
  const ns = quote(schema);
  const existing = await client.query(`select from ${ns}.generations where projection = $1`, [projection.name]);
  if (existing.rowCount) return;
  for (const statement of createTable(target)) await client.query(statement);
  await client.query(createView(target));
  await client.query(`insert into ${ns}.generations values ($1, $2, $3, 'live')`, [
    projection.name,
    generation,
    projection.version,
  ]);
  await client.query(
    `insert into ${ns}.checkpoints select $1, $2, partition, 0, null from generate_series(0, $3 - 1) as partition`,
    [projection.name, generation, partitions],
  );
}
