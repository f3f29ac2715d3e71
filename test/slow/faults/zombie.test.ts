/** SIGSTOP of a processor until another owner has gone on, then SIGCONT: what it had under way must do no harm. */
import { expect } from 'chai';
import type { Failpoint, PlannedFault } from '../../support/failpoints.ts';
import { type Cases, runInLanes } from '../../support/fault-lane.ts';
import { servers } from '../../support/servers.ts';
import { type Revival, reviveAt } from '../../support/zombie.ts';

const stopAt = (at: Failpoint): PlannedFault => ({ at, hits: 3, signal: 'SIGSTOP' });

/** `voids`: what it appends afterwards cannot land where it expects it. */
const zombies: { title: string; plan: PlannedFault[]; voids: boolean }[] = [
  { title: 'about to append a batch', plan: [stopAt('append:before')], voids: true },
  {
    title: 'about to append a batch, and dies while it recovers',
    plan: [stopAt('append:before'), { at: 'log-end:before', hits: 1, signal: 'SIGKILL' }],
    voids: true,
  },
  { title: 'whose batch has landed', plan: [stopAt('append:after')], voids: false },
  { title: 'about to flush what the other one has flushed', plan: [stopAt('store.flush:before')], voids: false },
];

describe('a command processor that was stopped past its session, and goes on beside its heir', function () {
  this.timeout(300_000);
  let cases: Cases<Revival>;

  before(async () => {
    const lanes = { count: zombies.length, configOf: () => servers({ partitions: 1 }) };
    cases = await runInLanes(
      lanes,
      zombies.map(
        ({ plan }) =>
          (lane) =>
            reviveAt(lane, plan),
      ),
    );
  });

  after(async () => {
    await cases?.close();
  });

  for (const [index, { title, voids }] of zombies.entries()) {
    it(`${title}`, async function () {
      const { counts, voidCounted } = await cases.outcome(index);
      expect(voidCounted).to.be.at.least(counts.void);
      if (voids) expect(counts.void).to.be.greaterThan(0);
      if (this.test) this.test.title += `: ${counts.valid} events check out, ${counts.void} records are void`;
    });
  }
});
