/** Live windows that a rebuild makes, which projection workers fill and keep level, and those whose generation is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import { loadVector } from '../checkpoints.ts';
import { listGenerations } from '../generations.ts';
import { liveWindow } from '../live.ts';
import { isTable, type Kept } from '../sql.ts';
import { type Execution, OperationError } from './execution.ts';
import { WorkerWatch } from './worker-watch.ts';

const POLL_MS = 200;
/** Folding the events of three days anew takes minutes at most. */
const IN_ALL_MS = 15 * 60_000;

/**
 * Resolves when each window has all that Postgres has committed for it. Throws {@link OperationError} when nobody fills
 * them, or when it takes longer than the patience that there is.
 */
export async function untilWindowsAreWhole(generations: readonly Kept[], execution: Execution): Promise<void> {
  const inAllMs = execution.patience?.inAllMs ?? IN_ALL_MS;
  const windows = generations.filter((one) => !isTable(one));
  if (windows.length === 0) return;
  execution.report({ step: 'filling the live window' });
  const started = Date.now();
  const workers = new WorkerWatch(
    execution,
    'only one can fill the live window: start it (npm start does), and ask again',
  );
  while (!(await areWhole(windows, execution))) {
    if (Date.now() - started > inAllMs) {
      throw new OperationError(
        `the live window was not whole within ${inAllMs / 60_000} minutes: see what the projection worker logs, and ask again`,
      );
    }
    await workers.look();
    if (execution.signal.aborted) throw new OperationError('the operator stops');
    await delay(POLL_MS, undefined, { signal: execution.signal });
  }
}

async function areWhole(windows: readonly Kept[], { redis, names, pool, logger }: Execution): Promise<boolean> {
  const writer = new LiveWindowWriter(redis, names.redisPrefix);
  for (const window of windows) {
    const vector = [...(await loadVector(pool, window))];
    const places = vector.map(([partition]) => ({ generation: window.generation, partition }));
    const fences = await writer.fences(places).catch((error) => {
      logger.warn({ err: error }, 'Redis does not answer; waiting for it');
      return [];
    });
    if (!vector.every(([, next], index) => (fences[index] ?? -1) >= next)) return false;
  }
  return true;
}

/**
 * Removes the windows of generations that were dropped. Whoever drops one may die before its window is gone, and only a
 * generation next to those that there are can have been left: its number is the next that is given.
 */
export async function dropLeftWindows({
  pool,
  redis,
  names,
  config,
  logger,
}: Pick<Execution, 'pool' | 'redis' | 'names' | 'config' | 'logger'>): Promise<void> {
  const all = await listGenerations(pool, names.postgres.read);
  const kept = new Set(all.filter((one) => one.projection === liveWindow.name).map((one) => one.generation));
  const writer = new LiveWindowWriter(redis, names.redisPrefix);
  for (let generation = 1; generation <= Math.max(0, ...kept) + 1; generation += 1) {
    if (kept.has(generation)) continue;
    await writer
      .drop(generation, config.partitions)
      .catch((error) =>
        logger.warn({ err: error, generation }, 'a live window was left; it is removed at the next start'),
      );
  }
}
