/**
 * Generations of projections: full sets of tables of which one is live. Which ones the workers keep level is one
 * decision for all of them, numbered by an epoch that every commit checks.
 */
import type pg from 'pg';
import { isMissingTable } from '../platform/postgres/index.ts';
import { endsLostBelow, listAcceptedLosses, lostBelow } from './accepted-losses.ts';
import { CheckpointConflict } from './checkpoints.ts';
import type { Projection, Window } from './define.ts';
import { liveWindow } from './live.ts';
import { parkAsLive } from './parked.ts';
import { createIndexes, createTable, createView, isTable, type Kept, quote, type Target } from './sql.ts';

/**
 * `building`: being filled by a rebuild, which alone writes to it. `ready`: complete, kept level, waiting to be
 * promoted. `live`: what readers see. `previous`: kept level, so that one can go back to it. `as_of`: stands for ever
 * where the log stood at some moment.
 */
export type GenerationStatus = 'building' | 'ready' | 'live' | 'previous' | 'as_of';

export interface Generation {
  projection: string;
  generation: number;
  /** Of the projection's code that it was made by. */
  version: number;
  status: GenerationStatus;
  /** The name under which one asks for an `as_of` generation. */
  label: string | null;
  /** The number of the operation that made it; null for the first one. */
  operation: number | null;
}

/** What the workers keep level, and the number of this decision. */
export interface Followed {
  epoch: number;
  targets: Target[];
  windows: Kept[];
}

/** Those that the workers keep level. */
export const FOLLOWED: readonly GenerationStatus[] = ['live', 'ready', 'previous'];

/** Tables that say which generations there are and how far each has come; idempotent. */
export async function createGenerationTables(client: pg.ClientBase, schema: string): Promise<void> {
  const ns = quote(schema);
  await client.query(`create schema if not exists ${ns}`);
  await client.query(`create table if not exists ${ns}.generations (
    projection text, generation int, version int not null, label text,
    operation bigint, status text not null,
    created_at timestamptz not null default now(), live_since timestamptz,
    primary key (projection, generation))`);
  // What earlier versions have made has fewer columns and statuses.
  await client.query(`alter table ${ns}.generations add column if not exists label text,
    add column if not exists operation bigint,
    add column if not exists created_at timestamptz not null default now(), add column if not exists live_since timestamptz,
    drop constraint if exists generations_status_check, add constraint generations_status_check
      check (status in ('building', 'ready', 'live', 'previous', 'as_of'))`);
  await client.query(
    `create unique index if not exists generations_live on ${ns}.generations (projection) where status = 'live'`,
  );
  // Every batch updates a few of these rows: with room on their page that stays cheap.
  await client.query(`create table if not exists ${ns}.checkpoints (
    projection text, generation int, partition int, next_offset bigint not null, last_event_id text,
    recorded_at timestamptz, primary key (projection, generation, partition)) with (fillfactor = 10)`);
  // `lost`: records that it passed over, since the log had lost them. `lost_ends`: those that an earlier log had beyond the
  // end of the one in its place, and this generation never had.
  await client.query(`alter table ${ns}.checkpoints add column if not exists recorded_at timestamptz,
    add column if not exists lost bigint not null default 0, add column if not exists lost_ends bigint not null default 0`);
  await client.query(`create table if not exists ${ns}.control (epoch bigint not null)`);
  await client.query(`insert into ${ns}.control select 1 where not exists (select from ${ns}.control)`);
}

/** All generations, in order of projection and number. Empty when there are no tables yet. */
export async function listGenerations(client: pg.Pool | pg.ClientBase, schema: string): Promise<Generation[]> {
  const query = `select projection, generation, version, status, label, operation from ${quote(schema)}.generations
    order by projection, generation`;
  const { rows } = await client.query<Generation>(query).catch((error) => {
    if (isMissingTable(error)) return { rows: [] };
    throw error;
  });
  return rows;
}

/**
 * Throws {@link CheckpointConflict} when one of them is not there any more: another log took the place of the one that it
 * was filled from.
 */
export async function requireThere(pool: pg.Pool, schema: string, wanted: readonly Kept[]): Promise<void> {
  const all = await listGenerations(pool, schema);
  for (const { projection, generation } of wanted) {
    if (!all.some((one) => one.projection === projection.name && one.generation === generation))
      throw new CheckpointConflict(`generation ${generation} of ${projection.name} is gone`);
  }
}

