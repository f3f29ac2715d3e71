/**
 * Events that operators have decided to do without. A decision is about a projection: all its generations are without
 * the event from then on, or the one that goes live next would bring it back. Only sets that stand for ever keep what
 * they have.
 */
import type pg from 'pg';
import { isMissingTable } from '../platform/postgres/index.ts';
import type { Move } from './checkpoints.ts';
import { lockOut } from './commit-sql.ts';
import { isLost, type ParkedEvent, type ParkedPlace } from './parked.ts';
import { type Kept, quote } from './sql.ts';

/** What an operator has decided that a projection does without, "partition:offset". */
export type Discarded = ReadonlySet<string>;

/** A generation has the event in its figures. */
export class DiscardRefusedError extends Error {
  override name = 'DiscardRefusedError';
}

export async function createDiscardedTable(client: pg.ClientBase, schema: string): Promise<void> {
  const table = `${quote(schema)}.discarded`;
  await client.query(`create table if not exists ${table} (
    projection text, partition int, "offset" bigint, failure text not null, reason text not null,
    discarded_at timestamptz not null default now(), primary key (projection, partition, "offset"))`);
  // As-of generations that had passed the event: they have it, or it is parked for them, and so it stays.
  await client.query(`alter table ${table} add column if not exists passed_by int[] not null default '{}'`);
}

/** What operators have discarded, by projection. Empty when there are no tables yet. */
export async function loadDiscarded(pool: pg.Pool | pg.ClientBase, schema: string): Promise<Map<string, Discarded>> {
  const { rows } = await pool
    .query<{ projection: string; places: string[] }>(
      `select projection, array_agg(partition || ':' || "offset") as places
       from ${quote(schema)}.discarded group by projection`,
    )
    .catch((error) => {
      if (isMissingTable(error)) return { rows: [] };
      throw error;
    });
  return new Map(rows.map(({ projection, places }) => [projection, new Set(places)]));
}

/** Whether a generation does without an event by decision. */
export async function isDiscarded(
  client: pg.ClientBase,
  schema: string,
  { projection, generation, partition, offset }: ParkedPlace,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from ${quote(schema)}.discarded
     where projection = $1 and partition = $3 and "offset" = $4 and $2::int <> all(passed_by)`,
    [projection, generation, partition, offset],
  );
  return rowCount === 1;
}

/** What is discarded of the events that a generation moves past. */
export async function discardedWithin(
  client: pg.ClientBase,
  { projection, schema }: Kept,
  moves: readonly Move[],
): Promise<string[]> {
  const { rows } = await client.query<{ place: string }>(
    `select partition || ':' || "offset" as place from ${quote(schema)}.discarded
     join unnest($2::int[], $3::bigint[], $4::bigint[]) as move (partition, expected, next) using (partition)
     where projection = $1 and "offset" >= expected and "offset" < next`,
    [
      projection.name,
      moves.map(({ partition }) => partition),
      moves.map(({ expected }) => expected),
      moves.map(({ next }) => next.nextOffset),
    ],
  );
  return rows.map(({ place }) => place);
}

/**
 * Decides that projections do without parked events, now and when they are rebuilt; gives their places. Refuses when a
 * generation has passed one of them that is not parked for it: it is in its figures, and no decision takes it out.
 */
export async function discard(
  client: pg.ClientBase,
  schema: string,
  events: readonly ParkedEvent[],
  reason: string,
): Promise<string[]> {
  const ns = quote(schema);
  const columns = [
    events.map(({ projection }) => projection),
    events.map(({ partition }) => partition),
    events.map(({ offset }) => offset),
  ];
  const given = 'unnest($1::text[], $2::int[], $3::bigint[]) as given (projection, partition, "offset")';
  await client.query(lockOut(schema));
  // Workers load what is discarded with the decision which generations they keep level.
  await client.query(`update ${ns}.control set epoch = epoch + 1`);
  // Nobody passes the events meanwhile: who does so afterwards looks at what is discarded.
  await client.query(
    `select from ${ns}.checkpoints where projection = any($1) and partition = any($2)
     order by projection, generation, partition for update`,
    columns.slice(0, 2),
  );
  await refuseHeld(client, ns, given, columns);
  await client.query(
    `insert into ${ns}.discarded (projection, partition, "offset", failure, reason, passed_by)
     select p.projection, p.partition, p."offset", min(p.failure), $4, coalesce((
       select array_agg(c.generation) from ${ns}.checkpoints c join ${ns}.generations g using (projection, generation)
       where g.label is not null and (c.projection, c.partition) = (p.projection, p.partition)
         and c.next_offset > p."offset"), '{}')
     from ${ns}.parked p join ${ns}.generations g using (projection, generation)
     join ${given} using (projection, partition, "offset")
     where g.label is null and not ${isLost(ns)} group by 1, 2, 3 on conflict do nothing`,
    [...columns, reason],
  );
  const { rows } = await client.query<{ place: string }>(
    `with gone as (
       delete from ${ns}.parked p using ${ns}.generations g, ${given}
       where (g.projection, g.generation) = (p.projection, p.generation) and g.label is null
         and (p.projection, p.partition, p."offset") = (given.projection, given.partition, given."offset")
       returning p.projection, p.generation, p.partition, p."offset", ${isLost(ns)} as is_lost),
     counted as (
       update ${ns}.checkpoints kept set lost = lost + events
       from (select projection, generation, partition, count(*) as events from gone where is_lost group by 1, 2, 3) as own
       where (kept.projection, kept.generation, kept.partition) = (own.projection, own.generation, own.partition))
     select distinct partition || ':' || "offset" as place from gone`,
    columns,
  );
  return rows.map(({ place }) => place);
}

async function refuseHeld(client: pg.ClientBase, ns: string, given: string, columns: unknown[]): Promise<void> {
  const { rows } = await client.query<{ projection: string; place: string; holding: string; lacking: string }>(
    `with lacking as (
       select p.projection, p.partition, p."offset", string_agg(distinct p.generation || ' (' || g.status || ')', ', ') as generations
       from ${ns}.parked p join ${ns}.generations g using (projection, generation)
       join ${given} using (projection, partition, "offset")
       where g.label is null and not ${isLost(ns)} group by 1, 2, 3)
     select l.projection, l.partition || ':' || l."offset" as place, l.generations as lacking,
       string_agg(g.generation || ' (' || g.status || ')', ', ' order by g.generation) as holding
     from lacking l join ${ns}.generations g using (projection)
     join ${ns}.checkpoints c using (projection, generation, partition)
     where g.label is null and c.next_offset > l."offset"
       and not exists (select from ${ns}.parked p where (p.projection, p.generation, p.partition, p."offset")
         = (l.projection, g.generation, l.partition, l."offset"))
       and not exists (select from ${ns}.discarded d where (d.projection, d.partition, d."offset")
         = (l.projection, l.partition, l."offset"))
     group by l.projection, l.partition, l."offset", l.generations order by l.projection, l.partition, l."offset"`,
    columns,
  );
  const [first] = rows;
  if (!first) return;
  const { projection, place, holding, lacking } = first;
  const more = rows.length > 1 ? ` So it is with ${rows.length - 1} more.` : '';
  throw new DiscardRefusedError(
    `${place} is in the figures of ${projection}: generation ${holding} has it, generation ${lacking} lacks it.${more} ` +
      `Retry it (sales dlq retry), or drop the generation that is not live (sales projection drop ${projection}); ` +
      'a building one ends with its rebuild.',
  );
}
