import { expect } from 'chai';
import type { Event } from '../../domain/messages.generated.ts';
import { sale } from '../support/documents.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';

const year = 'from: "2026-01-01", to: "2026-12-31", timeZone: "UTC", currency: "GBP"';

interface Generation {
  name: string;
  parked: number;
  discarded: number;
  lost: number;
}

/** Valid, and nothing can be folded of it but what looks at no line. */
function broken(saleId: string): Event {
  return { type: 'SaleRecorded', data: { ...sale(saleId).data, lines: null } } as unknown as Event;
}

describe('read API: what figures lack', function () {
  this.timeout(60_000);
  let api: TestReadApi;

  before(async function () {
    this.timeout(180_000);
    api = await startTestReadApi();
    await api.record([sale('one'), broken('two'), broken('three'), sale('four')]);
  });

  after(() => api?.stop());

  async function lacking() {
    const { data, errors } = await api.query<{
      revenue: { notIncluded: number; totals: { orders: number } };
      pipeline: { notIncluded: number; projections: Generation[] };
    }>(`{
      revenue(${year}, granularity: MONTH) { notIncluded totals { orders } }
      sales(first: 1) { notIncluded }
      customers(currency: "GBP") { notIncluded }
      pipeline { notIncluded projections { name parked discarded lost } } }`);
    expect(errors).to.equal(undefined);
    return data;
  }

  it('is counted once, however many projections lack it, and said beside the figures', async () => {
    const { pipeline, revenue, ...others } = await lacking();
    expect(revenue).to.deep.equal({ notIncluded: 2, totals: { orders: 2 } });
    // The customers of these sales are not known: nothing of them is needed.
    expect(others).to.deep.equal({ sales: { notIncluded: 2 }, customers: { notIncluded: 0 } });
    expect(pipeline.notIncluded).to.equal(2);
    const of = (name: string) => pipeline.projections.find((generation) => generation.name === name);
    expect(of('products')).to.deep.equal({ name: 'products', parked: 2, discarded: 0, lost: 0 });
    expect(of('customers')).to.deep.equal({ name: 'customers', parked: 0, discarded: 0, lost: 0 });
  });

  it('is still counted when an operator has decided to do without', async () => {
    const ns = api.config.namespace;
    await api.pool.query(`insert into ${ns}.discarded (projection, partition, "offset", failure, reason)
      select projection, partition, "offset", failure, 'a test sale' from ${ns}.parked where "offset" = 1`);
    await api.pool.query(`delete from ${ns}.parked where "offset" = 1`);
    const { pipeline, revenue } = await lacking();
    expect([pipeline.notIncluded, revenue.notIncluded]).to.deep.equal([2, 2]);
    const [products] = pipeline.projections.filter(({ name }) => name === 'products');
    expect(products).to.deep.equal({ name: 'products', parked: 1, discarded: 1, lost: 0 });
  });

  it('is counted too when the log has lost it and that was accepted', async () => {
    const ns = api.config.namespace;
    const lose = (projection: string, ...lost: [passed: number, ends: number]) =>
      api.pool.query(`update ${ns}.checkpoints set lost = $2, lost_ends = $3 where projection = $1 and partition = 0`, [
        projection,
        ...lost,
      ]);
    await lose('revenue', 5, 0);
    await lose('sales', 4, 3);
    const { pipeline, revenue, ...others } = await lacking();
    expect([pipeline.notIncluded, revenue.notIncluded]).to.deep.equal([9, 7]);
    expect(others).to.deep.equal({ sales: { notIncluded: 9 }, customers: { notIncluded: 0 } });
    expect(pipeline.projections.find(({ name }) => name === 'sales')?.lost).to.equal(7);
    await lose('revenue', 0, 0);
    await lose('sales', 0, 0);
    // So it is with figures that earlier versions kept under a label.
    await api.pool.query(`alter table ${ns}.checkpoints rename column lost to lost_later`);
    expect((await lacking()).pipeline.notIncluded).to.equal(2);
    await api.pool.query(`alter table ${ns}.checkpoints rename column lost_later to lost`);
  });

  it('tells generations, what was verified, and partitions that stand still', async () => {
    const ns = api.config.namespace;
    await api.pool.query(`insert into ${ns}.verifications (projection, generation, vector, rows, differences, verified_at)
      values ('revenue', 1, '{}', 9, 9, '2026-01-01T00:00:00Z'), ('revenue', 1, '{}', 9, 0, '2026-02-01T00:00:00Z')`);
    await api.pool.query(`insert into ${ns}.halts (partition, reason, detail, since)
      values (3, 'LogLostError', 'The log ends before.', '2026-03-01T00:00:00Z')`);
    const { data, errors } = await api.query<{ pipeline: { projections: { name: string }[]; halts: unknown } }>(`{
      pipeline { asOf halts { partition reason detail since }
        projections { name generation version status label verifiedAt differences positions { partition nextOffset } } } }`);
    expect(errors).to.equal(undefined);
    expect(data.pipeline).to.deep.include({
      asOf: null,
      halts: [
        {
          ...{ partition: 3, reason: 'LogLostError', detail: 'The log ends before.' },
          since: '2026-03-01T00:00:00.000Z',
        },
      ],
    });
    const revenue = data.pipeline.projections.find(({ name }) => name === 'revenue');
    expect(revenue).to.deep.include({ generation: 1, version: 2, status: 'LIVE', label: null });
    expect(revenue).to.deep.include({ verifiedAt: '2026-02-01T00:00:00.000Z', differences: 0 });
    const positions = Array.from({ length: api.config.partitions }, (_, partition) => ({ partition, nextOffset: 0 }));
    positions[0] = { partition: 0, nextOffset: 4 };
    expect(revenue).to.have.deep.property('positions', positions);
    expect(data.pipeline.projections.map(({ name }) => name)).to.include('live_window');
  });
});
