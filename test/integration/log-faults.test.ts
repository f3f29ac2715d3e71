/** One of the faults of test/slow/projections/log-faults.test.ts. */
import { expect } from 'chai';
import { documents } from '../support/live-traffic.ts';
import {
  acceptLoss,
  expectEqualOnceRebuilt,
  untilHalted,
  untilLevel,
  writeTransaction,
} from '../support/log-faults.ts';
import { openOperator } from '../support/operator.ts';
import { checkpointsOf, openBench } from '../support/projection-worker.ts';

describe('a log with a hole, where a transaction of somebody else ended', () => {
  it('halts its partition there, all before it being folded in, until the loss is accepted', async () => {
    const bench = await openBench({ partitions: 3 });
    const operator = await openOperator(bench);
    await bench.log.append(documents('before', 120));
    await bench.startWorker();
    await bench.caughtUp();
    await writeTransaction(bench, 2);
    const hole = ((await bench.log.ends()).get(2) ?? 0) - 1;
    await bench.log.append(documents('behind', 60));
    const [halt] = await untilHalted(bench, [2]);
    expect(halt).to.deep.include({ reason: 'LogLostError', lost: { from: hole, to: hole + 1 } });
    await untilLevel(bench, [0, 1]);
    expect((await checkpointsOf(bench)).get(2)).to.equal(hole);
    expect(await acceptLoss(bench, 2)).to.deep.equal({ partition: 2, from: hole, to: hole + 1 });
    await bench.caughtUp();
    await bench.expectEqualToLog();
    await expectEqualOnceRebuilt(bench);
    expect(bench.failures).to.deep.equal([]);
    await operator.stop();
    await bench.close();
  });
});
