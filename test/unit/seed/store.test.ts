import { expect } from 'chai';
import fc from 'fast-check';
import { parseTyped } from '../../../commands/api/parse.ts';
import { seedCustomers } from '../../../dev/seed/dataset.ts';
import { createRandom, shuffle, weighted } from '../../../dev/seed/random.ts';
import { composeRefund, composeReturn, composeSale } from '../../../dev/seed/store.ts';

describe('The demo store', () => {
  it('makes sales, returns and refunds that the command API takes, in any currency', () => {
    const customers = seedCustomers();
    const now = Date.parse('2025-06-15T14:00:00Z');
    const currency = fc.constantFrom('USD', 'EUR', 'JPY', 'BHD');
    fc.assert(
      fc.property(fc.integer(), currency, (seed, currency) => {
        const random = createRandom(seed);
        const sale = composeSale(random, { id: 's', occurredAt: now, currency, customer: random.pick(customers) });
        const back = composeReturn(random, { id: 'r', occurredAt: now }, sale);
        const refund = composeRefund(random, { id: 'f', occurredAt: now }, sale);
        for (const command of [sale, back, refund]) parseTyped(JSON.stringify(command), now);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Random numbers', () => {
  it('are the same for the same seed, spread evenly, and others for another', () => {
    const draw = (seed: number) => Array.from({ length: 10_000 }, createRandom(seed).next);
    const numbers = draw(1);
    expect(draw(1)).to.deep.equal(numbers);
    expect(draw(2).filter((number) => numbers.includes(number))).to.have.length.below(5);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      expect(numbers.filter((number) => Math.floor(number * 10) === tenth).length).to.be.within(900, 1100);
    }
  });

  it('draw items as often as their weights say', () => {
    const random = createRandom(3);
    const draw = weighted([
      ['never', 0],
      ['often', 9],
      ['seldom', 1],
    ]);
    const drawn = Array.from({ length: 10_000 }, () => draw(random));
    expect(drawn).to.not.include('never');
    expect(drawn.filter((item) => item === 'seldom').length).to.be.within(900, 1100);
  });

  it('shuffle without losing anything', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    const shuffled = shuffle([...items], createRandom(4));
    expect(shuffled).to.not.deep.equal(items);
    expect([...shuffled].sort((a, b) => a - b)).to.deep.equal(items);
  });
});
