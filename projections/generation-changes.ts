/**
 * Changes of what there is of generations, one at a time, each in one transaction with the next epoch: handing over,
 * promoting, freezing, dropping, and moving past what the log has lost.
 */
import type pg from 'pg';
import type { Lost } from '../platform/kafka/log-lost.ts';
import { inTransaction, isLockTimeout } from '../platform/postgres/index.ts';
import { retry } from '../platform/retry.ts';
import { CheckpointConflict } from './checkpoints.ts';
import { FOLLOWED, type Generation, type GenerationStatus, listGenerations } from './generations.ts';
import { isOtherLog } from './halts.ts';
import { liveWindow } from './live.ts';
import { createView, type GenerationName, isTable, type Kept, quote, tableOf } from './sql.ts';
import { StandstillWatch } from './standstill.ts';

/** Does more within a transaction. */
export type Also = (client: pg.ClientBase) => Promise<void>;

/** The generation to promote has not reached the live one yet. */
class NotLevelError extends Error {
  override name = 'NotLevelError';
  readonly generation: string;
  readonly partition: number;
  readonly position: number;

  constructor(generation: string, partition: number, { position, live }: { position: number; live: number }) {
    super(`${generation} has not reached the live one in partition ${partition}: it is at ${position} of ${live}`);
    this.generation = generation;
    this.partition = partition;
    this.position = position;
  }
}

/** Readers wait behind whoever waits for their view: rather try again. */
const LOCK_TIMEOUT = '250ms';
const PROMOTE_PATIENCE_MS = 60_000;

/** From now on the workers keep it level; it must be indexed. */
export function handOver(pool: pg.Pool, schema: string, targets: readonly Kept[]): Promise<void> {
  return patiently(() =>
    change(pool, schema, async (client) => {
      for (const target of targets) await setStatus(client, target, 'ready');
    }),
  );
}

/**
 * Makes the generations live, all in one transaction, and those that were live `previous`; what was `previous` before is
 * dropped, and so is what other code made, since nobody could keep it level. Waits until each has reached the live one in
 * every partition. Gives up after a minute, and before when a partition does not move (`standstillMs`).
 */
export function promote(
  pool: pg.Pool,
  schema: string,
  targets: readonly Kept[],
  also: Also,
  standstillMs?: number,
): Promise<void> {
  const watch = new StandstillWatch(standstillMs);
  return patiently(
    () =>
      change(pool, schema, async (client) => {
        const all = await listGenerations(client, schema);
        for (const target of targets) {
          const own = all.filter(({ projection }) => projection === target.projection.name);
          const live = own.find(({ status }) => status === 'live');
          if (live) await requireLevel(client, target, live.generation);
          for (const { generation, status } of own) {
            if (status === 'previous' && generation !== target.generation)
              await drop(client, { ...target, generation });
          }
          if (live) await setStatus(client, { ...target, generation: live.generation }, 'previous');
          await setStatus(client, target, 'live');
          if (isTable(target)) for (const statement of createView(target)) await client.query(statement);
          if (live && live.version !== target.projection.version) {
            await drop(client, { ...target, generation: live.generation });
          }
        }
        await also(client);
      }),
    (error) => {
      const { generation, partition, position, message } = error;
      if (watch.standsStill(`${generation} ${partition}`, position))
        throw new Error(`${message}, and ${watch.describe(partition)}`, { cause: error });
    },
  );
}

/**
 * Moves the checkpoints of a partition past a lost stretch of the log, or to the end of another log that stands in its
 * place, and has the workers load them again. What was being filled from the log that was is dropped, to be made anew.
 */
export function moveOn(pool: pg.Pool, schema: string, partition: number, lost: Lost, also: Also): Promise<void> {
  return patiently(() =>
    change(pool, schema, async (client) => {
      await forgetDiscarded(client, schema, partition, lost);
      if (isOtherLog(lost)) await goBack(client, schema, partition, lost);
      else await passOver(client, schema, partition, lost);
      await also(client);
    }),
  );
}

const followed = (ns: string) => `(projection, generation) in (
  select projection, generation from ${ns}.generations where status = any($4))`;

async function passOver(client: pg.ClientBase, schema: string, partition: number, { from, to }: Lost): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `update ${ns}.checkpoints set next_offset = $3, last_event_id = null, lost = lost + $3 - next_offset
     where partition = $1 and next_offset >= $2 and next_offset < $3 and ${followed(ns)}`,
    [partition, from, to, FOLLOWED],
  );
}

/**
 * What the end of the log had that was, a generation lacks as far as it had not come; a window lacks all of it, since it
 * is folded anew. What was parked of that log can never be folded in, and the event in its place is another one.
 */
