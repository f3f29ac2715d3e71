/** kill -9 of the operator at many moments of a rebuild of everything, while sales come in. */
import { expect } from 'chai';
import { type Generation, listGenerations } from '../../../projections/generations.ts';
import { requestOperation } from '../../../projections/operations.ts';
import { everything } from '../../../projections/operator/names.ts';
import { rejection } from '../../support/documents.ts';
import { kill, operateThrough } from '../../support/killed-operators.ts';
import { expectNothingLeft } from '../../support/left-behind.ts';
import { appendMany, documents, keepAppending } from '../../support/live-traffic.ts';
import { untilEnded } from '../../support/operator.ts';
import { startProjectionProcess } from '../../support/projection-process.ts';
import { type Bench, openBench } from '../../support/projection-worker.ts';
import { until } from '../../support/services.ts';

const FOLDED = 'select \\* from moved';
const COMMIT = '^commit$';

/** In the order in which a rebuild comes by them. */
const deaths = [
  kill('before it makes the first table', { statement: '^create table', at: 'before' }),
  kill('with half of the tables made', { statement: '^create table', hits: 4 }),
  kill('as it commits the tables', { statement: '^create table', hits: 8 }, { statement: COMMIT, at: 'sent' }),
  kill('with rows written and not committed', { statement: FOLDED, hits: 2 }),
  kill('as it commits rows', { statement: FOLDED, hits: 3 }, { statement: COMMIT, at: 'sent' }),
  kill('with rows of every table committed', { statement: FOLDED, hits: 16 }, { statement: COMMIT }),
  kill('in the middle of an index', { statement: '^create unique index.*sales_g2_key', at: 'sent' }),
  kill('with some of the indexes', { statement: '^create .*index', hits: 3 }),
  kill('before it hands the tables over', { statement: 'set status = \\$3', at: 'before' }),
  kill('as it hands the tables over', { statement: 'set status = \\$3', hits: 8 }, { statement: COMMIT, at: 'sent' }),
  kill('with the tables handed over', { statement: 'begin isolation level repeatable read', at: 'before' }),
  kill('while it verifies', { statement: '^fetch', hits: 4 }),
  kill('with some of the tables verified', { statement: 'insert into .*verifications', hits: 3 }),
  kill('while it promotes', { statement: 'create view', hits: 3 }),
  kill('as it commits the swap', { statement: 'create view', hits: 8 }, { statement: COMMIT, at: 'sent' }),
];

describe('kill -9 of the operator', function () {
  this.timeout(600_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench({ partitions: 3 });
  });

  after(async () => {
    await bench?.close();
  });

  it(`${deaths.length} times in a rebuild of everything, under live traffic`, async function () {
    await appendMany(bench.log, documents('before', 12_000));
    // Events that no table keeps count like all others for how often a rebuild commits.
    const rejected = Array.from({ length: 220_000 }, (_, index) => rejection(`rejected-${index}`));
    await appendMany(bench.log, rejected);
    const worker = await startProjectionProcess(bench.config, 'projection-worker');
    await bench.caughtUp(90_000);
    const finishAppending = keepAppending(bench.log, 'meanwhile');
    const { operation, resumed } = await worker.whileRuns(operateThrough(bench, 'rebuild', deaths));
    const bursts = await finishAppending();
    expect(operation).to.deep.include({ status: 'done' });
    expect(operation.outcome).to.deep.include({ promoted: true });
    expect(Math.max(...resumed.map(({ committed }) => committed))).to.be.greaterThan(200_000);
    for (const { committed, began } of resumed) expect(began).to.be.at.least(committed);
    await bench.caughtUp(30_000);
    await bench.expectEqualToLog();
    await expectNothingLeft(bench, ['1 previous', '2 live']);
    const { rows } = await bench.pool.query(`select from ${bench.schema}.halts`);
    expect(rows).to.deep.equal([]);
    expect(new Set((await listGenerations(bench.pool, bench.schema)).map((one) => one.operation))).to.deep.equal(
      new Set([null, operation.id]),
    );
    await worker.stop();
    const places = resumed.map(({ committed }) => committed).join(', ');
    if (this.test) this.test.title += `: goes on from ${places} events; ${bursts} bursts of sales came in`;
  });

  it('while another one stands by: that one goes on', async () => {
    const { pool, schema, config } = bench;
    const worker = await startProjectionProcess(config, 'projection-worker');
    const projections = everything.map(({ name }) => name);
    const id = await requestOperation(pool, schema, 'rebuild', { projections });
    const [one, other] = await Promise.all(
      [1, 2].map(() => startProjectionProcess(config, 'operator', undefined, { SALES_LOG_LEVEL: 'info' })),
    );
    if (!one || !other) throw new Error('two were started');
    const begun = (operator: typeof one) => operator.output().includes('operation begins');
    await until('one begins', () => begun(one) || begun(other), 40_000);
    const [busy, idle] = begun(one) ? [one, other] : [other, one];
    await idle.ready();
    await until('tables are there', async () => (await listGenerations(pool, schema)).some(isBuilding), 40_000);
    expect(begun(idle)).to.equal(false);
    busy.kill('SIGKILL');
    const operation = await idle.whileRuns(untilEnded(bench, id, 120_000));
    expect(operation.outcome).to.deep.include({ promoted: true });
    expect(begun(idle)).to.equal(true);
    await Promise.all([idle.stop(), worker.stop()]);
    await expectNothingLeft(bench, ['2 previous', '3 live']);
  });

  it('as it commits a rollback: that is not taken back when it is resumed', async () => {
    const worker = await startProjectionProcess(bench.config, 'projection-worker');
    const steps = [{ statement: 'create view', hits: 8 }, { statement: COMMIT }];
    const { operation } = await worker.whileRuns(
      operateThrough(bench, 'rollback', [kill('with it committed', ...steps)]),
    );
    expect(operation.status).to.equal('done');
    await expectNothingLeft(bench, ['2 live', '3 previous']);
    await worker.stop();
  });
});

function isBuilding({ status }: Generation): boolean {
  return status === 'building';
}
