/**
 * Dead letters: valid events that a projection cannot decode or fold. Each is parked for the generations that lack it,
 * in the transaction that passes over it, and everything else goes on. All that tables keep of events commutes (sums,
 * extremes, what was recorded last, a row for each), so nothing has to wait behind one.
 */
import type pg from 'pg';
import { isMissingTable } from '../platform/postgres/index.ts';
import { type Kept, quote } from './sql.ts';

/** An event that a generation lacks. */
export interface Parked {
  partition: number;
  offset: number;
  /** What kind of failure it is, the same for events that fail alike. */
  failure: string;
  /** The whole message. */
  error: string;
}

/** What an operator has decided that a projection does without, "partition:offset". */
export type Discarded = ReadonlySet<string>;

export async function createParkedTables(client: pg.ClientBase, schema: string): Promise<void> {
  const ns = quote(schema);
  await client.query(`create table if not exists ${ns}.parked (
    projection text, generation int, partition int, "offset" bigint, failure text not null, error text not null,
    parked_at timestamptz not null default now(), primary key (projection, generation, partition, "offset"))`);
  await client.query(`create table if not exists ${ns}.discarded (
    projection text, partition int, "offset" bigint, failure text not null, reason text not null,
    discarded_at timestamptz not null default now(), primary key (projection, partition, "offset"))`);
}

/** The arrays for `insertParked` (`sql.ts`). */
export function parkedArrays(parked: readonly { kept: Kept; parked: Parked }[]): unknown[] {
  return [
    parked.map(({ kept }) => kept.projection.name),
    parked.map(({ kept }) => kept.generation),
    parked.map(({ parked: { partition } }) => partition),
    parked.map(({ parked: { offset } }) => offset),
    parked.map(({ parked: { failure } }) => failure),
    parked.map(({ parked: { error } }) => error),
  ];
}

/** The kind of a failure: its message without what differs from event to event. */
export function failureOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const [line = ''] = message.split('\n');
  return `${name}: ${line.replace(/"[^"]*"|'[^']*'|\d+/g, '…')}`.slice(0, 200);
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

/** What the live generation lacks, a window that begins where that one is lacks too, up to there. */
export async function parkAsLive(client: pg.ClientBase, { projection, generation, schema }: Kept): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `insert into ${ns}.parked (projection, generation, partition, "offset", failure, error, parked_at)
     select p.projection, $2, p.partition, p."offset", p.failure, p.error, p.parked_at
     from ${ns}.parked p join ${ns}.generations live using (projection, generation)
     join ${ns}.checkpoints c on (c.projection, c.generation, c.partition) = ($1, $2, p.partition)
     where p.projection = $1 and live.status = 'live' and p."offset" < c.next_offset`,
    [projection.name, generation],
  );
}

/** The events that a generation does without, parked or discarded, as "partition:offset". */
export async function loadLacking(
  client: pg.Pool | pg.ClientBase,
  { projection, generation, schema }: Kept,
): Promise<ReadonlySet<string>> {
  const ns = quote(schema);
  const { rows } = await client.query<{ place: string }>(
    `select partition || ':' || "offset" as place from ${ns}.parked where projection = $1 and generation = $2
     union select partition || ':' || "offset" from ${ns}.discarded where projection = $1`,
    [projection.name, generation],
  );
  return new Set(rows.map(({ place }) => place));
}

/** One parked event as an operator sees it. */
export interface ParkedEvent extends Parked {
  projection: string;
  generation: number;
  parkedAt: Date;
}

/** Which of the parked events are meant: those of a projection that fail alike, or one alone. */
export interface ParkedFilter {
  projection?: string;
  failure?: string;
  /** "partition:offset". */
  place?: string;
}

/** What is parked, in order of the log. */
export async function listParked(
  pool: pg.Pool | pg.ClientBase,
  schema: string,
  { projection, failure, place }: ParkedFilter = {},
): Promise<ParkedEvent[]> {
  const { rows } = await pool.query<ParkedEvent>(
    `select projection, generation, partition, "offset", failure, error, parked_at as "parkedAt"
     from ${quote(schema)}.parked
     where ($1::text is null or projection = $1) and ($2::text is null or failure = $2)
       and ($3::text is null or partition || ':' || "offset" = $3)
     order by projection, generation, partition, "offset"`,
    [projection ?? null, failure ?? null, place ?? null],
  );
  return rows;
}

/** Takes an event out of the parked ones, within the transaction that folds it in. */
export async function unpark(
  client: pg.ClientBase,
  schema: string,
  {
    projection,
    generation,
    partition,
    offset,
  }: Pick<ParkedEvent, 'projection' | 'generation' | 'partition' | 'offset'>,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `delete from ${quote(schema)}.parked
     where projection = $1 and generation = $2 and partition = $3 and "offset" = $4`,
    [projection, generation, partition, offset],
  );
  return rowCount === 1;
}

/** Decides that all generations of a projection do without events, now and when it is rebuilt. Gives their places. */
export async function discard(
  client: pg.ClientBase,
  schema: string,
  events: readonly ParkedEvent[],
  reason: string,
): Promise<string[]> {
  const ns = quote(schema);
  const places = events.map(({ partition, offset }) => `${partition}:${offset}`);
  const columns = [
    events.map(({ projection }) => projection),
    events.map(({ partition }) => partition),
    events.map(({ offset }) => offset),
  ];
  await client.query(
    `insert into ${ns}.discarded (projection, partition, "offset", failure, reason)
     select p.projection, p.partition, p."offset", min(p.failure), $4 from ${ns}.parked p
     join unnest($1::text[], $2::int[], $3::bigint[]) as given (projection, partition, "offset")
       using (projection, partition, "offset")
     group by 1, 2, 3 on conflict do nothing`,
    [...columns, reason],
  );
  await client.query(
    `delete from ${ns}.parked p using unnest($1::text[], $2::int[], $3::bigint[]) as given (projection, partition, "offset")
     where (p.projection, p.partition, p."offset") = (given.projection, given.partition, given."offset")`,
    columns,
  );
  return [...new Set(places)];
}
