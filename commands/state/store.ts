/** The write-side state in Postgres: the valid events of each key and, in the same transaction, up to where they reach. */
import type pg from 'pg';
import { gather } from '../../platform/gather.ts';

/** Where a partition's owner stands. */
export interface Checkpoint {
  /** Which set of tables it belongs to: rebuilding the state makes another one. */
  generation: number;
  /** Every event below this offset is in the store. */
  nextOffset: number;
  /** The command that caused the last valid event below it; undefined when there is none. */
  lastCommand: { offset: number; id: string } | undefined;
}

export interface StoredEvent {
  offset: number;
  /** Null in a refusal that is kept under its place: it belongs to no key. */
  key: string | null;
  commandId: string;
  /** Confluent wire format, as in the log. */
  bytes: Buffer;
}

export interface Store {
  checkpoint(partition: number): Promise<Checkpoint>;
  /** The stored events of some keys in log order, and the checkpoint of the same snapshot. */
  load(partition: number, keys: string[]): Promise<Loaded>;
  /**
   * Adds events and moves the checkpoint of `next`'s generation from `expected`; false, and nothing done, when it is no
   * longer there.
   */
  flush(partition: number, expected: number, next: Checkpoint, events: StoredEvent[]): Promise<boolean>;
}

export interface Loaded extends Pick<Checkpoint, 'generation' | 'nextOffset'> {
  events: { offset: number; key: string; bytes: Buffer }[];
}

export function createStore(pool: pg.Pool, schema: string): Store {
  const loadAll = async (requests: readonly [partition: number, keys: string[]][]) => {
    const { rows } = await pool.query({
      name: 'load-events',
      text: `with found as materialized (
               select partition, key, "offset", event from ${schema}.events_v2 where key = any($2))
             select c.partition, c.generation, c.next_offset, found.key, found."offset", found.event
             from ${schema}.checkpoints_v2 c left join found using (partition)
             where c.partition = any($1) order by found."offset"`,
      values: [requests.map(([partition]) => partition), requests.flatMap(([, keys]) => keys)],
    });
    return requests.map(([partition]) => {
      const own = rows.filter((row) => row.partition === partition);
      const events = own.filter((row) => row.key !== null);
      return {
        generation: own[0]?.generation ?? 0,
        nextOffset: own[0]?.next_offset ?? 0,
        events: events.map(({ key, offset, event }) => ({ key, offset, bytes: event })),
      };
    });
  };

  const flushAll = async (flushes: readonly Flush[]) => {
    const { rows } = await pool.query({
      name: 'flush-events',
      text: `with moved as (
               update ${schema}.checkpoints_v2 c
               set next_offset = f.next, last_command_offset = f.command, last_command_id = f.command_id
               from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::int[])
                 f(partition, expected, next, command, command_id, generation)
               where c.partition = f.partition and c.next_offset = f.expected and c.generation = f.generation
               returning c.partition),
             added as (
               insert into ${schema}.events_v2 ("offset", partition, key, command_id, event)
               select e."offset", e.partition, e.key, e.command_id, e.event
               from unnest($7::smallint[], $8::bigint[], $9::text[], $10::text[], $11::bytea[])
                 e(partition, "offset", key, command_id, event)
               join moved using (partition))
             select partition from moved`,
      values: [
        arrayOf(flushes, ({ partition }) => partition),
        arrayOf(flushes, ({ expected }) => expected),
        arrayOf(flushes, ({ next }) => next.nextOffset),
        arrayOf(flushes, ({ next }) => next.lastCommand?.offset ?? -1),
        flushes.map(({ next }) => next.lastCommand?.id ?? null),
        arrayOf(flushes, ({ next }) => next.generation),
        arrayOf(flushes, ({ partition, events }) => events.map(() => partition)),
        arrayOf(flushes, ({ events }) => events.map(({ offset }) => offset)),
        flushes.flatMap(({ events }) => events.map(({ key }) => key)),
        flushes.flatMap(({ events }) => events.map(({ key, commandId }) => (commandId === key ? null : commandId))),
        byteaArray(flushes.flatMap(({ events }) => events.map(({ bytes }) => bytes))),
      ],
    });
    const moved = new Set(rows.map((row) => row.partition));
    return flushes.map(({ partition }) => moved.has(partition));
  };

  const load = gather(loadAll);
  /** In turns: Postgres takes no statement of any size, nor does V8 a text. */
  const flushInTurns = async (flushes: readonly Flush[]) => {
    const moved: boolean[] = [];
    for (const turn of turnsOf(flushes)) moved.push(...(await flushAll(turn)));
    return moved;
  };

  const flush = gather(flushInTurns);
  return {
    async checkpoint(partition) {
      await pool.query(
        `insert into ${schema}.checkpoints_v2 (partition, next_offset, last_command_offset) values ($1, 0, -1)
         on conflict do nothing`,
        [partition],
      );
      const { rows } = await pool.query(
        `select generation, next_offset, last_command_offset, last_command_id
         from ${schema}.checkpoints_v2 where partition = $1`,
        [partition],
      );
      const { generation, next_offset: nextOffset, last_command_offset: offset, last_command_id: id } = rows[0];
      return { generation, nextOffset, lastCommand: offset < 0 ? undefined : { offset, id } };
    },
    load: (partition, keys) => load([partition, keys]),
    flush: (partition, expected, next, events) => flush({ partition, expected, next, events }),
  };
}

interface Flush {
  partition: number;
  expected: number;
  next: Checkpoint;
  events: StoredEvent[];
}

/** Flushes that go together: at least one, and no more bytes than this. */
const TURN_BYTES = 32e6;

function turnsOf(flushes: readonly Flush[]): Flush[][] {
  const turns: Flush[][] = [];
  let left = 0;
  for (const flush of flushes) {
    const bytes = flush.events.reduce((sum, event) => sum + event.bytes.length, 0);
    if (turns.length === 0 || bytes > left) {
      turns.push([]);
      left = TURN_BYTES;
    }
    turns.at(-1)?.push(flush);
    left -= bytes;
  }
  return turns;
}

/** An array literal of whole numbers: node-pg would build it escape by escape, and so for bytes. */
function arrayOf<T>(items: readonly T[], of: (item: T) => number | number[]): string {
  return `{${items.flatMap(of).join()}}`;
}

function byteaArray(items: Buffer[]): string {
  return items.length === 0 ? '{}' : `{"\\\\x${items.map((item) => item.toString('hex')).join('","\\\\x')}"}`;
}
