import { expect } from 'chai';
import { graphql } from 'graphql';
import type pg from 'pg';
import { createPool } from '../../platform/postgres/index.ts';
import { buildSchema } from '../../read-api/schema.ts';
import { openSnapshot } from '../../read-api/snapshot.ts';
import { goodsReturn, refund, sale, voiding } from '../support/documents.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';

const january = 'from: "2026-01-01", to: "2026-01-31", timeZone: "UTC", currency: "GBP"';
const money = (amount: string) => ({ amount });

/** Two mugs at 5.00 and a plate of 8.00 less 1.00, 3.00 shipping, 2.00 tax: 22.00 in all. */
const lines = [
  { productId: 'mug', productName: 'Mug', category: 'Kitchen', quantity: 2, unitPrice: 5_000_000 },
  { productId: 'plate', productName: 'Plate', category: 'Table', quantity: 1, unitPrice: 8_000_000, discount: 100 },
];
const sold = { lines, shipping: 300, tax: 200 };
const at = (day: number) => Date.UTC(2026, 0, day, 12);

describe('read API: refunds and voids', function () {
  this.timeout(60_000);
  let api: TestReadApi;
  let pool: pg.Pool;

  before(async function () {
    this.timeout(180_000);
    api = await startTestReadApi();
    pool = createPool(api.config, { applicationName: 'test', max: 2 });
    const partial = sale('partial', { ...sold, occurredAt: at(10) });
    const whole = sale('whole', { ...sold, occurredAt: at(10) });
    const mistake = sale('mistake', {
      ...sold,
      occurredAt: at(12),
      lines: [{ category: 'Never sold', productId: 'no' }],
    });
    const mug = { lineId: '1', productId: 'mug', productName: 'Mug', category: 'Kitchen' };
    const back = { lines: [{ ...mug, quantity: 1, amount: 500 }], shipping: 0, tax: 50 };
    await api.record([
      partial,
      whole,
      mistake,
      sale('in yen, by mistake', { occurredAt: 0, currency: 'JPY' }),
      goodsReturn('back', { occurredAt: at(11) }),
      refund(partial, 'r-1', { ...back, occurredAt: at(20), payments: [{ method: 'card', amount: 550 }] }),
      refund(whole, 'r-1', { occurredAt: at(21) }),
      voiding(mistake, { occurredAt: at(25) }),
      voiding(sale('in yen, by mistake', { occurredAt: 0, currency: 'JPY' }), { occurredAt: at(25) }),
    ]);
  });

  after(async () => {
    await pool?.end();
    await api?.stop();
  });

  it('count on the day of the refund, and take a voided sale out of its own day', async () => {
    const { data, errors } = await api.query<{ revenue: { buckets: unknown[]; totals: unknown } }>(`{
      revenue(${january}, granularity: DAY) {
        buckets { orders gross { amount } refunds { amount } net { amount } }
        totals { gross { amount } discounts { amount } returns { amount } refunds { amount } net { amount }
          shipping { amount } refundedShipping { amount } tax { amount } refundedTax { amount } total { amount }
          orders units returnCount returnedUnits refundCount refundedUnits averageOrderValue { amount } } } }`);
    expect(errors).to.equal(undefined);
    const { buckets, totals } = data.revenue;
    const nothing = { orders: 0, gross: money('0.00'), refunds: money('0.00'), net: money('0.00') };
    expect(buckets[9]).to.deep.equal({ ...nothing, orders: 2, gross: money('36.00'), net: money('34.00') });
    expect(buckets[11]).to.deep.equal(nothing);
    expect(buckets[19]).to.deep.equal({ ...nothing, refunds: money('5.00'), net: money('-5.00') });
    expect(buckets[20]).to.deep.equal({ ...nothing, refunds: money('17.00'), net: money('-17.00') });
    expect(buckets[24]).to.deep.equal(nothing);
    expect(totals).to.deep.equal({
      ...{ gross: money('36.00'), discounts: money('2.00'), returns: money('12.00'), refunds: money('22.00') },
      ...{ net: money('0.00'), shipping: money('6.00'), refundedShipping: money('3.00') },
      ...{ tax: money('4.00'), refundedTax: money('2.50'), total: money('4.50') },
      ...{ orders: 2, units: 6, returnCount: 1, returnedUnits: 1, refundCount: 2, refundedUnits: 4 },
      averageOrderValue: money('17.00'),
    });
  });

  it('leave lists without what was never sold', async () => {
    const { data } = await api.query(`{
      categories(${january}) { category net { amount } refunds { amount } refundedUnits }
      products(${january}) { productId refundedUnits }
      paymentMethods(${january}) { method payments amount { amount } refunds { amount } refundCount net { amount } }
      currencies { code orders firstAt } }`);
    expect(data).to.deep.equal({
      categories: [
        { category: 'Table', net: money('7.00'), refunds: money('7.00'), refundedUnits: 1 },
        { category: 'Kitchen', net: money('5.00'), refunds: money('15.00'), refundedUnits: 3 },
        { category: 'Clothing', net: money('-12.00'), refunds: money('0.00'), refundedUnits: 0 },
      ],
      products: [
        { productId: 'plate', refundedUnits: 1 },
        { productId: 'mug', refundedUnits: 3 },
        { productId: 'p-1', refundedUnits: 0 },
      ],
      paymentMethods: [
        {
          ...{ method: 'card', payments: 2, amount: money('44.00'), refunds: money('27.50'), refundCount: 2 },
          net: money('4.50'),
        },
      ],
      currencies: [{ code: 'GBP', orders: 2, firstAt: '2026-01-10T12:00:00.000Z' }],
    });
  });

  it('show what happened to a sale', async () => {
    const { data, errors } = await api.query(`{
      partial: sale(id: "partial") { kind refundId soldAt voidedAt total { amount } refunded { amount } refundable { amount }
        refunds { refundId occurredAt position net { amount } shipping { amount } tax { amount } total { amount }
          lines { lineId productId productName category quantity amount { amount } } payments { method amount { amount } } } }
      whole: sale(id: "whole") { refunded { amount } refundable { amount } refunds { refundId } }
      mistake: sale(id: "mistake") { voidedAt total { amount } refunded { amount } refundable { amount } refunds { refundId } }
      back: sale(id: "back", kind: RETURN) { voidedAt refunded { amount } refundable { amount } refunds { refundId } }
      refund: sale(id: "partial", kind: REFUND, refundId: "r-1") { id kind refundId soldAt occurredAt net { amount }
        total { amount } units refundable { amount } lines { lineId quantity unitPrice { amount } gross { amount } } }
      void: sale(id: "mistake", kind: VOID) { id soldAt occurredAt total { amount } }
      none: sale(id: "partial", kind: REFUND, refundId: "r-2") { id } }`);
    expect(errors).to.equal(undefined);
    expect(data).to.deep.equal({
      partial: {
        ...{ kind: 'SALE', refundId: null, soldAt: null, voidedAt: null },
        ...{ total: money('22.00'), refunded: money('5.50'), refundable: money('16.50') },
        refunds: [
          {
            ...{ refundId: 'r-1', occurredAt: '2026-01-20T12:00:00.000Z', position: '0:5' },
            ...{ net: money('5.00'), shipping: money('0.00'), tax: money('0.50'), total: money('5.50') },
            lines: [
              {
                lineId: '1',
                productId: 'mug',
                productName: 'Mug',
                category: 'Kitchen',
                quantity: 1,
                amount: money('5.00'),
              },
            ],
            payments: [{ method: 'card', amount: money('5.50') }],
          },
        ],
      },
      whole: { refunded: money('22.00'), refundable: money('0.00'), refunds: [{ refundId: 'r-1' }] },
      mistake: {
        ...{ voidedAt: '2026-01-25T12:00:00.000Z', total: money('17.00'), refunded: money('0.00') },
        ...{ refundable: money('0.00'), refunds: [] },
      },
      back: { voidedAt: null, refunded: money('0.00'), refundable: money('0.00'), refunds: [] },
      refund: {
        ...{ id: 'partial', kind: 'REFUND', refundId: 'r-1' },
        ...{ soldAt: '2026-01-10T12:00:00.000Z', occurredAt: '2026-01-20T12:00:00.000Z' },
        ...{ net: money('5.00'), total: money('5.50'), units: 1, refundable: money('0.00') },
        lines: [{ lineId: '1', quantity: 1, unitPrice: money('0.00'), gross: money('5.00') }],
      },
      void: {
        ...{ id: 'mistake', soldAt: '2026-01-12T12:00:00.000Z', occurredAt: '2026-01-25T12:00:00.000Z' },
        total: money('17.00'),
      },
      none: null,
    });
  });

  it('list refunds and voids among the sales, and filter them by kind', async () => {
    type Kinds = Record<
      'all' | 'refunds' | 'voids',
      { nodes: { id: string; kind: string; refundId: string | null }[] }
    >;
    const { data } = await api.query<Kinds>(`{
      all: sales(first: 100) { nodes { id kind } }
      refunds: sales(first: 100, kind: REFUND) { nodes { id kind refundId } }
      voids: sales(first: 100, kind: VOID, currency: "GBP") { nodes { id kind refundId } } }`);
    expect(data.all.nodes).to.have.length(9);
    expect(data.refunds.nodes).to.deep.equal([
      { id: 'whole', kind: 'REFUND', refundId: 'r-1' },
      { id: 'partial', kind: 'REFUND', refundId: 'r-1' },
    ]);
    expect(data.voids.nodes).to.deep.equal([{ id: 'mistake', kind: 'VOID', refundId: null }]);
  });

  it('cost one statement for all sales of a page, and none when nobody asks', async () => {
    const statements = async (source: string) => {
      const snapshot = openSnapshot(pool);
      let count = 0;
      const rows: typeof snapshot.rows = (...statement) => {
        count += 1;
        return snapshot.rows(...statement);
      };
      const contextValue = { schema: api.config.namespace, snapshot: { ...snapshot, rows } };
      const { errors } = await graphql({ schema: buildSchema(), source, contextValue });
      await snapshot.close();
      expect(errors).to.equal(undefined);
      return count;
    };
    const later = 'voidedAt refunded { amount } refundable { amount } refunds { total { amount } }';
    expect(await statements(`{ sales(first: 100) { nodes { id ${later} } edges { node { ${later} } } } }`)).to.equal(2);
    expect(await statements('{ sales(first: 100) { nodes { id lines { gross { amount } } } } }')).to.equal(1);
    expect(await statements(`{ sales(first: 100, kind: RETURN) { nodes { ${later} } } }`)).to.equal(1);
  });

  it('refuse to guess which refund is meant', async () => {
    for (const args of ['id: "partial", kind: REFUND', 'id: "partial", refundId: "r-1"']) {
      const { errors } = await api.query(`{ sale(${args}) { id } }`);
      expect(errors?.[0]?.extensions.code).to.equal('BAD_USER_INPUT');
    }
  });
});
