/** A projection worker that is stopped while others take its partitions over, and goes on as if nothing had happened. */
import { expect } from 'chai';
import { keepAppending } from './live-traffic.ts';
import type { Bench } from './projection-worker.ts';
import { until } from './services.ts';
import { partitionsOf, startWorkers, untilMembers, untilMovedOn, watchCheckpoints } from './shared-workers.ts';
import type { StatementFault, StatementStep } from './statement-faults.ts';

export function stopAt(name: string, at: StatementStep['at'], hits: number): StatementFault {
  return { name, signal: 'SIGSTOP', steps: [{ statement: 'require_moved', at, hits }] };
}

/**
 * Has one of some workers stop at the fault under live traffic, beyond its session, and go on once the others have; then
 * compares everything with the log. Resolves to how long the partitions stood still, in ms.
 */
export async function reviveWorker(bench: Bench, count: number, fault: StatementFault): Promise<number> {
  const finishWatching = watchCheckpoints(bench);
  const workers = await startWorkers(bench, count, fault);
  const [zombie] = workers;
  if (!zombie) throw new Error('a worker was started');
  await until('the worker has its partitions', () => partitionsOf(zombie).length > 0, 20_000);
  const finishAppending = keepAppending(bench.log, `${fault.name}`, 50);
  await until(`the worker stops ${fault.name}`, () => zombie.met.length > 0, 30_000);
  const stoodStill = await untilMovedOn(bench, partitionsOf(zombie));
  zombie.kill('SIGCONT');
  await untilMembers(bench, count);
  await untilMovedOn(bench, [...(await bench.log.ends()).keys()]);
  await finishAppending();
  await bench.caughtUp(30_000);
  await bench.expectEqualToLog();
  await finishWatching();
  for (const worker of workers) expect(worker.hasEnded(), worker.output()).to.equal(false);
  await Promise.all(workers.map((worker) => worker.stop()));
  return stoodStill;
}
