import { expect } from 'chai';
import { bucketOf, dayIn } from '../../../projections/time.ts';

const HOUR = 3600_000;

describe('dayIn', () => {
  it('gives the store a day of 23 hours in spring and of 25 hours in autumn', () => {
    const day = dayIn('Europe/London');
    const hoursOf = (wanted: string, around: number) =>
      Array.from({ length: 72 }, (_, hour) => around + (hour - 36) * HOUR).filter((moment) => day(moment) === wanted)
        .length;
    expect(hoursOf('2026-03-29', Date.UTC(2026, 2, 29, 12))).to.equal(23);
    expect(hoursOf('2026-10-25', Date.UTC(2026, 9, 25, 12))).to.equal(25);
    expect(hoursOf('2026-06-01', Date.UTC(2026, 5, 1, 12))).to.equal(24);
  });

  it('changes the day at local midnight to the millisecond, also in zones off the full hour', () => {
    for (const [zone, midnight, before, after] of [
      ['Europe/London', Date.UTC(2026, 5, 30, 23), '2026-06-30', '2026-07-01'],
      ['America/New_York', Date.UTC(2026, 0, 1, 5), '2025-12-31', '2026-01-01'],
      ['Asia/Kathmandu', Date.UTC(2026, 0, 1, 18, 15), '2026-01-01', '2026-01-02'],
      ['Australia/Lord_Howe', Date.UTC(2026, 0, 1, 13), '2026-01-01', '2026-01-02'],
      ['UTC', Date.UTC(1970, 0, 2), '1970-01-01', '1970-01-02'],
    ] as const) {
      expect(dayIn(zone)(midnight - 1), zone).to.equal(before);
      expect(dayIn(zone)(midnight), zone).to.equal(after);
    }
  });

  it('answers what Intl answers for any quarter of an hour', () => {
    for (const zone of ['Australia/Lord_Howe', 'America/Sao_Paulo', 'Pacific/Apia']) {
      const day = dayIn(zone);
      for (let moment = Date.UTC(2011, 11, 20); moment < Date.UTC(2012, 0, 10); moment += 50 * 60_000) {
        expect(day(moment)).to.equal(new Date(moment).toLocaleDateString('sv-SE', { timeZone: zone }));
      }
    }
  });
});

describe('bucketOf', () => {
  it('starts on the quarter of the hour', () => {
    expect(bucketOf(Date.UTC(2026, 0, 1, 12, 14, 59, 999))).to.equal(Date.UTC(2026, 0, 1, 12, 0));
    expect(bucketOf(Date.UTC(2026, 0, 1, 12, 15))).to.equal(Date.UTC(2026, 0, 1, 12, 15));
    expect(bucketOf(-1)).to.equal(-15 * 60_000);
  });
});