/** What the workers are to keep level now. */
export async function loadFollowed(
  pool: pg.Pool,
  schema: string,
  projections: readonly Projection[],
): Promise<Followed> {
  const ns = quote(schema);
  const query = `select epoch, projection, generation, version
    from ${ns}.control left join ${ns}.generations on status = any($1) order by projection, generation`;
  const { rows } = await pool.query<Generation & { epoch: number }>(query, [FOLLOWED]).catch((error) => {
    if (!isMissingTable(error)) throw error;
    throw new Error(`There are no read models in schema ${schema} yet. Run the set-up (npm start does).`);
  });
  const keep = <P extends Kept['projection']>(known: readonly P[]) =>
    rows.flatMap(({ projection: name, generation, version }) => {
      const projection = known.find((one) => one.name === name && one.version === version);
      return projection ? [{ projection, schema, generation }] : [];
    });
  return { epoch: rows[0]?.epoch ?? 0, targets: keep(projections), windows: keep([liveWindow]) };
}

/** Waits for changes to generations that are under way, also of a process that is gone, and holds others up. */
export async function lockGenerations(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`select from ${quote(schema)}.control for update`);
}

/** What a generation is made as. */
export interface NewGeneration {
  status: GenerationStatus;
  partitions: number;
  label?: string;
  operation?: number;
  /** The next offset of each partition that it is filled up to; the end of the log unless given. */
  to?: ReadonlyMap<number, number>;
}

/** An empty generation with the next number. A live one has its indexes; others get them when they are filled. */
export async function createGeneration<P extends Kept['projection']>(
  client: pg.ClientBase,
  schema: string,
  projection: P,
  options: NewGeneration,
): Promise<{ projection: P; schema: string; generation: number }> {
  const ns = quote(schema);
  const { rows } = await client.query<{ generation: number }>(
    `insert into ${ns}.generations (projection, generation, version, status, label, operation, live_since)
     select $1, coalesce(max(generation), 0) + 1, $2, $3, $4, $5, case when $3 = 'live' then now() end
     from ${ns}.generations where projection = $1 returning generation`,
    [projection.name, projection.version, options.status, options.label ?? null, options.operation ?? null],
  );
  const target = { projection, schema, generation: rows[0]?.generation ?? 1 };
  if (isTable(target)) {
    await client.query(createTable(target));
    if (options.status === 'live') for (const statement of createIndexes(target)) await client.query(statement);
  }
  await begin(client, target, options);
  if (!isTable(target)) await parkAsLive(client, target);
  return target;
}

/**
 * A table begins at the start of the log; a window is folded from its last days, up to where the live ones are. What the
 * log has lost before that, and what the end of an earlier log had, it never gets.
 */
async function begin(client: pg.ClientBase, target: Kept, { partitions, to }: NewGeneration): Promise<void> {
  const losses = await listAcceptedLosses(client, target.schema);
  const next = isTable(target) ? new Map<number, number>() : await livePositions(client, target.schema);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  await client.query(
    `insert into ${quote(target.schema)}.checkpoints (projection, generation, partition, next_offset, lost, lost_ends)
     select $1, $2, * from unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[])`,
    [
      target.projection.name,
      target.generation,
      all,
      all.map((partition) => next.get(partition) ?? 0),
      all.map((partition) => lostBelow(losses, partition, next.get(partition) ?? 0)),
      all.map((partition) => endsLostBelow(losses, partition, to?.get(partition) ?? Number.POSITIVE_INFINITY)),
    ],
  );
}

/** How far live generations have come in each partition: the furthest, since what other code made stands still. */
async function livePositions(client: pg.ClientBase, schema: string): Promise<Map<number, number>> {
  const ns = quote(schema);
  const { rows } = await client.query<{ partition: number; next: number }>(
    `select partition, max(next_offset) as next from ${ns}.checkpoints join ${ns}.generations using (projection, generation)
     where status = 'live' group by partition`,
  );
  return new Map(rows.map(({ partition, next }) => [partition, next]));
}

/** The live generation of a new installation. */
export async function createFirstGeneration(
  client: pg.ClientBase,
  schema: string,
  projection: Projection | Window,
  partitions: number,
): Promise<void> {
  const target = await createGeneration(client, schema, projection, { status: 'live', partitions });
  if (isTable(target)) for (const statement of createView(target)) await client.query(statement);
}
