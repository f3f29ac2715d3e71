import { expect } from 'chai';
import fc from 'fast-check';
import { Bucket } from '../../../commands/api/rate-limit.ts';

describe('the rate of a client', () => {
  it('is a second of commands at once, and then one after another', () => {
    const bucket = new Bucket(10, 0);
    for (let command = 0; command < 10; command += 1) expect(bucket.take(0)).to.equal(0);
    expect(bucket.take(0)).to.equal(100);
    expect(bucket.take(60)).to.be.closeTo(40, 1e-6);
    expect(bucket.take(100)).to.equal(0);
    expect(bucket.take(100)).to.equal(100);
  });

  it('is never exceeded, and whoever waits as long as told gets one', () => {
    const steps = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), steps, (rate, gaps) => {
        const bucket = new Bucket(rate, 0);
        let now = 0;
        let taken = 0;
        for (const gap of gaps) {
          now += gap;
          const wait = bucket.take(now);
          if (wait === 0) taken += 1;
          else {
            now += wait + 1e-6;
            expect(bucket.take(now)).to.equal(0);
            taken += 1;
          }
          expect(taken).to.be.at.most(rate + (now / 1000) * rate + 1e-6);
        }
      }),
    );
  });

  it('survives a clock that goes back', () => {
    const bucket = new Bucket(1, 1000);
    expect(bucket.take(1000)).to.equal(0);
    expect(bucket.take(0)).to.be.greaterThan(0);
    expect(bucket.take(1000)).to.equal(0);
  });
});
