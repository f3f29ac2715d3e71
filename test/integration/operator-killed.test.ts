/** A few of the moments of test/slow/projections/operator-killed.test.ts. */
import { expect } from 'chai';
import { requestOperation } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import { kill, operateThrough } from '../support/killed-operators.ts';
import { expectNothingLeft } from '../support/left-behind.ts';
import { documents, keepAppending } from '../support/live-traffic.ts';
import { openOperator, untilEnded } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';

const COMMIT = { statement: '^commit$', at: 'sent' } as const;

describe('the operator', function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench({ partitions: 2 });
    await bench.log.append(documents('before', 200));
    await bench.startWorker();
    await bench.caughtUp();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('resumes a rebuild that was killed with kill -9, and leaves nothing behind', async () => {
    const finishAppending = keepAppending(bench.log, 'meanwhile');
    const { operation } = await operateThrough(bench, 'rebuild', [
      kill('as it commits rows', { statement: 'select \\* from moved', hits: 3 }, COMMIT),
      kill('with the tables handed over', { statement: 'begin isolation level repeatable read', at: 'before' }),
      kill('as it commits the swap', { statement: 'create view', hits: 8 }, COMMIT),
    ]);
    await finishAppending();
    expect(operation.outcome).to.deep.include({ promoted: true });
    await bench.caughtUp();
    await bench.expectEqualToLog();
    await expectNothingLeft(bench, ['1 previous', '2 live']);
    expect(bench.failures).to.deep.equal([]);
  });

  it('works alone: of two, one takes an operation, and it is done once', async () => {
    const operators = await Promise.all([openOperator(bench), openOperator(bench)]);
    await bench.pool.query(
      `insert into ${bench.schema}.halts (partition, reason, detail, lost_from, lost_to) values (9, 'LogLostError', 'cut', 0, 1)`,
    );
    const projections = everything.map(({ name }) => name);
    const asked = await Promise.all([
      requestOperation(bench.pool, bench.schema, 'rebuild', { projections }),
      requestOperation(bench.pool, bench.schema, 'accept-loss', { partition: 9, reason: 'a test' }),
    ]);
    for (const id of asked) expect(await untilEnded(bench, id)).to.include({ status: 'done' });
    for (const operator of operators) await operator.stop();
    const { rows } = await bench.pool.query(
      `select (select count(*) from ${bench.schema}.verifications) as proofs,
       (select count(*) from ${bench.schema}.accepted_losses) as losses`,
    );
    expect(rows).to.deep.equal([{ proofs: projections.length, losses: 1 }]);
    await expectNothingLeft(bench, ['1 previous', '2 live']);
  });
});
