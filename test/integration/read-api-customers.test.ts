import { expect } from 'chai';
import { goodsReturn, refund, sale, voiding } from '../support/documents.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';

const january = 'from: "2026-01-01", to: "2026-01-31", timeZone: "UTC", currency: "GBP"';
const money = (amount: string) => ({ amount });
const at = (month: number, day: number) => Date.UTC(2026, month - 1, day, 12);

describe('read API: customers, channels and countries', function () {
  this.timeout(60_000);
  let api: TestReadApi;

  before(async function () {
    this.timeout(180_000);
    api = await startTestReadApi();
    const december = sale('december', { customerId: 'ann', occurredAt: Date.UTC(2025, 11, 20) });
    const ben = sale('ben', { customerId: 'ben', occurredAt: at(1, 12), shipping: 300, channel: 'store' });
    const mistake = sale('mistake', { customerId: 'ben', occurredAt: at(1, 5) });
    const never = sale('never', { customerId: 'nobody', occurredAt: at(1, 6) });
    await api.record([
      december,
      sale('ann-1', { customerId: 'ann', occurredAt: at(1, 10) }),
      sale('ann-2', { customerId: 'ann', occurredAt: at(1, 11), lines: [{ quantity: 2, discount: 400 }] }),
      ben,
      mistake,
      voiding(mistake),
      never,
      voiding(never),
      sale('cy', { customerId: 'cy', occurredAt: at(1, 12), country: 'FR' }),
      sale('in yen', { customerId: 'ben', occurredAt: at(1, 12), currency: 'JPY' }),
      sale('unknown', { occurredAt: at(1, 12) }),
      refund(ben, 'r-1', { occurredAt: at(1, 20) }),
      goodsReturn('back', { customerId: 'cy', occurredAt: at(1, 21), country: 'FR' }),
      goodsReturn('only came back', { customerId: 'dora', occurredAt: at(1, 21), channel: 'phone' }),
    ]);
  });

  after(() => api?.stop());

  it('lists customers with first and last purchase, highest net first, without those who have no order left', async () => {
    const { data, errors } = await api.query<{ customers: { nodes: unknown[] } }>(`{
      customers(currency: "GBP") { notIncluded nodes { id firstPurchaseAt lastPurchaseAt orders units gross { amount }
        discounts { amount } returns { amount } refunds { amount } net { amount } returnedUnits refundedUnits
        averageOrderValue { amount } isNew(from: "2026-01-01", to: "2026-01-31", timeZone: "UTC") } } }`);
    expect(errors).to.equal(undefined);
    const none = { returns: money('0.00'), refunds: money('0.00'), returnedUnits: 0, refundedUnits: 0 };
    expect(data.customers).to.deep.equal({
      notIncluded: 0,
      nodes: [
        {
          ...{ id: 'ann', isNew: false, ...none },
          ...{ firstPurchaseAt: '2025-12-20T00:00:00.000Z', lastPurchaseAt: '2026-01-11T12:00:00.000Z' },
          ...{ orders: 3, units: 4, gross: money('48.00'), discounts: money('4.00'), net: money('44.00') },
          averageOrderValue: money('14.67'),
        },
        {
          // The sale of the 5th was voided, but it was the first.
          ...{ id: 'ben', isNew: true, ...none, refunds: money('12.00'), refundedUnits: 1 },
          ...{ firstPurchaseAt: '2026-01-05T12:00:00.000Z', lastPurchaseAt: '2026-01-12T12:00:00.000Z' },
          ...{ orders: 1, units: 1, gross: money('12.00'), discounts: money('0.00'), net: money('0.00') },
          averageOrderValue: money('12.00'),
        },
        {
          ...{ id: 'cy', isNew: true, ...none, returns: money('12.00'), returnedUnits: 1 },
          ...{ firstPurchaseAt: '2026-01-12T12:00:00.000Z', lastPurchaseAt: '2026-01-12T12:00:00.000Z' },
          ...{ orders: 1, units: 1, gross: money('12.00'), discounts: money('0.00'), net: money('0.00') },
          averageOrderValue: money('12.00'),
        },
      ],
    });
  });

  it('pages through customers, also where several have the same net', async () => {
    type Page = { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const text =
        'query($after: String) { customers(currency: "GBP", first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }';
      const { customers }: { customers: Page } = (await api.query<{ customers: Page }>(text, { after })).data;
      seen.push(...customers.nodes.map(({ id }) => id));
      after = customers.pageInfo.hasNextPage ? customers.pageInfo.endCursor : null;
    } while (after !== null && seen.length < 10);
    expect(seen).to.deep.equal(['ann', 'ben', 'cy']);
    for (const args of ['first: 0', 'first: 101', 'after: "x"']) {
      const { errors } = await api.query(`{ customers(currency: "GBP", ${args}) { nodes { id } } }`);
      expect(errors?.[0]?.extensions.code).to.equal('BAD_USER_INPUT');
    }
  });

  it('counts new and returning customers, each once in every bucket and once in the range', async () => {
    const { data, errors } = await api.query<{
      customerCounts: { buckets: { start: string; newCustomers: number; returningCustomers: number }[] };
    }>(`{ customerCounts(${january}, granularity: DAY) {
      buckets { start newCustomers returningCustomers } totals { newCustomers returningCustomers } notIncluded } }`);
    expect(errors).to.equal(undefined);
    const { buckets, ...rest } = data.customerCounts;
    expect(rest).to.deep.equal({ totals: { newCustomers: 2, returningCustomers: 1 }, notIncluded: 0 });
    expect(buckets).to.have.length(31);
    const busy = buckets.filter((bucket) => bucket.newCustomers + bucket.returningCustomers > 0);
    expect(
      busy.map((bucket) => [bucket.start.slice(8, 10), bucket.newCustomers, bucket.returningCustomers]),
    ).to.deep.equal([
      ['05', 1, 0],
      ['10', 0, 1],
      ['11', 0, 1],
      ['12', 1, 1],
    ]);
  });

  it('takes a bucket that begins before the range for what lies in the range', async () => {
    const { data } = await api.query<{ customerCounts: { buckets: unknown[]; totals: unknown } }>(`{
      customerCounts(from: "2026-01-11", to: "2026-01-12", timeZone: "UTC", currency: "GBP", granularity: MONTH) {
        buckets { newCustomers returningCustomers } totals { newCustomers returningCustomers } } }`);
    const counts = { newCustomers: 1, returningCustomers: 2 };
    expect(data.customerCounts).to.deep.equal({ buckets: [counts], totals: counts });
  });

  it('lists channels and countries with all figures, highest net first', async () => {
    const { data, errors } = await api.query(`{
      channels(${january}) { channel orders units net { amount } refunds { amount } returns { amount } total { amount }
        shipping { amount } refundedShipping { amount } refundCount returnCount averageOrderValue { amount } }
      countries(${january}) { country orders net { amount } returnCount }
      none: countries(from: "2025-01-01", to: "2025-01-31", timeZone: "UTC", currency: "GBP") { country } }`);
    expect(errors).to.equal(undefined);
    const zero = money('0.00');
    expect(data).to.deep.equal({
      channels: [
        {
          ...{ channel: 'online', orders: 4, units: 5, net: money('44.00'), refunds: zero, returns: money('12.00') },
          ...{ total: money('44.00'), shipping: zero, refundedShipping: zero, refundCount: 0, returnCount: 1 },
          averageOrderValue: money('14.00'),
        },
        {
          ...{ channel: 'store', orders: 1, units: 1, net: zero, refunds: money('12.00'), returns: zero, total: zero },
          ...{ shipping: money('3.00'), refundedShipping: money('3.00'), refundCount: 1, returnCount: 0 },
          averageOrderValue: money('12.00'),
        },
        {
          ...{ channel: 'phone', orders: 0, units: 0, net: money('-12.00'), refunds: zero, returns: money('12.00') },
          ...{ total: money('-12.00'), shipping: zero, refundedShipping: zero, refundCount: 0, returnCount: 1 },
          averageOrderValue: null,
        },
      ],
      countries: [
        { country: 'GB', orders: 4, net: money('32.00'), returnCount: 1 },
        { country: 'FR', orders: 1, net: zero, returnCount: 1 },
      ],
      none: [],
    });
  });
});
