/** A sample of the faults that `npm run test:slow` goes through: crashes, a zombie, lost answers and double arrivals. */
import { expect } from 'chai';
import { dieAt } from '../support/crash.ts';
import { type Cases, runInLanes } from '../support/fault-lane.ts';
import { openProxiedLane, type ProxiedLane } from '../support/proxied-lane.ts';
import { servers } from '../support/servers.ts';
import { type Revival, reviveAt } from '../support/zombie.ts';

describe('the command side under fire', function () {
  this.timeout(300_000);
  let cases: Cases<Partial<Revival>>;
  let proxied: ProxiedLane;

  before(async () => {
    const lanes = { count: 3, configOf: () => servers({ partitions: 1 }) };
    cases = await runInLanes(lanes, [
      async (lane) => ({ counts: await dieAt(lane, 'append:after', 3) }),
      async (lane) => ({ counts: await dieAt(lane, 'store.flush:after', 3) }),
      async (lane) => reviveAt(lane, [{ at: 'append:before', hits: 3, signal: 'SIGSTOP' }]),
    ]);
    proxied = await openProxiedLane(41);
  });

  after(async () => {
    await cases?.close();
    await proxied?.close();
  });

  it('loses and doubles nothing when the answer to an append is lost', async () => {
    const { madeVoid } = await proxied.underLoad(async () => void (await proxied.meetAppend('lose answer')));
    expect(madeVoid).to.equal(0);
  });

  it('voids the second arrival of an append', async () => {
    const { madeVoid } = await proxied.underLoad(async () => (await proxied.meetAppend('pass')).deliver());
    expect(madeVoid).to.be.greaterThan(0);
  });

  it('loses and doubles nothing when the processor is killed before it sees that its batch has landed', async () => {
    await cases.outcome(0);
  });

  it('loses and doubles nothing when the processor is killed before it sees that its state is stored', async () => {
    await cases.outcome(1);
  });

  it('voids what a processor appends that was stopped until another one took over', async () => {
    const { counts, voidCounted } = await cases.outcome(2);
    expect(counts?.void).to.be.greaterThan(0);
    expect(voidCounted).to.be.at.least(counts?.void ?? 0);
  });
});
