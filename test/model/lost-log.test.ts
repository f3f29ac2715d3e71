/** Logs that are not what they were: an owner ends and says so, and decides nothing. */
import { expect } from 'chai';
import type { Event } from '../../domain/messages.generated.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import { withVirtualTimers } from './clock.ts';
import { noFaults } from './network.ts';
import { returnOf } from './orders.ts';
import { Processor } from './processor.ts';
import { format, thisVersion } from './versions.ts';
import { World } from './world.ts';

const COMMANDS = 3;

describe('an owner whose log was lost', () => {
  /** Has some commands decided, lets `harm` happen to the logs, and starts another owner. Gives what it ended with. */
  async function endOf(harm: (world: World) => void): Promise<string> {
    const world = new World(1, noFaults);
    const events = world.broker.log('events', 0);
    return withVirtualTimers(world.clock, async () => {
      // Keys that belong to partition 0 of 2.
      for (const id of ['X0', 'X2', 'X4']) send(world, id);
      const first = new Processor(world, thisVersion, 0);
      const isStored = () => world.store.kept(0).checkpoint.nextOffset === COMMANDS;
      expect(await world.clock.runUntil(isStored, 60_000), 'decided before').to.equal(true);
      first.kill();
      harm(world);
      const { end } = events;
      new Processor(world, thisVersion, 0);
      await world.clock.runUntil(() => world.failures.length > 0, 60_000);
      expect(events.end, 'nothing is appended').to.equal(end);
      return String(world.failures[0]);
    });
  }

  function send({ broker }: World, id: string): void {
    broker.append('commands', 0, [{ key: Buffer.from(id), value: format.encode(returnOf(id)) }]);
  }

  it('ends when the last decided command is another one now', async () => {
    const end = await endOf((world) => {
      const { records } = world.broker.log('commands', 0);
      records[COMMANDS - 1] = { ...(records[0] as LogRecord), offset: COMMANDS - 1 };
      send(world, 'X6');
    });
    expect(end).to.match(/LogLostError: command 2 .* was return:X4 when it was decided and is now return:X0/);
  });

  it('ends when an event answers what was answered before', async () => {
    const end = await endOf(({ broker }) => {
      const [first] = broker.log('events', 0).records;
      const event = format.decode(first?.value ?? null) as Event;
      const moved = { ...event, data: { ...event.data, expectedOffset: COMMANDS } } as Event;
      broker.append('events', 0, [{ key: first?.key ?? null, value: format.encode(moved) }]);
    });
    expect(end).to.match(/LogLostError: the event at 3 answers command 0, but 2 was answered before it/);
  });

  it('ends at a hole between events', async () => {
    const end = await endOf(({ broker }) => {
      broker.skip('events', 0);
      broker.append('events', 0, [{ key: null, value: null }]);
    });
    expect(end).to.match(/LogLostError: events went on at 4, expected 3/);
  });

  it('ends at a valid event that it cannot read', async () => {
    const end = await endOf(({ broker }) => {
      const value = Buffer.from([0, 0, 0, 0, 99, COMMANDS * 2, COMMANDS * 2, 0]);
      broker.append('events', 0, [{ key: null, value }]);
    });
    expect(end).to.match(/DecodeError/);
  });
});
