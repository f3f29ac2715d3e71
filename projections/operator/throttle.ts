import { setTimeout as delay } from 'node:timers/promises';
import { quote } from '../sql.ts';
import type { Execution } from './execution.ts';
import { WorkerWatch } from './worker-watch.ts';

/** Lag is known so much too late at most. */
const CHECK_MS = 100;
/** Of the bound: the lag goes on growing for a moment when the rebuild is held up. */
const HOLD_FROM = 0.5;

/** Resolves when live figures lag no more than they may. */
export type Throttle = () => Promise<void>;

/**
 * Keeps live figures less than `boundMs` behind the log: waits while they lag more than half of that, and says that it
 * waits. A worker takes some 30 ms at best: a bound of twice that holds a rebuild up for ever. A partition lags as long
 * ago as its last folded event was recorded, while there are later ones; one that has halted is not waited for.
 * Throws `OperationError` when no worker runs that could catch up.
 */
export function createThrottle(execution: Execution, boundMs: number): Throttle {
  const { ranges, names, pool, signal, report } = execution;
  let checked = 0;

  async function lag(): Promise<number> {
    const ends = await ranges.read();
    const ns = quote(names.postgres.read);
    const { rows } = await pool.query<{ partition: number; next: number; recorded: Date | null }>(
      `select partition, min(next_offset)::bigint as next, min(recorded_at) as recorded
       from ${ns}.checkpoints join ${ns}.generations using (projection, generation)
       where status = 'live' and not exists (select from ${ns}.halts where halts.partition = checkpoints.partition)
       group by partition`,
    );
    const lags = rows
      .filter(({ partition, next }) => next < (ends.get(partition)?.high ?? 0))
      .map(({ recorded }) => Date.now() - (recorded?.getTime() ?? 0));
    return Math.max(0, ...lags);
  }

  return async () => {
    if (Date.now() - checked < CHECK_MS) return;
    const workers = new WorkerWatch(
      execution,
      'live figures lag until one does: start it (npm start does), or rebuild without --throttle',
    );
    while ((await lag()) > boundMs * HOLD_FROM) {
      report({ step: 'waiting for live figures, which lag' });
      await workers.look();
      await delay(CHECK_MS, undefined, { signal });
    }
    checked = Date.now();
  };
}
