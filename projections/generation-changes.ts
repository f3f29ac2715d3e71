/**
 * Changes of what there is of generations, one at a time, each in one transaction with the next epoch: handing over,
 * promoting, freezing and dropping.
 */
import type pg from 'pg';
import { inTransaction, isLockTimeout, isMissingTable } from '../platform/postgres/index.ts';
import { retry } from '../platform/retry.ts';
import { CheckpointConflict } from './checkpoints.ts';
import { lockOut } from './commit-sql.ts';
import { FOLLOWED, type GenerationStatus, listGenerations } from './generations.ts';
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
const IDLE_TIMEOUT = '5s';
const PATIENCE_MS = 60_000;

/** From now on the workers keep them level, and what `also` makes; they must be indexed. */
export function handOver(
  pool: pg.Pool,
  schema: string,
  targets: readonly Kept[],
  also: Also = async () => {},
): Promise<void> {
  return changeGenerations(pool, schema, async (client) => {
    for (const target of targets) await setStatus(client, target, 'ready');
    await also(client);
  });
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
  return changeGenerations(
    pool,
    schema,
    async (client) => {
      const all = await listGenerations(client, schema);
      for (const target of targets) {
        const own = all.filter(({ projection }) => projection === target.projection.name);
        const live = own.find(({ status }) => status === 'live');
        if (live) await requireLevel(client, target, live.generation);
        for (const { generation, status } of own) {
          if (status === 'previous' && generation !== target.generation)
            await dropGeneration(client, { ...target, generation });
        }
        if (live) await setStatus(client, { ...target, generation: live.generation }, 'previous');
        await setStatus(client, target, 'live');
        if (isTable(target)) for (const statement of createView(target)) await client.query(statement);
        if (live && live.version !== target.projection.version) {
          await dropGeneration(client, { ...target, generation: live.generation });
        }
      }
      await also(client);
    },
    {
      onBehind(error) {
        const { generation, partition, position, message } = error;
        if (watch.standsStill(`${generation} ${partition}`, position))
          throw new Error(`${message}, and ${watch.describe(partition)}`, { cause: error });
      },
    },
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
  return changeGenerations(
    pool,
    schema,
    async (client) => {
      for (const target of targets) await dropGeneration(client, target);
      await also(client);
    },
    { before: (client) => lockUnfollowed(client, schema, targets) },
  );
}

/**
 * Waits for whoever uses those of the tables that workers do not write to, such as an index that is being made, before commits
 * have to wait.
 */
export async function lockUnfollowed(
  client: pg.ClientBase,
  schema: string,
  targets: readonly GenerationName[],
): Promise<void> {
  const followed = (await listGenerations(client, schema)).filter(({ status }) => FOLLOWED.includes(status));
  const all = targets.filter(
    ({ projection, generation }) =>
      projection.name !== liveWindow.name &&
      !followed.some((one) => one.projection === projection.name && one.generation === generation),
  );
  for (const target of all) await client.query(`lock table ${tableOf(target)} in access exclusive mode`);
}

/**
 * One change at a time, while no worker commits; none commits by the old decision afterwards. For a minute it is tried again
 * while a lock or a generation that is not level stands in the way; `onBehind` may end that by throwing. `before` is done
 * in the same transaction while commits still go on.
 */
export function changeGenerations(
  pool: pg.Pool,
  schema: string,
  work: Also,
  { before, onBehind }: { before?: Also; onBehind?: (error: NotLevelError) => void } = {},
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  const change = () =>
    inTransaction(pool, async (client) => {
      await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      // Commits wait meanwhile, also for a process that is suspended.
      await client.query(`set local idle_in_transaction_session_timeout = '${IDLE_TIMEOUT}'`);
      await before?.(client);
      await client.query(lockOut(schema));
      await client.query(`update ${quote(schema)}.control set epoch = epoch + 1`);
      await work(client);
    });
  return retry(change, {
    // A table that was to be locked may just have been dropped.
    when: (error) =>
      Date.now() < until && (error instanceof NotLevelError || isLockTimeout(error) || isMissingTable(error)),
    onRetry(error) {
      if (error instanceof NotLevelError) onBehind?.(error);
    },
    longestWaitMs: 500,
  });
}

async function requireLevel(client: pg.ClientBase, { projection, schema, generation }: Kept, live: number) {
  const { rows } = await client.query<{ partition: number; generation: number; next_offset: number }>(
    `select partition, generation, next_offset from ${quote(schema)}.checkpoints
     where projection = $1 and generation = any($2)`,
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

/** Within a change: removes one with its table, unless it is live. */
export async function dropGeneration(client: pg.ClientBase, target: GenerationName): Promise<void> {
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
