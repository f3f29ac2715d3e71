import { expect } from 'chai';
import fc from 'fast-check';
import { allocate, proportion } from '../../../domain/allocation.ts';
import { MAX_AMOUNT } from '../../../domain/money.ts';

const amounts = fc.array(fc.integer({ min: 0, max: MAX_AMOUNT }), { minLength: 1, maxLength: 20 });

describe('allocation', () => {
  it('gives what is left over to the largest remainders, the first among equals', () => {
    expect(allocate(100, [1, 1, 1])).to.deep.equal([34, 33, 33]);
    expect(allocate(10, [334, 333, 333])).to.deep.equal([4, 3, 3]);
    expect(allocate(1, [1, 2])).to.deep.equal([0, 1]);
    expect(allocate(0, [0, 0])).to.deep.equal([0, 0]);
    expect(() => allocate(1, [0, 0])).to.throw(RangeError);
  });

  it('adds up exactly, never passes a weight, and is less than one unit from the exact share', () => {
    fc.assert(
      fc.property(amounts, fc.double({ min: 0, max: 1, noNaN: true }), (weights, share) => {
        const sum = weights.reduce((all, weight) => all + weight, 0);
        const total = Math.floor(sum * share);
        const shares = allocate(total, weights);
        expect(shares.reduce((all, one) => all + one, 0)).to.equal(total);
        for (const [index, weight] of weights.entries()) {
          const given = shares[index] ?? Number.NaN;
          expect(Number.isSafeInteger(given) && given >= 0 && given <= weight).to.equal(true);
          if (sum === 0) continue;
          const exact = (BigInt(total) * BigInt(weight)) / BigInt(sum);
          expect([exact, exact + 1n]).to.include(BigInt(given));
        }
      }),
    );
  });

  it('rounds a proportion half up, exactly, and all of it is all', () => {
    expect([proportion(5, 1, 2), proportion(4, 1, 3), proportion(100, 2, 3)]).to.deep.equal([3, 1, 67]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_AMOUNT }), fc.integer({ min: 1, max: 1e9 }), (amount, whole) => {
        expect(proportion(amount, whole, whole)).to.equal(amount);
      }),
    );
  });
});
