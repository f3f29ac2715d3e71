import { expect } from 'chai';
import { localDate, minuteOfDay } from '../../../dashboard/src/time/local-date.ts';
import { resolveRange } from '../../../dashboard/src/time/ranges.ts';

const TODAY = '2024-03-10';

describe('dashboard/time: ranges', () => {
  it('counts today in, and compares with as many days directly before', () => {
    const week = resolveRange('7d', TODAY);
    expect(week).to.include({ from: '2024-03-04', to: TODAY, granularity: 'DAY', open: true });
    expect(week.previous).to.deep.equal({ from: '2024-02-26', to: '2024-03-03' });
  });

  it('crosses a leap day', () => {
    expect(resolveRange('month', TODAY).previous).to.deep.equal({ from: '2024-02-20', to: '2024-02-29' });
  });

  it('does not call a finished period open', () => {
    expect(resolveRange('yesterday', TODAY)).to.include({ from: '2024-03-09', to: '2024-03-09', open: false });
  });

  it('takes all time from the first day with a sale, in steps that stay readable, compared with nothing', () => {
    const all = resolveRange('all', TODAY, {}, '2010-12-01');
    expect(all).to.include({ from: '2010-12-01', to: TODAY, granularity: 'MONTH' });
    expect(all.previous).to.equal(undefined);
  });

  it('turns a custom range that is the wrong way round, and falls back when a day does not exist', () => {
    expect(resolveRange('custom', TODAY, { from: '2024-02-02', to: '2024-01-01' })).to.include({
      from: '2024-01-01',
      to: '2024-02-02',
    });
    expect(resolveRange('custom', TODAY, { from: '2023-02-29', to: '2024-01-01' })).to.include({ from: '2024-02-10' });
  });

  it('knows what day and time it is in a zone, also when clocks change', () => {
    const halfPastMidnightUtc = Date.parse('2024-03-31T00:30:00Z');
    expect(localDate(halfPastMidnightUtc, 'America/New_York')).to.equal('2024-03-30');
    expect(minuteOfDay(halfPastMidnightUtc, 'Europe/London')).to.equal(30);
    expect(minuteOfDay(halfPastMidnightUtc + 3_600_000, 'Europe/London')).to.equal(150);
  });
});
