/** Each guard is taken away in a copy of the code, and the tests turn red: a guard that nobody would miss is not tested. */
import { expect } from 'chai';
import { expectKilled, type Mutant, testPatched } from '../../support/mutants.ts';
import { servers } from '../../support/servers.ts';
import { settingsOf } from '../../support/services.ts';
import { mutants } from './mutants.ts';

/** How many copies are tested at the same time. */
const LANES = 2;

describe('the code without one of its guards', function () {
  this.timeout(1_200_000);
  let unchanged: Promise<{ passed: boolean; output: string }>;
  let killed: Map<Mutant, Promise<void>>;

  before(async () => {
    const env = settingsOf(await servers());
    const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
    unchanged = testPatched([], tests, env);
    await unchanged;
    killed = inLanes(mutants, (mutant) => expectKilled(mutant, env));
  });

  it('is told from a copy with all of them, whose tests are green', async () => {
    const { passed, output } = await unchanged;
    expect(passed, output).to.equal(true);
  });

  for (const mutant of mutants) {
    it(`turns the tests red: ${mutant.guard}`, () => killed.get(mutant));
  }
});

/** Begins to work on all items, some at a time, in their order. */
function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Map<T, Promise<void>> {
  const lanes = Array.from({ length: LANES }, () => Promise.resolve());
  return new Map(
    items.map((item, index) => {
      const done = (lanes[index % LANES] ?? Promise.resolve()).then(() => work(item));
      lanes[index % LANES] = done.catch(() => {});
      return [item, done];
    }),
  );
}
