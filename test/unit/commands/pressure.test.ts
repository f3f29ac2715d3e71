import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createPressure, type Reason } from '../../../commands/api/pressure.ts';

describe('back-pressure of the command API', () => {
  function world() {
    const state = {
      load: { commands: 0, bytes: 0, appendingSince: undefined as number | undefined, appendFailedAt: 0 },
      undecided: 0,
      /** How often that was asked. */
      looks: 0,
      now: 1_000_000,
    };
    const refused: Reason[] = [];
    const pressure = createPressure({
      load: state.load,
      undecided: () => {
        state.looks += 1;
        return state.undecided;
      },
      maxUndecided: 1000,
      now: () => state.now,
      onRefused: (reason) => refused.push(reason),
    });
    return { state, pressure, refused };
  }

  it('is none while the log answers and keeps up', () => {
    const { pressure, refused } = world();
    expect(pressure.refusal()).to.equal(undefined);
    expect(pressure.isHigh).to.equal(false);
    expect(refused).to.deep.equal([]);
  });

  it('refuses, and says when to come again and that nothing was recorded', () => {
    const { state, pressure, refused } = world();
    state.undecided = 1000;
    expect(pressure.refusal()).to.include({ status: 503, type: 'unavailable', retryAfter: 5 });
    expect(pressure.refusal()?.detail).to.include('Nothing was recorded');
    expect(pressure.isHigh).to.equal(true);
    state.undecided = 999;
    expect(pressure.refusal()).to.equal(undefined);
    state.load.commands = 20_000;
    expect(pressure.refusal()).to.include({ retryAfter: 1 });
    expect(refused).to.deep.equal(['log-behind', 'log-behind', 'busy']);
  });

  it('refuses while Kafka does not answer, leaves it alone for a moment after a failure, and tries again', () => {
    const { state, pressure, refused } = world();
    state.load.appendingSince = state.now - 3000;
    expect(pressure.refusal()).to.equal(undefined);
    state.now += 1;
    expect(pressure.refusal()).to.include({ status: 503 });
    state.load.appendingSince = undefined;
    state.load.appendFailedAt = state.now;
    expect(pressure.refusal()).to.include({ status: 503 });
    state.now += 1000;
    expect(pressure.refusal()).to.equal(undefined);
    expect(refused).to.deep.equal(['log-away', 'log-away']);
  });

  const staying = new AbortController().signal;

  it('stops streams before single commands, and lets them go on one after another', async () => {
    const { state, pressure } = world();
    state.load.commands = 16_000;
    expect(pressure.refusal()).to.equal(undefined);
    expect(pressure.isHigh).to.equal(true);
    const gone: number[] = [];
    const streams = [1, 2, 3].map((stream) => pressure.room(staying).then(() => gone.push(stream)));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(gone).to.deep.equal([]);
    state.load.commands = 0;
    const first = streams[0]?.then(() => expect(gone).to.deep.equal([1]));
    await Promise.all([first, ...streams]);
    expect(gone).to.deep.equal([1, 2, 3]);
  });

  it('forgets streams that have gone while it is high, at once, and keeps the order of the others', async () => {
    const { state, pressure } = world();
    state.undecided = 1000;
    const leaving = new AbortController();
    const done: number[] = [];
    const streams = [1, 2, 3, 4].map((stream) =>
      pressure.room(stream % 2 === 0 ? staying : leaving.signal).then(
        () => done.push(stream),
        (error) => done.push(error.name),
      ),
    );
    expect(pressure.waiting).to.equal(4);
    leaving.abort();
    expect(pressure.waiting).to.equal(2);
    expect(getEventListeners(leaving.signal, 'abort')).to.deep.equal([]);
    expect(await pressure.room(leaving.signal).catch((error) => error.name)).to.equal('AbortError');
    expect(pressure.waiting).to.equal(2);
    state.undecided = 0;
    await Promise.all(streams);
    expect(done).to.deep.equal(['AbortError', 'AbortError', 2, 4]);
    expect(pressure.waiting).to.equal(0);
    expect(getEventListeners(staying, 'abort')).to.deep.equal([]);
  });

  it('looks for room at one pace, however many streams have come and gone meanwhile', async () => {
    const { state, pressure } = world();
    state.undecided = 1000;
    for (let stream = 0; stream < 100; stream += 1) {
      const leaving = new AbortController();
      const room = pressure.room(leaving.signal).catch(() => {});
      await new Promise(setImmediate);
      leaving.abort();
      await room;
    }
    const room = pressure.room(staying);
    state.looks = 0;
    await delay(100);
    expect(state.looks).to.be.within(1, 10);
    state.undecided = 0;
    await room;
  });

  it('shares what may be outstanding among the streams', () => {
    const { pressure } = world();
    const leave = Array.from({ length: 4 }, () => pressure.enter());
    expect(pressure.share).to.equal(4000);
    for (const one of leave) one();
    expect(pressure.share).to.equal(16_000);
  });

  it('takes so many streams and no more, until one ends', () => {
    const { pressure, refused } = world();
    const leave = Array.from({ length: 500 }, () => pressure.enter());
    expect(pressure.share).to.equal(50);
    expect(() => pressure.enter()).to.throw('Too many commands are under way');
    expect(refused).to.deep.equal(['busy']);
    leave[7]?.();
    expect(() => pressure.enter()).not.to.throw();
  });
});
