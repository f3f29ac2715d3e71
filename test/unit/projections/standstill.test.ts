import { expect } from 'chai';
import { StandstillWatch } from '../../../projections/standstill.ts';

describe('a standstill', () => {
  it('is that a position was the same at every look for so long, each place by itself', () => {
    let now = 0;
    const watch = new StandstillWatch(1000, () => now);
    const look = (at: number, ...[name, position]: [string, number]) => {
      now = at;
      return watch.standsStill(name, position);
    };
    expect(look(0, 'a', 5)).to.equal(false);
    expect(look(500, 'b', 5)).to.equal(false);
    expect(look(999, 'a', 5)).to.equal(false);
    expect(look(1000, 'a', 5)).to.equal(true);
    expect(look(1001, 'a', 6)).to.equal(false);
    expect(look(1499, 'b', 5)).to.equal(false);
    expect(look(1500, 'b', 5)).to.equal(true);
    expect(look(2001, 'a', 6)).to.equal(true);
  });
});
