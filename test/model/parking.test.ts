/** What an owner keeps aside of records that are no commands. */
import { expect } from 'chai';
import { withVirtualTimers } from './clock.ts';
import { noFaults } from './network.ts';
import { returnOf } from './orders.ts';
import { Processor } from './processor.ts';
import { format, thisVersion } from './versions.ts';
import { World } from './world.ts';

describe('an owner that refuses what is no command', () => {
  const world = new World(1, noFaults);
  const { broker, clock, metrics } = world;
  const rejected = broker.log('rejected', 0);

  const send = (value: Buffer) => broker.append('commands', 0, [{ key: Buffer.from('X0'), value }]);

  async function decided(count: number): Promise<void> {
    expect(await clock.runUntil(() => metrics.valid === count, 60_000), `${count} are decided`).to.equal(true);
  }

  it('parks a record once, though its batch landed elsewhere', () =>
    withVirtualTimers(clock, async () => {
      new Processor(world, thisVersion, 0);
      send(format.encode(returnOf('X0')));
      await decided(1);
      const [stray] = broker.log('events', 0).records;
      broker.append('events', 0, [{ key: null, value: stray?.value ?? null }]);
      send(Buffer.from('no command'));
      await decided(2);
      expect(metrics.void, 'the stray copy, and the batch behind it').to.equal(2);
      expect(rejected.records.map(({ value }) => String(value))).to.deep.equal(['no command']);
    }));
});
