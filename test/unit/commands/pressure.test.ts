import { expect } from 'chai';
import { createPressure, type Reason } from '../../../commands/api/pressure.ts';

describe('back-pressure of the command API', () => {
  function world() {
    const state = {
      load: { commands: 0, bytes: 0, appendingSince: undefined as number | undefined, appendFailedAt: 0 },
      undecided: 0,
      now: 1_000_000,
    };
    const refused: Reason[] = [];
    const pressure = createPressure({
      load: state.load,
      undecided: () => state.undecided,
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

  it('stops streams before single commands, and lets them go on one after another', async () => {
    const { state, pressure } = world();
    state.load.commands = 16_000;
    expect(pressure.refusal()).to.equal(undefined);
    expect(pressure.isHigh).to.equal(true);
    const gone: number[] = [];
    const streams = [1, 2, 3].map((stream) => pressure.room().then(() => gone.push(stream)));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(gone).to.deep.equal([]);
    state.load.commands = 0;
    const first = streams[0]?.then(() => expect(gone).to.deep.equal([1]));
    await Promise.all([first, ...streams]);
    expect(gone).to.deep.equal([1, 2, 3]);
  });

  it('shares what may be outstanding among the streams', () => {
    const { pressure } = world();
    const leave = Array.from({ length: 4 }, () => pressure.enter());
    expect(pressure.share).to.equal(4000);
    for (const one of leave) one();
    expect(pressure.share).to.equal(16_000);
    for (let stream = 0; stream < 10_000; stream += 1) pressure.enter();
    expect(pressure.share).to.be.greaterThan(0);
  });
});
