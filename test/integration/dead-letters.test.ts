import { expect } from 'chai';
import type { Operator } from '../../projections/operator/app.ts';
import { listParked } from '../../projections/parked.ts';
import { sale } from '../support/documents.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { prove } from '../support/verify.ts';

const sales = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => sale(`${prefix}-${index}`, { occurredAt: Date.now() - index * 20_000 }));

const poison = (event: { data: object }) => 'saleId' in event.data && String(event.data.saleId).startsWith('poison');

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

  /** Events that the projections were in no position to decode; from here on they are. */
  async function park(...events: Parameters<Bench['log']['append']>[0]): Promise<void> {
    await bench.log.append(events);
    const worker = await bench.startWorker({ poison });
    await bench.caughtUp();
    await worker.stop();
  }

  async function expectProven(projection: string, generations: readonly number[]): Promise<void> {
    for (const generation of generations) {
      const { first } = await prove(bench, projection, { generation });
      expect(first, `${projection} ${generation}`).to.equal(undefined);
    }
  }

  const parkedFor = async (projection: string) =>
    (await listParked(bench.pool, bench.schema, { projection })).map(({ generation }) => generation);

  it('are not discarded where a generation has them, until that is gone or none lacks them', async () => {
    await park(...sales('poison', 1), ...sales('good', 5));
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
    await park(...sales('poison', 1), ...sales('good', 5));
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
});
