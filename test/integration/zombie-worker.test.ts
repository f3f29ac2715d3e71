/** One of the moments of test/slow/projections/workers.test.ts. */
import { openBench } from '../support/projection-worker.ts';
import { reviveWorker, stopAt } from '../support/zombie-worker.ts';

describe('a projection worker that is stopped beyond its session with its commit done', () => {
  it('harms nothing when it goes on: tables, windows and checkpoints equal the log', async () => {
    const bench = await openBench({ partitions: 2 });
    await reviveWorker(bench, 2, stopAt('with its commit done', 'after', 15));
    await bench.close();
  });
});
