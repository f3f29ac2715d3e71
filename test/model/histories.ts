/**
 * Runs the model by the number: `npm test` some, `npm run test:slow` many. A failure prints the smallest history that was
 * found, and `seed` and `path`: beside `numRuns` below, they play it again.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type History, history, play } from './history.ts';
import { violations } from './rules.ts';
import { loadOtherVersion, thisVersion } from './versions.ts';

/** How long one history may take on a busy machine; most take 10 ms. */
const MS_EACH = 200;
/** Left of the time to say what was found. */
const SAY_MS = 10_000;
/** What is wrong is mostly wrong again and again. */
const MOST_SAID = 10;

/** Tests that `count` random histories break no rule, and that they had in them what makes them worth running. */
export function histories(count: number): void {
  const seen = { accepted: 0, rejected: 0, repeated: 0, void: 0 };
  let other: Awaited<ReturnType<typeof loadOtherVersion>>;

  before(async () => {
    other = await loadOtherVersion();
  });
  after(() => other?.remove());

  async function holds(one: History): Promise<void> {
    const told = await play(one, [thisVersion, other.version]);
    seen.void += told.world.metrics.void;
    for (const { answer } of told.world.given) {
      seen[answer.outcome] += 1;
      if (answer.repeated) seen.repeated += 1;
    }
    const found = violations(told);
    if (found.length > 0) throw new Error(found.slice(0, MOST_SAID).join('\n'));
  }

  it(`breaks no rule in ${count} of them`, async () => {
    const limits = { interruptAfterTimeLimit: MS_EACH * count, markInterruptAsFailure: true };
    await fc.assert(fc.asyncProperty(history, holds), { numRuns: count, ...limits });
    for (const [what, times] of Object.entries(seen)) expect(times, `${what} in all histories`).to.be.above(count / 2);
  }).timeout(MS_EACH * count + SAY_MS);
}
