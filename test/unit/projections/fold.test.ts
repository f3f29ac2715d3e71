import { expect } from 'chai';
import fc from 'fast-check';
import type { Event } from '../../../domain/messages.generated.ts';
import { projections } from '../../../projections/catalogue.ts';
import type { Projection, Row, Value } from '../../../projections/define.ts';
import { startFold } from '../../../projections/fold.ts';
import { addExactly, LAST_RECORDED } from '../../../projections/merge.ts';
import { bucketOf, dayIn } from '../../../projections/time.ts';
import { arbitraryEvents, takenBack } from '../../support/arbitrary-events.ts';
import { naiveFold, type Recorded } from '../../support/naive-fold.ts';

const zone = 'Europe/London';
const storeDay = dayIn(zone);

/** Events spread over three partitions, some in the same millisecond. */
function recorded(events: readonly Event[]): Recorded[] {
  return events.map((event, index) => ({
    event,
    partition: index % 3,
    offset: Math.floor(index / 3),
    recordedAt: 1_800_000_000_000 + Math.floor(index / 7),
  }));
}

function fold(projection: Projection, log: readonly Recorded[]): Row[] {
  const folding = startFold(projection);
  for (const { event, ...place } of log) folding.add(event, { ...place, storeDay });
  return [...folding.rows()];
}

/** What the upsert does, in a few lines: rows by key, merged one set after the other. */
function merged(projection: Projection, sets: Row[][]): Map<string, Row> {
  const table = new Map<string, Record<string, Value>>();
  for (const row of sets.flat()) {
    const key = keyOf(projection, row);
    const kept = table.get(key);
    if (!kept || projection.kind === 'ledger') {
      table.set(key, { ...row });
      continue;
    }
    const newer = Number(row[LAST_RECORDED]) >= Number(kept[LAST_RECORDED]);
    for (const [name, { merge }] of Object.entries(projection.table.measures)) {
      if (merge === 'sum') kept[name] = addExactly(kept[name] ?? 0, row[name] ?? 0);
      if (merge === 'last' && newer) kept[name] = row[name] ?? null;
      if (merge === 'min' || merge === 'max') {
        const values = [kept[name], row[name]].flatMap((value) => (typeof value === 'number' ? [value] : []));
        kept[name] = values.length > 0 ? Math[merge](...values) : null;
      }
    }
    if (newer && LAST_RECORDED in row) kept[LAST_RECORDED] = row[LAST_RECORDED] ?? null;
  }
  return table;
}

function keyOf(projection: Projection, row: Row): string {
  return Object.keys(projection.table.key)
    .map((name) => textOf(name, row[name]))
    .join('|');
}

/** Times are ISO texts in the naive fold. */
function textOf(name: string, value: Value | undefined): string {
  const isTime = ['bucket', 'first_purchase', 'last_purchase'].includes(name);
  return isTime ? new Date(Number(value)).toISOString() : String(value);
}

for (const projection of projections) {
  describe(`projection ${projection.name}`, () => {
    it('gives the same table however the log is cut into batches and its partitions interleave', () => {
      fc.assert(
        fc.property(arbitraryEvents(), fc.array(fc.nat(30)), fc.boolean(), (events, cuts, byPartition) => {
          const log = recorded(events);
          const order = byPartition ? [...log].sort((a, b) => b.partition - a.partition || a.offset - b.offset) : log;
          const ends = [...new Set([0, ...cuts.map((cut) => Math.min(cut, log.length)), log.length])].sort(
            (a, b) => a - b,
          );
          const batches = ends.slice(1).map((end, index) => fold(projection, order.slice(ends[index], end)));
          expect(merged(projection, batches)).to.deep.equal(merged(projection, [fold(projection, log)]));
        }),
      );
    });

    it('agrees with a fold of one event at a time', () => {
      fc.assert(
        fc.property(arbitraryEvents(), (events) => {
          const log = recorded(events);
          const table = merged(projection, [fold(projection, log)]);
          const naive = naiveFold(log, zone)[projection.name];
          expect([...table.keys()].sort()).to.deep.equal([...(naive?.keys() ?? [])].sort());
          for (const [key, figures] of naive ?? []) {
            const row = table.get(key) ?? {};
            for (const [name, value] of Object.entries(figures)) {
              expect(textOf(name, row[name]), `${key} ${name}`).to.equal(String(value));
            }
          }
        }),
      );
    });
  });
}

