import { expect } from 'chai';
import type { Event } from '../../../domain/messages.generated.ts';
import type { WindowContents } from '../../../platform/live-window/contents.ts';
import { KEPT_RECENT } from '../../../platform/live-window/keys.ts';
import { SimpleWindow } from '../../../projections/verify/simple-window.ts';
import { differencesOf, figuresOf } from '../../../projections/verify/window-figures.ts';
import { refund, rejection, sale, voiding } from '../../support/documents.ts';

const FIRST = 29_000_000;
const at = (minute: number) => (FIRST + minute) * 60_000;
const reach = { minute: FIRST, recordedAt: at(0) };
const empty: WindowContents = {
  partition: 3,
  fence: 9,
  keptFrom: FIRST,
  fields: new Map(),
  listed: new Set(),
  recent: [],
};

function foldOf(events: readonly Event[], recordedAt = at(5)): SimpleWindow {
  const fold = new SimpleWindow(reach);
  events.forEach((event, offset) => {
    fold.add({ event, partition: 3, offset, recordedAt, failure: undefined, storeDay: () => '' });
  });
  return fold;
}

/** A window in which each cell has these orders and this net. */
function holding(cells: Record<string, [orders: string, net: string]>): WindowContents {
  const fields = Object.entries(cells).flatMap(([cell, [orders, net]]): [string, string][] => [
    [`${cell}|orders`, orders],
    [`${cell}|net`, net],
  ]);
  return { ...empty, fields: new Map(fields), listed: new Set(Object.keys(cells)) };
}

const minutesOf = (contents: WindowContents, fold: SimpleWindow) =>
  differencesOf(figuresOf(contents, fold, reach)).filter(({ key }) => key.minute !== undefined);

describe('figures of the live window', () => {
  it('count from the first minute within reach on, on both sides, and have no last one', () => {
    const events = [-1, 0, 1, 1440].map((minute) => sale(`s${minute}`, { occurredAt: at(minute) }));
    const one: [string, string] = ['1', '1200'];
    const right = { [`${FIRST}|GBP`]: one, [`${FIRST + 1}|GBP`]: one, [`${FIRST + 1440}|GBP`]: one };
    expect(minutesOf(holding(right), foldOf(events))).to.deep.equal([]);
    expect(minutesOf(holding({ ...right, [`${FIRST - 1}|GBP`]: ['9', '9'] }), foldOf(events))).to.deep.equal([]);
    expect(minutesOf(holding({ ...right, [`${FIRST + 2}|GBP`]: one }), foldOf(events))).to.have.length(1);
  });

  it('differ to the last digit beyond 2^53', () => {
    const gross = 2 ** 53 - 1;
    const events = ['a', 'b'].map((id) => sale(id, { occurredAt: at(1), lines: [{ gross }] }));
    const window = (net: bigint) => holding({ [`${FIRST + 1}|GBP`]: ['2', String(net)] });
    expect(minutesOf(window(2n * BigInt(gross)), foldOf(events))).to.deep.equal([]);
    const [difference] = minutesOf(window(2n * BigInt(gross) + 1n), foldOf(events));
    expect(difference).to.deep.include({ kept: { net: '18014398509481983' }, log: { net: '18014398509481982' } });
    expect(difference?.events).to.deep.equal(['3:0', '3:1']);
  });

  it('take a void back in the minute of its sale, a refund in its own, and pass over refusals', () => {
    const sold = sale('s', { occurredAt: at(1) });
    const kept = sale('kept', { occurredAt: at(1) });
    const events = [
      sold,
      kept,
      voiding(sold, { occurredAt: at(3) }),
      refund(kept, 'r', { occurredAt: at(4) }),
      rejection('x'),
    ];
    const window = holding({ [`${FIRST + 1}|GBP`]: ['1', '1200'], [`${FIRST + 4}|GBP`]: ['0', '-1200'] });
    expect(minutesOf(window, foldOf(events))).to.deep.equal([]);
    expect([...foldOf(events).recent.values()].map(({ values }) => values.get('kind'))).to.deep.equal([
      'SALE',
      'SALE',
      'VOID',
      'REFUND',
    ]);
  });

  it('have as many recent entries as are kept, without those that were recorded before', () => {
    const events = Array.from({ length: KEPT_RECENT + 3 }, (_, index) => sale(`s-${index}`, { occurredAt: at(1) }));
    const entries = (fold: SimpleWindow) => figuresOf(empty, fold, reach).filter(({ key }) => key.recent !== undefined);
    const missing = entries(foldOf(events));
    expect(missing.map(({ key }) => Number(key.recent))).to.deep.equal(events.map((_, offset) => offset).slice(3));
    expect(entries(foldOf(events, at(-1)))).to.deep.equal([]);
  });

  it('name a recent entry that is no entry', () => {
    const window = { ...empty, recent: [{ offset: '7', json: '{"id":' }] };
    expect(differencesOf(figuresOf(window, foldOf([]), reach))).to.deep.equal([
      { key: { partition: '3', recent: '7' }, kept: { text: '{"id":' }, log: null, events: [] },
    ]);
  });
});
