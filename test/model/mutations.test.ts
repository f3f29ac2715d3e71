/** Three of the guards, each taken away in a copy of the code; `npm run test:slow` takes away all of them. */
import { mutants } from '../slow/mutations/mutants.ts';
import { expectKilled } from '../support/mutants.ts';

const SAMPLE = [/^the validity rule/, /^the comparison of baseOffset/, /^refused command ids are remembered/];

describe('the code without one of some guards', function () {
  this.timeout(120_000);

  for (const mutant of mutants.filter(({ guard }) => SAMPLE.some((one) => one.test(guard)))) {
    it(`turns the model red: ${mutant.guard}`, () => expectKilled(mutant));
  }
});
