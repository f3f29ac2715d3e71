/**
 * Dead letters: valid events that a projection cannot decode or fold. Each is parked for the generations that lack it,
 * in the transaction that passes over it, and everything else goes on. All that tables keep of events commutes (sums,
 * extremes, what was recorded last, a row for each), so nothing has to wait behind one.
 */
import type pg from 'pg';
import { type Kept, quote } from './sql.ts';

/** An event that a generation lacks. */
export interface Parked {
  partition: number;
  offset: number;
  /** What kind of failure it is, the same for events that fail alike. */
  failure: string;
  /** The whole message. */
  error: string;
  /** Which event it is, as `identityOf` (`log-slice.ts`) has it; null of what earlier versions have parked. */
  event: string | null;
}

export async function createParkedTable(client: pg.ClientBase, schema: string): Promise<void> {
  const ns = quote(schema);
  await client.query(`create table if not exists ${ns}.parked (
    projection text, generation int, partition int, "offset" bigint, failure text not null, error text not null,
    parked_at timestamptz not null default now(), primary key (projection, generation, partition, "offset"))`);
  await client.query(`alter table ${ns}.parked add column if not exists event text`);
}

/** The arrays for `insertParked` (`commit-sql.ts`). */
export function parkedArrays(parked: readonly { kept: Kept; parked: Parked }[]): unknown[] {
  return [
    parked.map(({ kept }) => kept.projection.name),
    parked.map(({ kept }) => kept.generation),
    parked.map(({ parked: { partition } }) => partition),
    parked.map(({ parked: { offset } }) => offset),
    parked.map(({ parked: { failure } }) => failure),
    parked.map(({ parked: { error } }) => error),
    parked.map(({ parked: { event } }) => event),
  ];
}

/** The kind of a failure: its message without what differs from event to event. */
export function failureOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const [line = ''] = message.split('\n');
  return `${name}: ${line.replace(/"[^"]*"|'[^']*'|\d+/g, '…')}`.slice(0, 200);
}

/** What the live generation lacks, a window that begins where that one is lacks too, up to there. */
export async function parkAsLive(client: pg.ClientBase, { projection, generation, schema }: Kept): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `insert into ${ns}.parked (projection, generation, partition, "offset", failure, error, event, parked_at)
     select p.projection, $2, p.partition, p."offset", p.failure, p.error, p.event, p.parked_at
     from ${ns}.parked p join ${ns}.generations live using (projection, generation)
     join ${ns}.checkpoints c on (c.projection, c.generation, c.partition) = ($1, $2, p.partition)
     where p.projection = $1 and live.status = 'live' and p."offset" < c.next_offset and not ${isLost(ns)}`,
    [projection.name, generation],
  );
}

/**
 * Whether the log has lost a parked event `p` since, which was accepted: it counts as lost for whatever is folded from
 * the log afterwards.
 */
export function isLost(ns: string): string {
  return `exists (select from ${ns}.accepted_losses l where l.partition = p.partition
    and l.lost_from <= p."offset" and p."offset" < l.lost_to and l.accepted_at > p.parked_at)`;
}

/** The events that a generation does without, parked or discarded, as "partition:offset". */
export async function loadLacking(
  client: pg.Pool | pg.ClientBase,
  { projection, generation, schema }: Kept,
): Promise<ReadonlySet<string>> {
  const ns = quote(schema);
  const { rows } = await client.query<{ place: string }>(
    `select partition || ':' || "offset" as place from ${ns}.parked where projection = $1 and generation = $2
     union select partition || ':' || "offset" from ${ns}.discarded where projection = $1 and $2::int <> all(passed_by)`,
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

/** Which event is parked, and for which generation. */
export type ParkedPlace = Pick<ParkedEvent, 'projection' | 'generation' | 'partition' | 'offset'>;

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
    `select projection, generation, partition, "offset", failure, error, event, parked_at as "parkedAt"
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
  { projection, generation, partition, offset }: ParkedPlace,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `delete from ${quote(schema)}.parked
     where projection = $1 and generation = $2 and partition = $3 and "offset" = $4`,
    [projection, generation, partition, offset],
  );
  return rowCount === 1;
}
