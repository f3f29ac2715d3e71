import { expect } from 'chai';
import fc from 'fast-check';
import type { RecentSale, WindowMinute, WindowSlice } from '../../../platform/live-window/live-window.ts';
import { WindowMirror } from '../../../read-api/live/window-mirror.ts';

const slice = (partition: number, fence: number | null, parts: Partial<WindowSlice> = {}): WindowSlice => ({
  ...{ partition, fence, whole: false, minutes: [], recent: [] },
  ...parts,
});
const minute = (at: number, orders: number, net: number): WindowMinute => ({
  minute: at,
  currency: 'GBP',
  orders,
  net,
});
const recent = (offset: number, recordedAt: number): RecentSale => ({
  ...{ id: `S${offset}`, kind: 'SALE', occurredAt: recordedAt, recordedAt, currency: 'GBP', channel: 'online' },
  ...{ country: 'GB', net: 100, total: 100, units: 1, products: ['Tea'], offset },
});

describe('mirror of the live window', () => {
  it('adds up partitions, and tells full values of what changed since a version', () => {
    const mirror = new WindowMirror();
    mirror.apply(slice(0, 5, { whole: true, minutes: [minute(10, 1, 100), minute(11, 1, 50)] }));
    mirror.apply(slice(1, 3, { whole: true, minutes: [minute(10, 2, 200)] }));
    const seen = mirror.version;
    expect(mirror.changesSince(0)).to.deep.include({
      positions: [
        { partition: 0, nextOffset: 5 },
        { partition: 1, nextOffset: 3 },
      ],
      minutes: [minute(10, 3, 300), minute(11, 1, 50)],
    });
    mirror.apply(slice(1, 4, { minutes: [minute(10, 3, 250)] }));
    expect(mirror.changesSince(seen).minutes).to.deep.equal([minute(10, 4, 350)]);
    expect(mirror.changesSince(mirror.version).minutes).to.deep.equal([]);
  });

  it('moves its version also when a batch changed positions only', () => {
    const mirror = new WindowMirror();
    mirror.apply(slice(0, 5, { whole: true }));
    const seen = mirror.version;
    mirror.apply(slice(0, 5));
    expect(mirror.version).to.equal(seen);
    mirror.apply(slice(0, 6));
    expect(mirror.version).to.be.above(seen);
  });

  it('stands still and says "rebuilding" while Redis is behind; positions never go back', () => {
    const mirror = new WindowMirror();
    mirror.apply(slice(0, 100, { whole: true, minutes: [minute(10, 1, 100), minute(11, 1, 100)] }));
    for (const lost of [slice(0, null, { whole: true }), slice(0, 40, { whole: true, minutes: [minute(10, 9, 9)] })]) {
      mirror.apply(lost);
      expect(mirror.rebuilding).to.equal(true);
      expect(mirror.since(0)).to.equal(0);
      expect(mirror.changesSince(0).positions).to.deep.equal([{ partition: 0, nextOffset: 100 }]);
      expect(mirror.changesSince(0).minutes).to.deep.equal([minute(10, 1, 100), minute(11, 1, 100)]);
    }
    const seen = mirror.version;
    mirror.apply(slice(0, 101, { whole: true, minutes: [minute(10, 2, 150)] }));
    expect(mirror.rebuilding).to.equal(false);
    expect(mirror.since(0)).to.equal(101);
    expect(mirror.changesSince(seen).minutes).to.deep.equal([minute(10, 2, 150), minute(11, 0, 0)]);
  });

  it('says "rebuilding" while Redis lacks what Postgres has', () => {
    const mirror = new WindowMirror();
    mirror.apply(slice(0, null, { whole: true }));
    expect(mirror.rebuilding).to.equal(false);
    mirror.expect(0, 7);
    expect(mirror.rebuilding).to.equal(true);
    mirror.apply(slice(0, 7, { whole: true }));
    expect(mirror.rebuilding).to.equal(false);
  });

  it('keeps the 50 sales that were recorded last, newest first', () => {
    const mirror = new WindowMirror();
    const sales = Array.from({ length: 40 }, (_, index) => index);
    mirror.apply(slice(0, 100, { whole: true, recent: sales.map((index) => recent(index, 2 * index)) }));
    const seen = mirror.version;
    mirror.apply(slice(1, 100, { whole: true, recent: sales.map((index) => recent(index, 2 * index + 1)) }));
    const all = mirror.changesSince(0).recent;
    expect(all).to.have.length(50);
    expect(all.slice(0, 3).map((sale) => sale.position)).to.deep.equal(['1:39', '0:39', '1:38']);
    expect(mirror.changesSince(seen).recent.every((sale) => sale.position.startsWith('1:'))).to.equal(true);
  });

  it('forgets minutes that left the window', () => {
    const mirror = new WindowMirror();
    mirror.apply(slice(0, 5, { whole: true, minutes: [minute(10, 1, 100), minute(11, 1, 50)] }));
    mirror.forgetBefore(11);
    expect(mirror.changesSince(0).minutes).to.deep.equal([minute(11, 1, 50)]);
  });

  it('a client that misses any messages ends with the same figures', () => {
    const change = fc.record({ partition: fc.nat(2), minute: fc.nat(5), orders: fc.nat(9), seen: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const mirror = new WindowMirror();
        const client = new Map<number, WindowMinute>();
        let version = 0;
        const pull = () => {
          for (const changed of mirror.changesSince(version).minutes) client.set(changed.minute, changed);
          version = mirror.version;
        };
        changes.forEach((one, index) => {
          mirror.apply(slice(one.partition, index + 1, { minutes: [minute(one.minute, one.orders, one.orders)] }));
          if (one.seen) pull();
        });
        pull();
        const byTime = [...client.values()].sort((left, right) => left.minute - right.minute);
        expect(byTime).to.deep.equal(mirror.changesSince(0).minutes);
      }),
    );
  });
});
