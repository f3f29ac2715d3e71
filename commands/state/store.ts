/** The write-side state in Postgres: the valid events of each key and, in the same transaction, up to where they reach. */
import type pg from 'pg';

/** Where a partition's owner stands. */
export interface Checkpoint {
  /** Every event below this offset is in the store. */
  nextOffset: number;
  /** The command that caused the last valid event below it; undefined when there is none. */
  lastCommand: { offset: number; id: string } | undefined;
}

export interface StoredEvent {
  offset: number;
  key: string;
  /** Confluent wire format, as in the log. */
  bytes: Buffer;
}

export interface Store {
  checkpoint(partition: number): Promise<Checkpoint>;
  /** The stored events of some keys in log order, and the checkpoint of the same snapshot. */
  load(partition: number, keys: string[]): Promise<{ nextOffset: number; events: StoredEvent[] }>;
  /** Adds events and moves the checkpoint from `expected`; false, and nothing done, when it is no longer there. */
  flush(partition: number, expected: number, next: Checkpoint, events: StoredEvent[]): Promise<boolean>;
}

export function createStore(pool: pg.Pool, schema: string): Store {
  return {
    async checkpoint(partition) {
      await pool.query(
        `insert into ${schema}.checkpoints_v1 (partition, next_offset, last_command_offset) values ($1, 0, -1)
         on conflict do nothing`,
        [partition],
      );
      const { rows } = await pool.query(
        `select next_offset, last_command_offset, last_command_id from ${schema}.checkpoints_v1 where partition = $1`,
        [partition],
      );
      const { next_offset: nextOffset, last_command_offset: offset, last_command_id: id } = rows[0];
      return { nextOffset, lastCommand: offset < 0 ? undefined : { offset, id } };
    },

    async load(partition, keys) {
      const { rows } = await pool.query({
        name: 'load-events',
        text: `select c.next_offset, e.key, e."offset", e.event
               from ${schema}.checkpoints_v1 c
               left join ${schema}.events_v1 e on e.key = any($2) and e.partition = c.partition
               where c.partition = $1 order by e."offset"`,
        values: [partition, keys],
      });
      const events = rows.filter((row) => row.key !== null);
      return {
        nextOffset: rows[0]?.next_offset ?? 0,
        events: events.map(({ key, offset, event }) => ({ key, offset, bytes: event })),
      };
    },

    async flush(partition, expected, { nextOffset, lastCommand }, events) {
      const { rowCount } = await pool.query({
        name: 'flush-events',
        text: `with moved as (
                 update ${schema}.checkpoints_v1
                 set next_offset = $3, last_command_offset = $4, last_command_id = $5
                 where partition = $1 and next_offset = $2 returning partition),
               added as (
                 insert into ${schema}.events_v1 ("offset", partition, key, event)
                 select e."offset", moved.partition, e.key, e.event
                 from moved, unnest($6::bigint[], $7::text[], $8::bytea[]) e("offset", key, event))
               select from moved`,
        values: [
          partition,
          expected,
          nextOffset,
          lastCommand?.offset ?? -1,
          lastCommand?.id ?? null,
          `{${events.map(({ offset }) => offset).join()}}`,
          events.map(({ key }) => key),
          byteaArray(events.map(({ bytes }) => bytes)),
        ],
      });
      return rowCount === 1;
    },
  };
}

/** An array literal: node-pg would build it escape by escape. */
function byteaArray(items: Buffer[]): string {
  return items.length === 0 ? '{}' : `{"\\\\x${items.map((item) => item.toString('hex')).join('","\\\\x')}"}`;
}
