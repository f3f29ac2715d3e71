import { expect } from 'chai';
import pg from 'pg';
import { encodeLines, encodePayments } from '../../domain/ledger.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';
import { until } from '../support/services.ts';

const online = { currency: 'GBP', channel: 'online', country: 'GB' };
const london2011 = 'from: "2011-01-01", to: "2011-12-31", timeZone: "Europe/London", currency: "GBP"';

interface Position {
  partition: number;
  nextOffset: number;
}

interface Orders {
  code: string;
  orders: number;
}

interface Page {
  edges: { node: { position: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

describe('read API: queries', function () {
  this.timeout(60_000);
  let api: TestReadApi;

  const codes = async (query: string) => (await api.query(query)).errors?.map((error) => error.extensions.code);

  before(async function () {
    this.timeout(180_000);
    api = await startTestReadApi({ storeTimeZone: 'Europe/London' });
    const measures = { orders: 2, units: 5, gross: 10_000, discounts: 1000, shipping: 500, tax: 1900 };
    await api.insert('revenue', [
      revenueRow({ bucket: '2011-03-31T22:45:00Z', ...measures }),
      revenueRow({ bucket: '2011-03-31T23:00:00Z', ...measures, returns: 300, return_count: 1, returned_units: 2 }),
      revenueRow({ bucket: '2011-03-31T23:00:00Z', ...measures, channel: 'store' }),
      revenueRow({ bucket: '2011-03-31T23:00:00Z', ...measures, currency: 'JPY' }),
      revenueRow({ bucket: '2011-12-31T23:45:00Z', ...measures, orders: 1, gross: 333, discounts: 0, country: 'FR' }),
      revenueRow({ bucket: '2012-01-01T00:00:00Z', ...measures }),
    ]);
    await api.insert('categories', [
      categoryRow({ category: 'Books', gross: 700, orders: 1, units: 1 }),
      categoryRow({
        category: 'Tea',
        gross: 5000,
        discounts: 500,
        returns: 100,
        orders: 3,
        units: 9,
        returned_units: 1,
      }),
    ]);
    await api.insert('payment_methods', [
      {
        bucket: '2011-05-01T12:00:00Z',
        ...online,
        ...payment({ method: 'card', payments: 3, amount: 5000, returns: 700, return_count: 1 }),
      },
      { bucket: '2011-05-01T12:00:00Z', ...online, ...payment({ method: 'cash', payments: 1, amount: 4500 }) },
    ]);
    await api.insert('products', [
      productRow({ day: '2011-05-01', product_id: 'P1', product_name: 'Old name', gross: 900 }),
      productRow({
        day: '2011-05-02',
        product_id: 'P1',
        product_name: 'New name',
        gross: 100,
        returns: 50,
        returned_units: 1,
      }),
      productRow({ day: '2011-05-02', product_id: 'P2', product_name: 'Cup', gross: 2000 }),
      productRow({ day: '2012-05-02', product_id: 'P3', product_name: 'Later', gross: 9000 }),
    ]);
    await api.insert(
      'sales',
      Array.from({ length: 25 }, (_, index) => ledgerRow(index)),
    );
    await api.pool.query(
      `update ${pg.escapeIdentifier(api.config.namespace)}.checkpoints
       set next_offset = 25, recorded_at = '2024-01-01T00:00:24Z' where partition = 0`,
    );
  });

  after(() => api?.stop());

  it('answers the revenue query of the README as written', async () => {
    const { data, errors } = await api.query<{ revenue: { buckets: unknown[] } }>(`
      { revenue(from: "2010-12-01", to: "2011-12-31", timeZone: "Europe/London", granularity: MONTH, currency: "GBP") {
          buckets { start gross { amount currencyCode } returns { amount } net { amount } orders units } } }`);
    expect(errors).to.equal(undefined);
    const { buckets } = data.revenue;
    expect(buckets).to.have.length(13);
    expect(buckets[0]).to.deep.equal({
      ...{ start: '2010-12-01T00:00:00+00:00', gross: { amount: '0.00', currencyCode: 'GBP' } },
      ...{ returns: { amount: '0.00' }, net: { amount: '0.00' }, orders: 0, units: 0 },
    });
    expect(buckets[3]).to.deep.include({ start: '2011-03-01T00:00:00+00:00', orders: 2 });
    expect(buckets[4]).to.deep.equal({
      ...{ start: '2011-04-01T00:00:00+01:00', gross: { amount: '200.00', currencyCode: 'GBP' } },
      ...{ returns: { amount: '3.00' }, net: { amount: '177.00' }, orders: 4, units: 10 },
    });
    expect(buckets[12]).to.deep.include({ start: '2011-12-01T00:00:00+00:00', orders: 1 });
  });

  it('adds up totals by the published formulas, filtered by channel and country', async () => {
    const figures = `{ totals { gross { amount } discounts { amount } returns { amount } refunds { amount } net { amount }
      shipping { amount } tax { amount } total { amount } orders units returnCount returnedUnits averageOrderValue { amount } } }`;
    const { data } = await api.query<Record<string, { totals: Record<string, unknown> }>>(`{
      all: revenue(${london2011}, granularity: DAY) ${figures}
      store: revenue(${london2011}, granularity: WEEK, channel: "store") { totals { orders } }
      france: revenue(${london2011}, granularity: WEEK, country: "FR") { totals { orders averageOrderValue { amount } } }
      none: revenue(${london2011}, granularity: MONTH, country: "DE") { totals { orders averageOrderValue { amount } } }
      yen: revenue(from: "2011-01-01", to: "2011-12-31", timeZone: "UTC", granularity: MONTH, currency: "JPY") {
        totals { gross { amount currencyCode } } } }`);
    expect(data.all?.totals).to.deep.equal({
      ...{ gross: { amount: '303.33' }, discounts: { amount: '30.00' }, returns: { amount: '3.00' } },
      ...{ refunds: { amount: '0.00' }, net: { amount: '270.33' }, shipping: { amount: '20.00' } },
      ...{ tax: { amount: '76.00' }, total: { amount: '366.33' }, orders: 7, units: 20, returnCount: 1 },
      ...{ returnedUnits: 2, averageOrderValue: { amount: '39.05' } },
    });
    expect(data.store?.totals.orders).to.equal(2);
    expect(data.france?.totals).to.deep.equal({ orders: 1, averageOrderValue: { amount: '3.33' } });
    expect(data.none?.totals).to.deep.equal({ orders: 0, averageOrderValue: null });
    expect(data.yen?.totals.gross).to.deep.equal({ amount: '10000', currencyCode: 'JPY' });
  });

  it('gives the same totals for every granularity', async () => {
    const range = 'from: "2011-03-01", to: "2011-04-15", timeZone: "Europe/London", currency: "GBP"';
    const each = ['FIFTEEN_MINUTES', 'HOUR', 'DAY', 'WEEK', 'MONTH'].map(
      (granularity) =>
        `${granularity}: revenue(${range}, granularity: ${granularity}) { totals { net { amount } orders } }`,
    );
    const { data } = await api.query<Record<string, { totals: unknown }>>(`{ ${each.join(' ')} }`);
    for (const { totals } of Object.values(data)) {
      expect(totals).to.deep.equal({ net: { amount: '267.00' }, orders: 6 });
    }
  });

  it('lists currencies, categories, payment methods and products, best first', async () => {
    const { data } = await api.query(`{
      currencies { code decimals orders firstAt lastAt }
      categories(${london2011}) { category net { amount } orders units returnedUnits }
      paymentMethods(${london2011}) { method payments amount { amount } returns { amount } net { amount } returnCount }
      products(${london2011}) { productId productName net { amount } units returnedUnits timeZone }
      one: products(from: "2011-05-01", to: "2011-05-01", currency: "GBP", first: 1) { productName }
    }`);
    expect(data.currencies).to.deep.equal([
      { code: 'GBP', decimals: 2, orders: 9, firstAt: '2011-03-31T22:45:00.000Z', lastAt: '2012-01-01T00:00:00.000Z' },
      { code: 'JPY', decimals: 0, orders: 2, firstAt: '2011-03-31T23:00:00.000Z', lastAt: '2011-03-31T23:00:00.000Z' },
    ]);
    expect(data.categories).to.deep.equal([
      { category: 'Tea', net: { amount: '44.00' }, orders: 3, units: 9, returnedUnits: 1 },
      { category: 'Books', net: { amount: '7.00' }, orders: 1, units: 1, returnedUnits: 0 },
    ]);
    expect(data.paymentMethods).to.deep.equal([
      {
        method: 'cash',
        payments: 1,
        amount: { amount: '45.00' },
        returns: { amount: '0.00' },
        net: { amount: '45.00' },
        returnCount: 0,
      },
      {
        method: 'card',
        payments: 3,
        amount: { amount: '50.00' },
        returns: { amount: '7.00' },
        net: { amount: '43.00' },
        returnCount: 1,
      },
    ]);
    expect(data.products).to.deep.equal([
      {
        productId: 'P2',
        productName: 'Cup',
        net: { amount: '20.00' },
        units: 1,
        returnedUnits: 0,
        timeZone: 'Europe/London',
      },
      {
        productId: 'P1',
        productName: 'New name',
        net: { amount: '9.50' },
        units: 2,
        returnedUnits: 1,
        timeZone: 'Europe/London',
      },
    ]);
    expect(data.one).to.deep.equal([{ productName: 'Old name' }]);
  });

  it('pages through the ledger, every entry once, newest first', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 10; page += 1) {
      const text =
        'query($after: String) { sales(first: 4, after: $after) { edges { cursor node { position } } pageInfo { hasNextPage endCursor } } }';
      const { sales }: { sales: Page } = (await api.query<{ sales: Page }>(text, { after })).data;
      seen.push(...sales.edges.map((edge) => edge.node.position));
      after = sales.pageInfo.endCursor;
      if (!sales.pageInfo.hasNextPage) break;
    }
    // Two entries share each moment: the tie is broken by position.
    const expected = Array.from({ length: 25 }, (_, index) => index).sort(
      (left, right) => Math.floor(right / 2) - Math.floor(left / 2) || left - right,
    );
    expect(seen).to.deep.equal(expected.map((offset) => `0:${offset}`));
  });

  it('filters the ledger, and gives an entry with its lines and payments', async () => {
    type Nodes = { nodes: { id: string }[] };
    const { data } = await api.query<{ returns: Nodes; day: Nodes; sale: unknown; none: unknown }>(`{
      returns: sales(first: 100, kind: RETURN) { nodes { id kind } }
      day: sales(first: 100, from: "2011-06-01", to: "2011-06-01", timeZone: "UTC", currency: "GBP") { nodes { id } }
      sale(id: "S3") { id kind position occurredAt recordedAt currency channel country customerId units gross { amount }
        discounts { amount } net { amount } shipping { amount } tax { amount } total { amount currencyCode }
        lines { lineId productId productName category quantity unitPrice { amount currencyCode } gross { amount } discount { amount } }
        payments { method amount { amount } } }
      none: sale(id: "S3", kind: RETURN) { id }
    }`);
    expect(data.returns.nodes.map(({ id }) => id)).to.have.members(['S0', 'S10', 'S20']);
    expect(data.day.nodes).to.have.length(24);
    expect(data.none).to.equal(null);
    expect(data.sale).to.deep.equal({
      ...{ id: 'S3', kind: 'SALE', position: '0:3', occurredAt: '2011-06-01T01:00:00.000Z' },
      ...{
        recordedAt: '2024-01-01T00:00:03.000Z',
        currency: 'GBP',
        channel: 'online',
        country: 'GB',
        customerId: null,
      },
      ...{ units: 3, gross: { amount: '7.65' }, discounts: { amount: '0.65' }, net: { amount: '7.00' } },
      ...{ shipping: { amount: '1.00' }, tax: { amount: '1.60' }, total: { amount: '9.60', currencyCode: 'GBP' } },
      lines: [
        {
          ...{ lineId: '1', productId: 'P1', productName: 'Tea', category: 'Food', quantity: 3 },
          ...{
            unitPrice: { amount: '2.55', currencyCode: 'GBP' },
            gross: { amount: '7.65' },
            discount: { amount: '0.65' },
          },
        },
      ],
      payments: [{ method: 'card', amount: { amount: '9.60' } }],
    });
  });

  it('says which events it includes and as of when', async () => {
    const { data } = await api.query<{ positions: Position[]; pipeline: { version: string } }>(
      '{ positions { partition nextOffset } pipeline { dataAsOf storeTimeZone version } }',
    );
    expect(data.positions[0]).to.deep.equal({ partition: 0, nextOffset: 25 });
    expect(data.positions).to.have.length(api.config.partitions);
    expect(data.pipeline).to.deep.include({ dataAsOf: '2024-01-01T00:00:24.000Z', storeTimeZone: 'Europe/London' });
    expect(data.pipeline.version).to.match(/^\d+\.\d+\.\d+/);
  });

  it('takes all figures of one request from one snapshot, on one connection', async () => {
    // A writer moves rows and checkpoint together; every answer must show both or neither.
    const ns = pg.escapeIdentifier(api.config.namespace);
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await api.pool.query(`begin; update ${ns}.revenue_g1 set orders = orders + 1 where currency = 'JPY';
          update ${ns}.checkpoints set next_offset = next_offset + 1 where partition = 7; commit`);
      }
    })();
    try {
      const differences = new Set<number>();
      for (let round = 0; round < 50; round += 1) {
        const { data } = await api.query<{ currencies: Orders[]; again: Orders[]; positions: Position[] }>(
          `{ currencies { code orders } positions { partition nextOffset } again: currencies { code orders } }`,
        );
        expect(data.again).to.deep.equal(data.currencies);
        const yen = data.currencies.find(({ code }) => code === 'JPY');
        differences.add((yen?.orders ?? 0) - (data.positions[7]?.nextOffset ?? 0));
      }
      expect([...differences]).to.deep.equal([2]);
    } finally {
      writing = false;
      await writer;
      await api.pool.query(`update ${ns}.revenue_g1 set orders = 2 where currency = 'JPY'`);
    }
  });

  it('gives every connection back', async () => {
    await Promise.all(
      Array.from({ length: 40 }, () => api.query('{ currencies { code } nothing: sale(id: "x") { id } }')),
    );
    await until('none is in a transaction', async () => {
      const { rows } = await api.pool.query(`select state from pg_stat_activity where application_name = $1`, [
        `sales-read-api ${api.config.namespace}`,
      ]);
      return rows.length > 1 && rows.every(({ state }) => state === 'idle');
    });
  });

  it('refuses what it cannot answer, with stable codes', async () => {
    const revenue = (args: string) => `{ revenue(${args}, granularity: HOUR) { totals { orders } } }`;
    const range = 'from: "2011-01-01", to: "2011-01-31"';
    expect(await codes(revenue(`${range}, timeZone: "Europe/Lodon", currency: "GBP"`))).to.deep.equal([
      'BAD_USER_INPUT',
    ]);
    expect(await codes(revenue(`${range}, timeZone: "UTC", currency: "gbp"`))).to.deep.equal(['BAD_USER_INPUT']);
    expect(await codes(revenue(`${range}, timeZone: "UTC", currency: "XYZ"`))).to.deep.equal(['BAD_USER_INPUT']);
    expect(
      await codes(revenue('from: "2011-02-30", to: "2011-03-31", timeZone: "UTC", currency: "GBP"')),
    ).to.deep.equal(['BAD_USER_INPUT']);
    expect(
      await codes(revenue('from: "2011-02-02", to: "2011-02-01", timeZone: "UTC", currency: "GBP"')),
    ).to.deep.equal(['BAD_USER_INPUT']);
    expect(
      await codes(revenue('from: "2011-01-01", to: "2013-01-01", timeZone: "UTC", currency: "GBP"')),
    ).to.deep.equal(['RANGE_TOO_LARGE']);
    expect(await codes('{ sales(first: 0) { nodes { id } } }')).to.deep.equal(['BAD_USER_INPUT']);
    expect(await codes('{ sales(first: 101) { nodes { id } } }')).to.deep.equal(['BAD_USER_INPUT']);
    expect(await codes('{ sales { nodes { id } } }')).to.deep.equal(['GRAPHQL_VALIDATION_FAILED']);
    expect(await codes('{ sales(first: 1, after: "x") { nodes { id } } }')).to.deep.equal(['BAD_USER_INPUT']);
    expect(await codes('{ sales(first: 1, from: "2011-01-01") { nodes { id } } }')).to.deep.equal(['BAD_USER_INPUT']);
    expect(
      await codes('{ products(from: "2011-01-01", to: "2011-01-01", currency: "GBP", first: 101) { units } }'),
    ).to.deep.equal(['BAD_USER_INPUT']);
    expect(
      await codes(`{ ${Array.from({ length: 30 }, (_, i) => `a${i}: currencies { code }`).join(' ')} }`),
    ).to.deep.equal(['QUERY_TOO_COMPLEX']);
  });
});

