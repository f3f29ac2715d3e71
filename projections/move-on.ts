/** Moving past what the log has lost, which was accepted: what becomes of checkpoints, and of what was parked or discarded. */
import type pg from 'pg';
import type { Lost } from '../platform/kafka/log-lost.ts';
import { isOtherLog } from './accepted-losses.ts';
import { type Also, changeGenerations, dropGeneration, lockUnfollowed } from './generation-changes.ts';
import { FOLLOWED, listGenerations } from './generations.ts';
import { liveWindow } from './live.ts';
import { type GenerationName, quote } from './sql.ts';

/**
 * Moves the checkpoints of a partition past a lost stretch of the log, or to the end of another log that stands in its
 * place, and has the workers load them again. What was being filled from the log that was is dropped, to be made anew.
 */
export function moveOn(pool: pg.Pool, schema: string, partition: number, lost: Lost, also: Also): Promise<void> {
  return changeGenerations(
    pool,
    schema,
    async (client) => {
      if (isOtherLog(lost)) await goBack(client, schema, partition, lost);
      else await passOver(client, schema, partition, lost);
      await also(client);
    },
    {
      before: async (client) => {
        if (isOtherLog(lost)) await lockUnfollowed(client, schema, await listBuilding(client, schema));
      },
    },
  );
}

const followed = (ns: string) => `(projection, generation) in (
  select projection, generation from ${ns}.generations where status = any($4))`;

/** An event that was discarded and is lost counts as lost alone, or it would count twice in what is rebuilt. */
async function passOver(client: pg.ClientBase, schema: string, partition: number, { from, to }: Lost): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `with ${undiscarded(ns)} update ${ns}.checkpoints kept set lost = lost + events ${ofLacking('undiscarded')}`,
    [partition, from, to],
  );
  await client.query(
    `update ${ns}.checkpoints set next_offset = $3, last_event_id = null, lost = lost + $3 - next_offset
     where partition = $1 and next_offset >= $2 and next_offset < $3 and ${followed(ns)}`,
    [partition, from, to, FOLLOWED],
  );
}

/**
 * What the end of the log had that was, a generation lacks as far as it had not come; a window lacks all of it, since it
 * is folded anew. What was parked or discarded of that log is lost, and the event in its place is another one, which
 * nothing is to be done without.
 */
async function goBack(client: pg.ClientBase, schema: string, partition: number, { from, to }: Lost): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `with ${undiscarded(ns)}, unparked as (
       delete from ${ns}.parked p using ${ns}.generations g
       where (g.projection, g.generation) = (p.projection, p.generation) and label is null and partition = $1
       returning p.projection, p.generation),
     both_kinds as (select * from undiscarded union all select * from unparked)
     update ${ns}.checkpoints kept set lost_ends = lost_ends + events ${ofLacking('both_kinds')} and kept.projection <> $4`,
    [partition, 0, Number.MAX_SAFE_INTEGER, liveWindow.name],
  );
  await client.query(
    `update ${ns}.checkpoints set next_offset = least(next_offset, $3), last_event_id = null,
       lost_ends = lost_ends + greatest(0, $2 - case when projection = $5 then $3 else greatest(next_offset, $3) end)
     where partition = $1 and ${followed(ns)}`,
    [partition, from, to, FOLLOWED, liveWindow.name],
  );
  for (const building of await listBuilding(client, schema)) await dropGeneration(client, building);
}

async function listBuilding(client: pg.ClientBase, schema: string): Promise<GenerationName[]> {
  const building = (await listGenerations(client, schema)).filter(({ status }) => status === 'building');
  return building.map(({ projection: name, generation }) => ({ projection: { name }, schema, generation }));
}

/**
 * Forgets what was discarded of partition $1 from $2 up to but not including $3: a row for each event and generation that
 * had passed it and did without it.
 */
function undiscarded(ns: string): string {
  return `forgotten as (
      delete from ${ns}.discarded where partition = $1 and "offset" >= $2 and "offset" < $3
      returning projection, "offset", passed_by),
    undiscarded as (
      select projection, generation
      from forgotten join ${ns}.generations using (projection) join ${ns}.checkpoints using (projection, generation)
      where partition = $1 and next_offset > "offset" and generation <> all(passed_by))`;
}

/** The checkpoints `kept` of partition $1 of the generations that lack `events` of those rows. */
function ofLacking(rows: string): string {
  return `from (select projection, generation, count(*) as events from ${rows} group by 1, 2) as lacking
    where partition = $1 and (kept.projection, kept.generation) = (lacking.projection, lacking.generation)`;
}
