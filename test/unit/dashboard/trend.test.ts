import { expect } from 'chai';
import type { Bucket } from '../../../dashboard/src/api/queries.ts';
import { lonePoints, trendPoints } from '../../../dashboard/src/cards/overview/trend.ts';
import { metric } from '../../../dashboard/src/figures/metrics.ts';

const zero = { amount: '0.00', currencyCode: 'GBP' };

function bucket(start: string, orders: number): Bucket {
  const amount = { amount: `${orders * 10}.00`, currencyCode: 'GBP' };
  const averageOrderValue = orders > 0 ? { amount: '10.00', currencyCode: 'GBP' } : null;
  return {
    start,
    gross: amount,
    discounts: zero,
    returns: zero,
    refunds: zero,
    net: amount,
    orders,
    units: orders,
    averageOrderValue,
  };
}

describe('dashboard/trend', () => {
  const day = ['00', '01', '02'].map((hour) => bucket(`2024-03-31T${hour}:00:00+00:00`, Number(hour)));
  const before = day.map((each) => bucket(each.start.replace('31T', '30T'), 5));

  it('has no value for what has not begun, and calls the bucket that is going on open', () => {
    const points = trendPoints(day, before, metric('orders'), Date.parse('2024-03-31T01:30:00Z'), true);
    expect(points.map(({ value, open }) => [value, open])).to.deep.equal([
      [0, false],
      [1, true],
      [null, false],
    ]);
    expect(points.map(({ previousValue }) => previousValue)).to.deep.equal([5, 5, 5]);
  });

  it('does not draw an average of no orders as zero', () => {
    const points = trendPoints(day, undefined, metric('average'), Date.parse('2024-04-01T00:00:00Z'), false);
    expect(points.map(({ value }) => value)).to.deep.equal([null, 10, 10]);
  });

  it('finds the points that a line would not show', () => {
    expect(lonePoints([3, null, 1, 2, null, 4])).to.deep.equal([0, 5]);
    expect(lonePoints([7])).to.deep.equal([0]);
    expect(lonePoints([])).to.deep.equal([]);
  });
});
