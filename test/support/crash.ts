/** Crashes of the command processor in a lane, each followed by its heir and the checker. */
import { expect } from 'chai';
import type { Counts } from './checker.ts';
import type { Failpoint } from './failpoints.ts';
import type { Lane } from './fault-lane.ts';
import { until } from './services.ts';

const MEETS_WITHIN_MS = 45_000;

/**
 * Runs a processor under load until it meets the fault, starts another one, waits until everything is decided and
 * checks the log. Throws when the failpoint was not reached.
 */
export async function dieAt(lane: Lane, at: Failpoint, hits: number): Promise<Counts> {
  const finishSending = lane.keepSending();
  const victim = await lane.startProcessor([{ at, hits, signal: 'SIGKILL' }]);
  if (at.startsWith('group-leave')) {
    await victim.ready();
    victim.kill('SIGTERM');
  }
  await until(`the processor dies at ${at}`, victim.hasEnded, MEETS_WITHIN_MS);
  expect({ met: victim.met, ended: await victim.ended }, victim.output()).to.deep.equal({
    met: [at],
    ended: 'SIGKILL',
  });
  const heir = await lane.startProcessor();
  await heir.whileRuns(finishSending());
  await heir.stop();
  return lane.check();
}
