/** kill -9 of the command processor at every await that matters, under load, in several namespaces at the same time. */
import type { Counts } from '../../support/checker.ts';
import { dieAt } from '../../support/crash.ts';
import { type Failpoint, failpoints } from '../../support/failpoints.ts';
import { type Cases, runInLanes } from '../../support/fault-lane.ts';
import { servers } from '../../support/servers.ts';

const LANES = 7;
const PARTITIONS = 2;

/** Points that a processor passes again and again are met in the midst of it. */
const hits: Partial<Record<Failpoint, number>> = {
  'codec.learn:before': 4,
  'codec.learn:after': 4,
  'store.load:before': 4,
  'store.load:after': 4,
  'park:before': 2,
  'park:after': 2,
  'append:before': 3,
  'append:after': 3,
  'append:seen': 3,
  'reply:before': 3,
  'reply:after': 3,
  'store.flush:before': 3,
  'store.flush:after': 3,
};

const deaths: { at: Failpoint; hits: number }[] = [
  ...failpoints.map((at) => ({ at, hits: hits[at] ?? 1 })),
  // While it reads what the one before it left, and when it goes over to deciding.
  { at: 'store.load:after', hits: 1 },
  { at: 'seek:after', hits: 2 * PARTITIONS + 1 },
];

describe('kill -9 of the command processor', function () {
  this.timeout(300_000);
  let cases: Cases<Counts>;

  before(async () => {
    const lanes = { count: LANES, configOf: () => servers({ partitions: PARTITIONS }) };
    cases = await runInLanes(
      lanes,
      deaths.map(
        ({ at, hits }) =>
          (lane) =>
            dieAt(lane, at, hits),
      ),
    );
  });

  after(async () => {
    await cases?.close();
  });

  for (const [index, death] of deaths.entries()) {
    it(`at ${death.at}, the ${death.hits}. time`, async function () {
      const { commands, valid } = await cases.outcome(index);
      if (this.test) this.test.title += `: hit; ${commands} commands and ${valid} events check out`;
    });
  }
});
