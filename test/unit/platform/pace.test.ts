import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createPace } from '../../../platform/pace.ts';

const MS = 100;
/** Timers may fire a little early. */
const EARLY = 2;

describe('a pace', () => {
  it('lets the first one go at once, and each other after its time', async () => {
    const pace = createPace(MS);
    const start = performance.now();
    await pace();
    const first = performance.now();
    await pace();
    await pace();
    const third = performance.now();
    expect(first - start).to.be.below(MS - EARLY);
    expect(third - first).to.be.at.least(2 * (MS - EARLY));
  });

  it('lets go at once what comes late', async () => {
    const pace = createPace(MS);
    await pace();
    await delay(MS);
    const start = performance.now();
    await pace();
    expect(performance.now() - start).to.be.below(MS - EARLY);
  });
});
