import { expect } from 'chai';
import fc from 'fast-check';
import { createRandom } from '../../../dev/seed/random.ts';
import { createPacing, irregularGaps } from '../../../dev/simulator/pacing.ts';

describe('Pacing', () => {
  it('keeps the rate exactly, however irregularly it is asked', () => {
    const rate = fc.constantFrom(0.5, 1, 3, 50, 500, 10_000);
    const pauses = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(rate, pauses, (perSecond, steps) => {
        const pacing = createPacing({ perSecond, start: 1000 });
        let now = 1000;
        let taken = 0;
        for (const step of steps) {
          now += step;
          taken += pacing.take(now);
        }
        expect(taken).to.be.closeTo(((now - 1000) * perSecond) / 1000, 1);
        expect(pacing.skipped).to.equal(0);
      }),
    );
  });

  it('says when the next one is due', () => {
    const pacing = createPacing({ perSecond: 50, start: 0 });
    expect(pacing.wait(0)).to.equal(20);
    expect(pacing.take(19.9)).to.equal(0);
    expect(pacing.take(20)).to.equal(1);
    expect(pacing.wait(25)).to.equal(15);
    expect(pacing.wait(100)).to.equal(0);
  });

  it('catches up after a pause, but not with a flood', () => {
    const pacing = createPacing({ perSecond: 500, start: 0, maxLagMs: 2000 });
    expect(pacing.take(1500)).to.equal(750);
    expect(pacing.take(61_500)).to.be.within(1000, 1001);
    expect(pacing.skipped).to.be.within(28_999, 29_000);
    expect(pacing.take(62_500)).to.be.within(499, 501);
  });

  it('keeps the rate on average when customers come irregularly', () => {
    const { next } = createRandom(7);
    const pacing = createPacing({ perSecond: 50, start: 0, nextGap: irregularGaps(next) });
    let taken = 0;
    const bySecond = Array.from({ length: 1000 }, (_, second) => pacing.take((second + 1) * 1000));
    for (const count of bySecond) taken += count;
    expect(taken).to.be.closeTo(50_000, 1000);
    expect(Math.max(...bySecond)).to.be.greaterThan(60);
    expect(Math.min(...bySecond)).to.be.lessThan(40);
  });
});
