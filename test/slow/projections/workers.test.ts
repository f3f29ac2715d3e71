/** Three workers that share the partitions: one is killed, one is a zombie. */
import { expect } from 'chai';
import { keepAppending } from '../../support/live-traffic.ts';
import { type Bench, openBench } from '../../support/projection-worker.ts';
import { until } from '../../support/services.ts';
import {
  partitionsOf,
  startWorkers,
  untilMembers,
  untilMovedOn,
  watchCheckpoints,
} from '../../support/shared-workers.ts';
import { reviveWorker, stopAt } from '../../support/zombie-worker.ts';

const MOVES_WITHIN_MS = 10_000;

describe('three projection workers', function () {
  this.timeout(180_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench({ partitions: 6 });
  });

  afterEach(async () => {
    await bench.close();
  });

  it('share the partitions; those of one that is killed go on', async function () {
    const finishWatching = watchCheckpoints(bench);
    const workers = await startWorkers(bench, 3);
    await until('each has two partitions', () => workers.every((worker) => partitionsOf(worker).length === 2), 20_000);
    const finishAppending = keepAppending(bench.log, 'live', 50);
    await untilMovedOn(bench, [...(await bench.log.ends()).keys()]);
    const [victim, ...others] = workers;
    const orphaned = victim ? partitionsOf(victim) : [];
    victim?.kill('SIGKILL');
    const ms = await untilMovedOn(bench, orphaned);
    await untilMembers(bench, 2);
    await finishAppending();
    await bench.caughtUp(30_000);
    await bench.expectEqualToLog();
    await finishWatching();
    expect(ms).to.be.below(MOVES_WITHIN_MS);
    for (const worker of others) expect(worker.hasEnded(), worker.output()).to.equal(false);
    await Promise.all(others.map((worker) => worker.stop()));
    if (this.test) this.test.title += ` after ${(ms / 1000).toFixed(1)} s`;
  });

  for (const fault of [
    stopAt('before its commit is sent', 'before', 25),
    stopAt('with its commit under way', 'sent', 25),
    stopAt('with its commit done and Redis not written', 'after', 25),
  ]) {
    it(`one of which is stopped ${fault.name} beyond its session, and goes on: nothing is lost, doubled or set back`, async function () {
      const ms = await reviveWorker(bench, 3, fault);
      if (this.test) this.test.title += `; the others went on after ${(ms / 1000).toFixed(1)} s`;
    });
  }
});