describe('all projections', () => {
  const sumOf = (rows: readonly Row[], name: string, kind?: string) =>
    rows.filter((row) => !kind || row.kind === kind).reduce((sum, row) => sum + BigInt(row[name] ?? 0), 0n);
  const tablesOf = (events: readonly Event[]) => {
    const log = recorded(events);
    const table = (name: string) => {
      const projection = projections.find((one) => one.name === name);
      return projection ? fold(projection, log) : [];
    };
    const [sales, revenue] = [table('sales'), table('revenue')];
    const rollups = ['revenue', 'categories', 'products', 'channels', 'countries'].map(table);
    return { sales, revenue, rollups, customers: table('customers'), payments: table('payment_methods') };
  };
  const net = (rows: readonly Row[]) =>
    sumOf(rows, 'gross') - sumOf(rows, 'discounts') - sumOf(rows, 'returns') - sumOf(rows, 'refunds');
  const total = (revenue: readonly Row[]) =>
    net(revenue) +
    (sumOf(revenue, 'shipping') - sumOf(revenue, 'refunded_shipping')) +
    (sumOf(revenue, 'tax') - sumOf(revenue, 'refunded_tax'));
  const paid = (payments: readonly Row[]) =>
    sumOf(payments, 'amount') - sumOf(payments, 'returns') - sumOf(payments, 'refunds');

  it('conserve money: every table tells the same net, and what was paid is the total', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const { sales, revenue, rollups, customers, payments } = tablesOf(events);
        for (const rollup of rollups) {
          expect(sumOf(rollup, 'gross')).to.equal(sumOf(sales, 'gross', 'SALE') - sumOf(sales, 'gross', 'VOID'));
          expect(sumOf(rollup, 'returns')).to.equal(sumOf(sales, 'gross', 'RETURN'));
          expect(sumOf(rollup, 'refunds')).to.equal(sumOf(sales, 'gross', 'REFUND'));
          expect(net(rollup)).to.equal(net(revenue));
        }
        expect(paid(payments)).to.equal(total(revenue));
        const known = sales.filter((row) => row.customer_id !== null);
        expect(sumOf(customers, 'gross')).to.equal(sumOf(known, 'gross', 'SALE') - sumOf(known, 'gross', 'VOID'));
        expect(sumOf(customers, 'returns')).to.equal(sumOf(known, 'gross', 'RETURN'));
        expect(sumOf(customers, 'refunds')).to.equal(sumOf(known, 'gross', 'REFUND'));
      }),
    );
  });

  it('come to nothing when every sale is refunded or voided, but for what came back besides', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const { sales, revenue, rollups, payments } = tablesOf(takenBack(events));
        const returns = -sumOf(sales, 'gross', 'RETURN');
        for (const rollup of rollups) expect(net(rollup)).to.equal(returns);
        expect(total(revenue)).to.equal(returns);
        expect(paid(payments)).to.equal(returns);
        const kept =
          sales.filter(({ kind }) => kind === 'SALE').length - sales.filter(({ kind }) => kind === 'VOID').length;
        expect(sumOf(revenue, 'orders')).to.equal(BigInt(kept));
      }),
    );
  });

  it('agree with the ledger in every quarter of an hour: a refund counts when it was made, a void when it was sold', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const { sales, revenue } = tablesOf(events);
        for (const bucket of new Set(revenue.map((row) => Number(row.bucket)))) {
          const rollup = revenue.filter((row) => row.bucket === bucket);
          const entries = sales.filter(
            (row) => bucketOf(Number(row.kind === 'VOID' ? row.sold_at : row.occurred_at)) === bucket,
          );
          for (const name of ['units', 'gross', 'discounts', 'shipping', 'tax']) {
            expect(sumOf(rollup, name)).to.equal(sumOf(entries, name, 'SALE') - sumOf(entries, name, 'VOID'));
          }
          for (const [name, column] of [
            ['refunds', 'gross'],
            ['refunded_units', 'units'],
            ['refunded_shipping', 'shipping'],
            ['refunded_tax', 'tax'],
          ] as const) {
            expect(sumOf(rollup, name)).to.equal(sumOf(entries, column, 'REFUND'));
          }
          expect(sumOf(rollup, 'returns')).to.equal(sumOf(entries, 'gross', 'RETURN'));
        }
      }),
    );
  });
});

describe('addExactly', () => {
  it('keeps every digit beyond 2^53', () => {
    expect(addExactly(Number.MAX_SAFE_INTEGER, 2)).to.equal(9_007_199_254_740_993n);
    expect(addExactly(9_007_199_254_740_993n, 1)).to.equal(9_007_199_254_740_994n);
    expect(addExactly(1, 2)).to.equal(3);
  });
});
