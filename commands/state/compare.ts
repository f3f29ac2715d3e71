/** Whether two sets of tables of the write-side state say the same. */
import type pg from 'pg';
import type { Codec } from '../../platform/registry/codec.ts';
import { peekAddress, peekCommandId } from '../../schemas/address.ts';
import type { Standing } from './copy-log.ts';
import type { Checkpoint } from './store.ts';

/** What the state says at one position, and what the log says there. */
export interface Difference {
  /** "partition:offset" in the events topic, or "partition" where a checkpoint differs. */
  position: string;
  /** What was found in the state; undefined when nothing is there. */
  state: Content | undefined;
  /** What follows from the log; undefined when the state should have nothing there. */
  log: Content | undefined;
}

/** Of an event: its key, command id and decoded event. Of a checkpoint: the last command before it. */
export type Content = Record<string, unknown>;

export interface Comparison {
  /** Events of the state that were compared. */
  events: number;
  /** How many events and checkpoints differ. */
  differences: number;
  /** The first of them, by partition and offset. */
  first: Difference | undefined;
}

/**
 * Compares the state in `schema` as it stood at the checkpoints `upTo` with the one in `fresh`, which reaches at least
 * as far. Events that came to the state meanwhile are left out, events beyond its own checkpoints are not.
 */
export async function compareStates(
  pool: pg.Pool,
  schema: string,
  fresh: string,
  upTo: Standing,
  codec: Codec,
): Promise<Comparison> {
  const bounds = [[...upTo.keys()], [...upTo.values()].map(({ nextOffset }) => nextOffset)];
  const { rows } = await pool.query<EventPair>(
    `with bound as (select * from unnest($1::smallint[], $2::bigint[]) b(partition, next_offset)),
       state as (
         select e.*, row_number() over (partition by partition, "offset") as copy
         from ${schema}.events_v2 e left join bound b using (partition)
         left join ${schema}.checkpoints_v2 c using (partition)
         where e."offset" < coalesce(b.next_offset, 0) or e."offset" >= coalesce(c.next_offset, 0)),
       log as (
         select e.*, 1 as copy from ${fresh}.events_v2 e join bound b using (partition)
         where e."offset" < b.next_offset)
     select partition, "offset", count(*) over () as total,
       state.copy is not null as in_state, state.key as state_key, state.command_id as state_command, state.event as state_event,
       log.copy is not null as in_log, log.key as log_key, log.command_id as log_command, log.event as log_event
     from state full join log using (partition, "offset", copy)
     where (state.copy, state.key, state.command_id, state.event) is distinct from
           (log.copy, log.key, log.command_id, log.event)
     order by partition, "offset" limit 1`,
    bounds,
  );
  const wrong = await wrongCheckpoints(pool, fresh, upTo);
  const { rows: counted } = await pool.query<{ events: number }>(
    `select count(*) as events from ${schema}.events_v2 e
     join unnest($1::smallint[], $2::bigint[]) b(partition, next_offset) using (partition)
     where e."offset" < b.next_offset`,
    bounds,
  );
  const [pair] = rows;
  return {
    events: counted[0]?.events ?? 0,
    differences: (pair?.total ?? 0) + wrong.length,
    first: pair ? await eventDifference(pair, codec) : wrong[0],
  };
}

interface EventPair {
  partition: number;
  offset: number;
  total: number;
  in_state: boolean;
  state_key: string | null;
  state_command: string | null;
  state_event: Buffer;
  in_log: boolean;
  log_key: string | null;
  log_command: string | null;
  log_event: Buffer;
}

async function eventDifference(pair: EventPair, codec: Codec): Promise<Difference> {
  const content = async (there: boolean, key: string | null, command: string | null, event: Buffer) =>
    there ? { key, commandId: command ?? key, event: await readable(event, codec) } : undefined;
  return {
    position: `${pair.partition}:${pair.offset}`,
    state: await content(pair.in_state, pair.state_key, pair.state_command, pair.state_event),
    log: await content(pair.in_log, pair.log_key, pair.log_command, pair.log_event),
  };
}

/** The event, or its bytes in base64 when they are none. */
async function readable(event: Buffer, codec: Codec): Promise<unknown> {
  try {
    await codec.learn([event]);
    return codec.decode(event);
  } catch {
    return event.toString('base64');
  }
}

/** The checkpoints that name another last command than the log has before them. */
async function wrongCheckpoints(pool: pg.Pool, fresh: string, upTo: Standing): Promise<Difference[]> {
  const { rows } = await pool.query<{ partition: number; offset: number; event: Buffer }>(
    `select e.partition, e."offset", e.event from ${fresh}.events_v2 e join (
       select e.partition, max(e."offset") as "offset" from ${fresh}.events_v2 e
       join unnest($1::smallint[], $2::bigint[]) b(partition, next_offset) using (partition)
       where e."offset" < b.next_offset group by e.partition) last using (partition, "offset")`,
    [[...upTo.keys()], [...upTo.values()].map(({ nextOffset }) => nextOffset)],
  );
  return [...upTo].flatMap(([partition, { lastCommand }]) => {
    const row = rows.find((one) => one.partition === partition);
    const logged = row && lastCommandOf(row.event);
    if (lastCommand?.offset === logged?.offset && lastCommand?.id === logged?.id) return [];
    return [{ position: String(partition), state: lastCommand && { ...lastCommand }, log: logged && { ...logged } }];
  });
}

function lastCommandOf(event: Buffer): Checkpoint['lastCommand'] {
  const address = peekAddress(event);
  const id = peekCommandId(event);
  return address && id && { offset: address.commandOffset, id: Buffer.from(id).toString() };
}