function revenueRow(row: Record<string, unknown>) {
  const zeros = { orders: 0, units: 0, gross: 0, discounts: 0, shipping: 0, tax: 0 };
  return { ...online, ...zeros, returns: 0, return_count: 0, returned_units: 0, refunds: 0, ...row };
}

function categoryRow(row: Record<string, unknown>) {
  const zeros = { orders: 0, units: 0, gross: 0, discounts: 0, returns: 0, returned_units: 0, refunds: 0 };
  return { bucket: '2011-05-01T12:00:00Z', ...online, ...zeros, ...row };
}

function payment(row: Record<string, unknown>) {
  return { payments: 0, amount: 0, returns: 0, return_count: 0, refunds: 0, ...row };
}

function productRow(row: Record<string, unknown>) {
  const measures = { orders: 1, units: 1, gross: 0, discounts: 0, returns: 0, returned_units: 0, refunds: 0 };
  return { ...online, category: 'Food', last_recorded: 1, ...measures, ...row };
}

/** Entry `index` of partition 0; two share each half hour, every tenth is a return. */
function ledgerRow(index: number) {
  const line = {
    lineId: '1',
    productId: 'P1',
    productName: 'Tea',
    category: 'Food',
    quantity: 3,
    unitPrice: 2_550_000,
  };
  return {
    ...{ id: `S${index}`, kind: index % 10 === 0 ? 'RETURN' : 'SALE', partition: 0, offset: index },
    occurred_at: new Date(Date.UTC(2011, 5, 1) + Math.floor(index / 2) * 3_600_000).toISOString(),
    recorded_at: new Date(Date.UTC(2024, 0, 1) + index * 1000).toISOString(),
    ...{ ...online, currency: index === 4 ? 'EUR' : 'GBP', customer_id: null, units: 3, gross: 765, discounts: 65 },
    ...{ refund_id: '', shipping: 100, tax: 160 },
    lines: encodeLines([{ ...line, gross: 765, discount: 65 }]),
    payments: encodePayments([{ method: 'card', amount: 960 }]),
  };
}
