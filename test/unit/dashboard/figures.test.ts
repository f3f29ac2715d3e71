import { expect } from 'chai';
import type { Bucket, Figures } from '../../../dashboard/src/api/queries.ts';
import { noticesOf } from '../../../dashboard/src/figures/gaps.ts';
import { asItStood, cutTime } from '../../../dashboard/src/figures/so-far.ts';
import { changeBetween } from '../../../dashboard/src/format/numbers.ts';

const pounds = (amount: string) => ({ amount, currencyCode: 'GBP' });

function figures(gross: string, orders: number): Figures {
  return {
    gross: pounds(gross),
    discounts: pounds('0.00'),
    returns: pounds('0.00'),
    refunds: pounds('0.00'),
    net: pounds(gross),
    orders,
    units: orders,
    averageOrderValue: null,
  };
}

const bucket = (time: string, gross: string, orders: number): Bucket => ({
  ...figures(gross, orders),
  start: `2024-03-09T${time}:00+00:00`,
});

describe('dashboard/figures', () => {
  it('cuts at the last full quarter of an hour', () => {
    expect(cutTime(0)).to.equal('00:00');
    expect(cutTime(14 * 60 + 29)).to.equal('14:15');
  });

  it('takes what came later on the last day off a finished period, to the penny', () => {
    const lastDay = [bucket('14:00', '10.10', 1), bucket('14:15', '0.30', 1), bucket('23:45', '5.05', 2)];
    const stood = asItStood(figures('100.05', 10), lastDay, '14:15');
    expect(stood.net).to.deep.equal(pounds('94.70'));
    expect(stood.orders).to.equal(7);
    expect(stood.averageOrderValue).to.deep.equal(pounds('13.53'));
  });

  it('has no average without orders, and keeps currencies without decimals whole', () => {
    const yen = (amount: string) => ({ amount, currencyCode: 'JPY' });
    const day = {
      ...figures('0.00', 0),
      gross: yen('500'),
      net: yen('500'),
      discounts: yen('0'),
      returns: yen('0'),
      refunds: yen('0'),
    };
    const stood = asItStood(day, [{ ...day, start: '2024-03-09T12:00:00+09:00' }], '00:00');
    expect(stood.net).to.deep.equal(yen('0'));
    expect(stood.averageOrderValue).to.equal(null);
  });

  it('never invents a percentage', () => {
    expect(changeBetween(undefined, 5)).to.deep.equal({ kind: 'none' });
    expect(changeBetween(0, 0)).to.deep.equal({ kind: 'none' });
    expect(changeBetween(0, 5)).to.deep.equal({ kind: 'new' });
    expect(changeBetween(-10, 5)).to.deep.equal({ kind: 'new' });
    expect(changeBetween(5, 5)).to.deep.equal({ kind: 'same' });
    expect(changeBetween(100, 75)).to.deep.equal({ kind: 'down', text: '25%' });
    expect(changeBetween(100_000, 100_001)).to.deep.equal({ kind: 'up', text: '<0.1%' });
  });
});

describe('dashboard/figures: gaps', () => {
  it('are said in words, and not at all when there are none', () => {
    const texts = (notIncluded: number, partitions: number[]) => {
      const halts = partitions.map((partition) => ({ partition, reason: 'LogLostError', detail: 'Offset 3 is gone.' }));
      return noticesOf({ notIncluded, halts }).map(({ text }) => text);
    };
    expect(texts(0, [])).to.deep.equal([]);
    expect(texts(1, [])).to.deep.equal(['1 event not included']);
    expect(texts(2, [4])).to.deep.equal(['2 events not included', 'Partition 4 stands still']);
    expect(texts(0, [1, 4])).to.deep.equal(['2 partitions stand still']);
  });
});
