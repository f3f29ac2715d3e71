/** Three processors that come and go under load: partitions change hands again and again. */
import { expect } from 'chai';
import { type Lane, openLane } from '../../support/fault-lane.ts';
import { servers } from '../../support/servers.ts';
import { until } from '../../support/services.ts';

describe('processors that share the partitions', function () {
  this.timeout(150_000);
  let lane: Lane;

  before(async () => {
    lane = await openLane(await servers({ partitions: 6 }), 31);
  });

  after(async () => {
    await lane?.close();
  });

  /** Waits until so many have their partitions and the log has gone on. */
  async function settled(members: number): Promise<void> {
    await until(`${members} share the partitions`, async () => (await lane.members()) === members, 40_000);
    const end = await lane.logEnd();
    await until('the log goes on', async () => (await lane.logEnd()) > end, 40_000);
  }

  it('come one after the other, one is killed, one is stopped, and another one comes', async function () {
    const finishSending = lane.keepSending();
    const first = await lane.startProcessor();
    await settled(1);
    const second = await lane.startProcessor();
    await settled(2);
    const third = await lane.startProcessor();
    await settled(3);
    second.kill('SIGKILL');
    await settled(2);
    await first.stop();
    await settled(1);
    const fourth = await lane.startProcessor();
    await settled(2);
    await finishSending();
    const { valid, void: voided } = await lane.check();
    expect(await first.ended).to.equal(0);
    for (const one of [third, fourth]) expect(one.hasEnded(), one.output()).to.equal(false);
    if (this.test) this.test.title += `: ${valid} events check out, ${voided} records are void`;
  });

  it('come all at once, and die all at once', async function () {
    const finishSending = lane.keepSending();
    const doomed = await Promise.all([lane.startProcessor(), lane.startProcessor(), lane.startProcessor()]);
    await settled(5);
    for (const one of doomed) one.kill('SIGKILL');
    await settled(2);
    await finishSending();
    const { valid, void: voided } = await lane.check();
    if (this.test) this.test.title += `: ${valid} events check out, ${voided} records are void`;
  });
});
