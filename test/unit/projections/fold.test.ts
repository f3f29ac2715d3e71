import { expect } from 'chai';
import fc from 'fast-check';
import type { Event } from '../../../domain/messages.generated.ts';
import { projections } from '../../../projections/catalogue.ts';
import type { Projection, Row, Value } from '../../../projections/define.ts';
import { addExactly, LAST_RECORDED, startFold } from '../../../projections/fold.ts';
import { dayIn } from '../../../projections/time.ts';
import { arbitraryEvents } from '../../support/arbitrary-events.ts';
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
    }
    if (newer && LAST_RECORDED in row) kept[LAST_RECORDED] = row[LAST_RECORDED] ?? null;
  }
  return table;
}

function keyOf(projection: Projection, row: Row): string {
  return Object.keys(projection.table.key)
    .map((name) => (name === 'bucket' ? new Date(Number(row[name])).toISOString() : row[name]))
    .join('|');
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
              expect(String(row[name]), `${key} ${name}`).to.equal(String(value));
            }
          }
        }),
      );
    });
  });
}

describe('all projections', () => {
  it('conserve money: every table tells the same gross, and payments are what the ledger totals', () => {
    const total = (rows: Row[], name: string, kind?: string) =>
      rows
        .filter((row) => !kind || row.kind === kind)
        .reduce((sum, row) => addExactly(sum, row[name] ?? 0), 0 as Value);
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        const tables = Object.fromEntries(projections.map((one) => [one.name, fold(one, recorded(events))]));
        const { sales = [], revenue = [], categories = [], products = [] } = tables;
        for (const rollup of [revenue, categories, products]) {
          expect(total(rollup, 'gross')).to.equal(total(sales, 'gross', 'SALE'));
          expect(total(rollup, 'returns')).to.equal(total(sales, 'gross', 'RETURN'));
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
