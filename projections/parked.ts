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