async function goBack(client: pg.ClientBase, schema: string, partition: number, { from, to }: Lost): Promise<void> {
  const ns = quote(schema);
  await client.query(
    `with gone as (
       delete from ${ns}.parked p using ${ns}.generations g
       where (g.projection, g.generation) = (p.projection, p.generation) and label is null and partition = $1
       returning p.projection, p.generation),
     lacking as (select projection, generation, count(*) as events from gone where projection <> $2 group by 1, 2)
     update ${ns}.checkpoints kept set lost_ends = lost_ends + events
     from lacking where partition = $1 and (kept.projection, kept.generation) = (lacking.projection, lacking.generation)`,
    [partition, liveWindow.name],
  );
  await client.query(
    `update ${ns}.checkpoints set next_offset = least(next_offset, $3), last_event_id = null,
       lost_ends = lost_ends + greatest(0, $2 - case when projection = $5 then $3 else greatest(next_offset, $3) end)
     where partition = $1 and ${followed(ns)}`,
    [partition, from, to, FOLLOWED, liveWindow.name],
  );
  const { rows } = await client.query<Pick<Generation, 'projection' | 'generation'>>(
    `select projection, generation from ${ns}.generations where status = 'building' for update`,
  );
  for (const { projection: name, generation } of rows) {
    await drop(client, { projection: { name }, schema, generation });
  }
}

/**
 * An event that the log has lost is no longer a discarded one, or it would count twice in what is rebuilt, and another
 * event in its place would be done without.
 */
async function forgetDiscarded(client: pg.ClientBase, schema: string, partition: number, lost: Lost): Promise<void> {
  const ns = quote(schema);
  const otherLog = isOtherLog(lost);
  const column = otherLog ? 'lost_ends' : 'lost';
  await client.query(
    `with gone as (
       delete from ${ns}.discarded where partition = $1 and "offset" >= $2 and ($3::bigint is null or "offset" < $3)
       returning projection, "offset", passed_by),
     lacking as (
       select projection, generation, count(*) as events
       from gone join ${ns}.generations using (projection) join ${ns}.checkpoints using (projection, generation)
       where partition = $1 and next_offset > "offset" and generation <> all(passed_by)
         and not ($3::bigint is null and projection = $4) group by 1, 2)
     update ${ns}.checkpoints kept set ${column} = ${column} + events
     from lacking where partition = $1 and (kept.projection, kept.generation) = (lacking.projection, lacking.generation)`,
    [partition, ...(otherLog ? [0, null] : [lost.from, lost.to]), liveWindow.name],
  );
}

/** Keeps generations as they are, for ever. */
export async function freeze(client: pg.ClientBase, targets: readonly Kept[]): Promise<void> {
  for (const target of targets) await setStatus(client, target, 'as_of');
}

/** Removes generations with their tables; the live one stays. */
export function dropGenerations(
  pool: pg.Pool,
  schema: string,
  targets: readonly Kept[],
  also: Also = async () => {},
): Promise<void> {
  return patiently(() =>
    change(pool, schema, async (client) => {
      for (const target of targets) await drop(client, target);
      await also(client);
    }),
  );
}

/** One change at a time, after which no worker commits by the old decision. */
function change(pool: pg.Pool, schema: string, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  return inTransaction(pool, async (client) => {
    await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query(`update ${quote(schema)}.control set epoch = epoch + 1`);
    await work(client);
  });
}

/** `onBehind` may end it by throwing. */
function patiently(work: () => Promise<void>, onBehind: (error: NotLevelError) => void = () => {}): Promise<void> {
  const until = Date.now() + PROMOTE_PATIENCE_MS;
  return retry(work, {
    when: (error) => Date.now() < until && (error instanceof NotLevelError || isLockTimeout(error)),
    onRetry(error) {
      if (error instanceof NotLevelError) onBehind(error);
    },
    longestWaitMs: 500,
  });
}

async function requireLevel(client: pg.ClientBase, { projection, schema, generation }: Kept, live: number) {
  const { rows } = await client.query<{ partition: number; generation: number; next_offset: number }>(
    `select partition, generation, next_offset from ${quote(schema)}.checkpoints
     where projection = $1 and generation = any($2) order by generation, partition for update`,
    [projection.name, [live, generation]],
  );
  const reached = new Map(rows.filter((row) => row.generation === generation).map((row) => [row.partition, row]));
  for (const { next_offset: end, partition } of rows.filter((row) => row.generation === live)) {
    const position = reached.get(partition)?.next_offset ?? -1;
    if (position < end)
      throw new NotLevelError(`generation ${generation} of ${projection.name}`, partition, { position, live: end });
  }
}

async function setStatus(client: pg.ClientBase, { projection, schema, generation }: Kept, status: GenerationStatus) {
  const { rowCount } = await client.query(
    `update ${quote(schema)}.generations
     set status = $3, live_since = case when $3 = 'live' then now() else live_since end
     where projection = $1 and generation = $2`,
    [projection.name, generation, status],
  );
  // Another log took the place of the one that it was filled from.
  if (!rowCount) throw new CheckpointConflict(`generation ${generation} of ${projection.name} is gone`);
}

async function drop(client: pg.ClientBase, target: GenerationName): Promise<void> {
  const ns = quote(target.schema);
  const named = [target.projection.name, target.generation];
  const { rowCount } = await client.query(
    `delete from ${ns}.generations where projection = $1 and generation = $2 and status <> 'live'`,
    named,
  );
  if (!rowCount) return;
  await client.query(`delete from ${ns}.checkpoints where projection = $1 and generation = $2`, named);
  await client.query(`delete from ${ns}.parked where projection = $1 and generation = $2`, named);
  await client.query(`drop table if exists ${tableOf(target)} cascade`);
}
