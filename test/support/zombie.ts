/** A processor that is stopped while another one takes its partitions over, and goes on as if nothing had happened. */
import { expect } from 'chai';
import type { Counts } from './checker.ts';
import type { PlannedFault } from './failpoints.ts';
import type { Lane } from './fault-lane.ts';
import { until } from './services.ts';

export interface Revival {
  counts: Counts;
  /** Void records that the two processors counted while they read the log, together. */
  voidCounted: number;
}

const TAKES_OVER_WITHIN_MS = 45_000;

/**
 * Runs a processor under load until it meets the first fault of the plan, which stops it; waits until another one has
 * taken over and appended; continues it, and checks the log when everything is decided. A second fault may kill it then.
 */
export async function reviveAt(lane: Lane, plan: readonly PlannedFault[]): Promise<Revival> {
  const finishSending = lane.keepSending();
  const zombie = await lane.startProcessor(plan);
  await until('the processor stops', () => zombie.met.length === 1 || zombie.hasEnded(), TAKES_OVER_WITHIN_MS);
  const end = await lane.logEnd();
  const heir = await lane.startProcessor();
  await until('another owner has gone on', async () => (await lane.logEnd()) > end, TAKES_OVER_WITHIN_MS);
  zombie.kill('SIGCONT');
  const hasRejoined = async () => (await lane.members()) === 2;
  const isKilled = plan.some(({ signal }) => signal === 'SIGKILL');
  await until('it is back', () => (isKilled ? zombie.hasEnded() : hasRejoined()), TAKES_OVER_WITHIN_MS);
  expect(zombie.met).to.deep.equal(plan.map(({ at }) => at));
  await heir.whileRuns(finishSending());
  const counts = await lane.check();
  const alive = isKilled ? [heir] : [zombie, heir];
  const voidCounted = await Promise.all(alive.map((one) => one.counted('sales_events_void_total')));
  await Promise.all(alive.map((one) => one.stop()));
  return { counts, voidCounted: voidCounted.reduce((sum, count) => sum + count, 0) };
}
