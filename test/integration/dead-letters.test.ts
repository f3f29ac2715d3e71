import { expect } from 'chai';
import { requestOperation } from '../../projections/operations.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { listParked } from '../../projections/parked.ts';
import { sales } from '../support/documents.ts';
import { deleteBelow, writeTransaction } from '../support/log-faults.ts';
import { openOperator, operate, untilEnded } from '../support/operator.ts';
import { type Bench, isPoison, openBench, park } from '../support/projection-worker.ts';
import { prove } from '../support/verify.ts';

describe('dead letters', function () {
  this.timeout(60_000);
  let bench: Bench;
  let operator: Operator;

  beforeEach(async () => {
    bench = await openBench({ partitions: 1 });
    operator = await openOperator(bench);
  });

  afterEach(async () => {
    await operator.stop();
    await bench.close();
  });

  async function expectProven(projection: string, generations: readonly number[]): Promise<void> {
    for (const generation of generations) {
      const { first } = await prove(bench, projection, { generation });
      expect(first, `${projection} ${generation}`).to.equal(undefined);
    }
  }

  const parkedFor = async (projection: string) =>
    (await listParked(bench.pool, bench.schema, { projection })).map(({ generation }) => generation);

  it('are not discarded where a generation has them, until that is gone or none lacks them', async () => {
    await park(bench, [...sales('poison', 1), ...sales('good', 5)]);
    await bench.startWorker();
    await operate(bench, 'rebuild', { projections: ['revenue'] });
    const refused = await operate(bench, 'dlq-discard', { projection: 'revenue', reason: 'not wanted' });
    expect(refused.status).to.equal('failed');
    expect(refused.outcome?.error).to.match(
      /^0:0 is in the figures of revenue: generation 2 \(live\) has it, generation 1 \(previous\) lacks it\. Retry it/,
    );
    await expectProven('revenue', [1, 2]);
    const retried = await operate(bench, 'dlq-retry', { projection: 'revenue' });
    expect(retried.outcome).to.deep.equal({ retried: 1, left: 0 });
    await expectProven('revenue', [1, 2]);
  });

  it('are discarded beside a set that stands for ever, which keeps what it has', async () => {
    await park(bench, [...sales('poison', 1), ...sales('good', 5)]);
    await operate(bench, 'as-of', { label: 'whole', vector: { 0: 6 } });
    await operate(bench, 'as-of', { label: 'empty', vector: { 0: 0 } });
    const { outcome } = await operate(bench, 'dlq-discard', { projection: 'categories', reason: 'not wanted' });
    expect(outcome).to.deep.equal({ discarded: ['0:0'] });
    await operate(bench, 'as-of', { label: 'without', vector: { 0: 6 } });
    await expectProven('categories', [1, 2, 3, 4]);
    expect(await parkedFor('categories')).to.deep.equal([]);
    const { rows } = await bench.pool.query(`select passed_by from ${bench.schema}.discarded`);
    expect(rows).to.deep.equal([{ passed_by: [2] }]);
  });

  it('stay out when they were discarded, though they are parked', async () => {
    await park(bench, [...sales('poison', 1), ...sales('good', 5)]);
    const parked = `insert into ${bench.schema}.parked select 'sales', 1, 0, 0, 'failure', 'error'`;
    await operate(bench, 'dlq-discard', { projection: 'sales', reason: 'not wanted' });
    await bench.pool.query(parked);
    const { outcome } = await operate(bench, 'dlq-retry', { projection: 'sales' });
    expect(outcome).to.deep.equal({ retried: 0, left: 0 });
    expect(await parkedFor('sales')).to.deep.equal([]);
    await expectProven('sales', [1]);
  });

  it('stay and are named when the log has lost them, and the others are folded in', async () => {
    await bench.log.append([...sales('poison-early', 1), ...sales('good', 2), ...sales('poison-middle', 1)]);
    await writeTransaction(bench, 0);
    await bench.pool.query(
      `insert into ${bench.schema}.accepted_losses (partition, lost_from, lost_to, reason)
       values (0, 0, 2, 'the start'), (0, 5, 6, 'the end of a transaction')`,
    );
    await park(bench, [...sales('poison-late', 1), ...sales('more', 3)]);
    await deleteBelow(bench, 0, 2);
    const { outcome } = await operate(bench, 'dlq-retry', { projection: 'sales' });
    expect(outcome).to.deep.equal({ retried: 2, left: 1, lost: ['0:0'] });
    const { rows } = await bench.pool.query(`select count(*) as count from ${bench.schema}.sales`);
    expect(rows).to.deep.equal([{ count: 7 }]);
  });

  it('stay and are named when another event stands in the place of theirs', async () => {
    await park(bench, [...sales('poison', 2), ...sales('good', 3)]);
    const { pool, schema } = bench;
    const places = await pool.query(`select distinct event from ${schema}.parked`);
    for (const { event } of places.rows) expect(event).to.match(/^md5:[0-9a-f]{32}$/);
    await pool.query(`update ${schema}.parked set event = 'md5:0' where "offset" = 0`);
    const { outcome } = await operate(bench, 'dlq-retry', { projection: 'sales' });
    expect(outcome).to.deep.equal({ retried: 1, left: 1, replaced: ['0:0'] });
    expect((await listParked(pool, schema, { projection: 'sales' })).map(({ offset }) => offset)).to.deep.equal([0]);
    await expectProven('sales', [1]);
    // What could be decoded is known by its id; of what earlier versions have parked nobody knows.
    await pool.query(`update ${schema}.parked set event = 'SaleRecorded:poison-0' where projection = 'sales'`);
    await pool.query(`update ${schema}.parked set event = null where projection = 'revenue'`);
    expect((await operate(bench, 'dlq-retry', { projection: 'sales' })).outcome).to.include({ retried: 1, left: 0 });
    expect((await operate(bench, 'dlq-retry', { projection: 'revenue' })).outcome).to.include({ retried: 2, left: 0 });
  });

  it('just stay when they were known by their ids and can not be decoded any more', async () => {
    await park(bench, [...sales('poison', 1), ...sales('good', 3)]);
    await bench.pool.query(
      `update ${bench.schema}.parked set event = 'SaleRecorded:poison-0' where projection = 'sales'`,
    );
    await operator.stop();
    operator = await openOperator(bench, { poison: isPoison });
    const { outcome } = await operate(bench, 'dlq-retry', { projection: 'sales' });
    expect(outcome).to.deep.equal({ retried: 0, left: 1 });
  });

  it('are counted once by two retries at the same time', async () => {
    await park(bench, [...sales('poison', 10), ...sales('good', 5)]);
    const asked = [1, 2].map(() => requestOperation(bench.pool, bench.schema, 'dlq-retry', { projection: 'sales' }));
    let retried = 0;
    for (const id of await Promise.all(asked)) {
      const { outcome } = await untilEnded(bench, id);
      expect(outcome?.left ?? 0).to.equal(0);
      retried += Number(outcome?.retried ?? 0);
    }
    expect(retried).to.equal(10);
    await expectProven('sales', [1]);
  });

  it('end a retry whose operator died after the last of them', async () => {
    await operator.stop();
    await park(bench, [...sales('poison', 3), ...sales('good', 5)]);
    const id = await requestOperation(bench.pool, bench.schema, 'dlq-retry', { projection: 'sales' });
    operator = await openOperator(bench);
    const first = await untilEnded(bench, id);
    expect(first.outcome).to.deep.equal({ retried: 3, left: 0 });
    await bench.pool.query(
      `update ${bench.schema}.operations set status = 'running', outcome = null, finished_at = null where id = $1`,
      [id],
    );
    const resumed = await untilEnded(bench, id);
    expect(resumed).to.deep.include({ status: 'done', outcome: { retried: 3, left: 0 } });
  });
});
