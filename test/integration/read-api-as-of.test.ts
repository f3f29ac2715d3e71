import { expect } from 'chai';
import type { Operator } from '../../projections/operator/app.ts';
import { sale } from '../support/documents.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';

const year = 'from: "2026-01-01", to: "2026-12-31", timeZone: "UTC", currency: "GBP"';
const sales = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => sale(`${prefix}-${index}`, { customerId: `c-${index}` }));

describe('read API: time travel', function () {
  this.timeout(120_000);
  let bench: Bench;
  let operator: Operator;
  let api: TestReadApi;
  let vector: Record<string, number>;

  before(async () => {
    bench = await openBench({ partitions: 3, storeTimeZone: 'UTC' });
    operator = await openOperator(bench);
    api = await startTestReadApi(bench.config);
    await bench.startWorker();
    await bench.log.append(sales('early', 20));
    vector = Object.fromEntries(await bench.log.ends());
    await bench.log.append(sales('late', 10));
    await bench.caughtUp();
    await operate(bench, 'as-of', { label: 'before_late', vector });
  });

  after(async () => {
    await operator?.stop();
    await bench?.close();
    await api?.stop();
  });

  /** Every kind of question, to be asked of now and then. */
  const figures = `{
    revenue(${year}, granularity: MONTH) { totals { orders } notIncluded }
    currencies { orders }
    categories(${year}) { orders }
    channels(${year}) { orders }
    countries(${year}) { orders }
    products(from: "2026-01-01", to: "2026-12-31", currency: "GBP") { orders }
    paymentMethods(${year}) { payments }
    customers(currency: "GBP", first: 100) { nodes { orders } }
    customerCounts(${year}, granularity: MONTH) { totals { newCustomers } }
    sales(first: 100) { nodes { id refunds { refundId } } }
    sale(id: "late-1") { id }
    positions { partition nextOffset }
    pipeline { asOf notIncluded dataAsOf halts { partition } projections { name status label differences } } }`;

  interface Figures {
    revenue: { totals: { orders: number } };
    currencies: { orders: number }[];
    customers: { nodes: unknown[] };
    sales: { nodes: unknown[] };
    sale: unknown;
    positions: { partition: number; nextOffset: number }[];
    pipeline: {
      asOf: string | null;
      projections: { name: string; status: string; label: string; differences: number }[];
    };
  }

  it('answers every question from the figures as they stood, and the live ones beside them', async () => {
    const then = await api.query<Figures>(`query @asOf(label: "before_late") ${figures}`);
    expect(then.errors).to.equal(undefined);
    expect(then.data).to.deep.include({
      ...{
        revenue: { totals: { orders: 20 }, notIncluded: 0 },
        currencies: [{ orders: 20 }],
        categories: [{ orders: 20 }],
      },
      ...{ channels: [{ orders: 20 }], countries: [{ orders: 20 }], products: [{ orders: 20 }] },
      ...{ paymentMethods: [{ payments: 20 }], customerCounts: { totals: { newCustomers: 20 } }, sale: null },
    });
    expect(then.data.customers.nodes).to.have.length(20);
    expect(then.data.sales.nodes).to.have.length(20);
    expect(Object.fromEntries(then.data.positions.map((one) => [one.partition, one.nextOffset]))).to.deep.equal(vector);
    expect(then.data.pipeline).to.deep.include({ asOf: 'before_late', notIncluded: 0, halts: [] });
    for (const one of then.data.pipeline.projections) {
      expect(one).to.deep.include({ status: 'LIVE', label: 'before_late', differences: 0 });
    }
    const now = await api.query<Figures>(figures);
    expect(now.data.revenue.totals.orders).to.equal(30);
    expect(now.data.sale).to.deep.equal({ id: 'late-1' });
    expect(now.data.pipeline.asOf).to.equal(null);
    const labels = now.data.pipeline.projections.filter(({ status }) => status === 'AS_OF').map(({ label }) => label);
    expect(new Set(labels)).to.deep.equal(new Set(['before_late']));
  });

  it('takes the label from a variable, and the operation by its name', async () => {
    const text = `query Then($label: String! = "before_late") @asOf(label: $label) { currencies { orders } }`;
    expect((await api.query(text)).data).to.deep.equal({ currencies: [{ orders: 20 }] });
    expect((await api.query(text, { label: 'nothing' })).errors?.[0]?.extensions.code).to.equal('NOT_FOUND');
    const { errors } = await api.query(text, { label: 7 });
    expect(errors?.[0]?.message).to.match(/String cannot represent a non string value: 7/);
  });

  it('refuses labels that there are not, text that is none, and subscriptions', async () => {
    const refusal = async (label: string) => {
      const { data, errors } = await api.query(
        `query @asOf(label: ${JSON.stringify(label)}) { currencies { orders } }`,
      );
      expect(data).to.equal(undefined);
      return errors?.map(({ message, extensions }) => `${extensions.code} ${message}`);
    };
    expect(await refusal('tomorrow')).to.deep.equal([
      'NOT_FOUND No figures are kept under the label tomorrow. There are: before_late.',
    ]);
    expect((await refusal('x"; drop schema public; --'))?.[0]).to.match(/^BAD_USER_INPUT .* is not a label/);
    const { errors } = await api.query('subscription @asOf(label: "before_late") { live { kind } }');
    expect(errors?.[0]?.message).to.equal('Directive "@asOf" may not be used on SUBSCRIPTION.');
    expect(errors?.[0]?.extensions.code).to.equal('GRAPHQL_VALIDATION_FAILED');
  });

  it('gives its connections back, and forgets what was dropped', async () => {
    const then = 'query @asOf(label: "before_late") { currencies { orders } }';
    const other = 'query @asOf(label: "tomorrow") { currencies { orders } }';
    await Promise.all(Array.from({ length: 30 }, (_, index) => api.query(index % 2 ? then : other)));
    expect((await operate(bench, 'drop-as-of', { label: 'before_late' })).status).to.equal('done');
    const { errors } = await api.query(then);
    expect(errors?.[0]?.message).to.equal('No figures are kept under the label before_late. There are none.');
  });
});
