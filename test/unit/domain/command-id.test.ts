import { expect } from 'chai';
import fc from 'fast-check';
import { defaultCommandIds, looksLikePlace } from '../../../domain/command-id.ts';
import { isCommandId } from '../../../domain/violations.ts';

const id = fc.string({ unit: fc.constantFrom('a', ':', '%', '3', 'A', 'void', 'sale'), minLength: 1, maxLength: 6 });
const pair = fc.tuple(id, id);

/** All default command ids that a pair of ids gives. */
function namesOf([one, other]: [string, string]): string[] {
  const { sale, refund, void: voiding, return: returning } = defaultCommandIds;
  return [sale(one), voiding(one), returning(one), refund(one, other)];
}

describe('default command ids', () => {
  it('are plain where ids are plain', () => {
    expect(namesOf(['S-1', 'R-1'])).to.deep.equal(['S-1', 'void:S-1', 'return:S-1', 'refund:S-1:R-1']);
  });

  it('are never the same for two domain ids, and never a place', () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const [first, second] = [namesOf(a), namesOf(b)];
        expect(new Set(first).size).to.equal(first.length);
        for (const [index, name] of first.entries()) {
          expect(looksLikePlace(name)).to.equal(false);
          const isSame = a[0] === b[0] && (index < 3 || a[1] === b[1]);
          expect(second.includes(name)).to.equal(isSame);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('fit, whatever the ids are', () => {
    for (const name of namesOf([':'.repeat(128), '%'.repeat(128)])) expect(isCommandId(name)).to.equal(true);
  });
});
