import { expect } from 'chai';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { bucketStarts, type Granularity, intervalOf, MAX_BUCKETS } from '../../../read-api/time/buckets.ts';
import {
  DAY,
  formatInZone,
  HOUR,
  parseDate,
  QUARTER,
  startOfDay,
  type Zone,
  zoneOf,
} from '../../../read-api/time/zone.ts';

/** Zones with whole, half and quarter hours, with clocks that change at, before and after midnight, by 30 or 60 minutes. */
const ZONES = [
  ...['UTC', 'Europe/London', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe'],
  ...['America/Sao_Paulo', 'America/Havana', 'Atlantic/Azores', 'Asia/Beirut', 'Africa/Cairo', 'Pacific/Chatham'],
  ...['Pacific/Apia', 'America/Santiago', 'Asia/Gaza', 'Antarctica/Troll', 'America/Scoresbysund'],
];
const FIRST = Date.UTC(2000, 0, 1) / DAY;
const LAST = Date.UTC(2035, 0, 1) / DAY;

const anyZone = fc.constantFrom(...ZONES).map(zone);
const anyDate = fc.integer({ min: FIRST, max: LAST }).map((day) => day * DAY);
const anyGranularity = fc.constantFrom<Granularity>('FIFTEEN_MINUTES', 'HOUR', 'DAY', 'WEEK', 'MONTH');

function zone(name: string): Zone {
  const found = zoneOf(name);
  if (!found) throw new Error(`no zone ${name}`);
  return found;
}

function day(text: string): number {
  const found = parseDate(text);
  if (found === undefined) throw new Error(`no day ${text}`);
  return found;
}

function starts(from: string, to: string, name: string, granularity: Granularity): string[] {
  const found = zone(name);
  return bucketStarts(day(from), day(to), found, granularity).map((start) => formatInZone(start, found));
}

describe('buckets of a series', function () {
  this.timeout(10_000);

  it('begin at local midnight and carry the offset of the zone', () => {
    expect(starts('2011-03-01', '2011-04-30', 'Europe/London', 'MONTH')).to.deep.equal([
      '2011-03-01T00:00:00+00:00',
      '2011-04-01T00:00:00+01:00',
    ]);
    expect(starts('2020-01-01', '2020-01-01', 'UTC', 'DAY')).to.deep.equal(['2020-01-01T00:00:00+00:00']);
    expect(starts('2020-01-01', '2020-01-01', 'Asia/Kathmandu', 'DAY')).to.deep.equal(['2020-01-01T00:00:00+05:45']);
  });

  it('have 23 and 25 hours on the days when clocks change', () => {
    expect(starts('2024-03-31', '2024-03-31', 'Europe/London', 'HOUR')).to.have.length(23);
    expect(starts('2024-10-27', '2024-10-27', 'Europe/London', 'HOUR'))
      .to.have.length(25)
      .and.to.include.members(['2024-10-27T01:00:00+01:00', '2024-10-27T01:00:00+00:00']);
    expect(starts('2024-03-31', '2024-03-31', 'Europe/London', 'FIFTEEN_MINUTES')).to.have.length(92);
  });

  it('follow clocks that change by half an hour', () => {
    const hours = starts('2024-04-07', '2024-04-07', 'Australia/Lord_Howe', 'HOUR');
    expect(hours.slice(0, 5)).to.deep.equal([
      '2024-04-07T00:00:00+11:00',
      '2024-04-07T01:00:00+11:00',
      '2024-04-07T01:30:00+10:30',
      '2024-04-07T02:00:00+10:30',
      '2024-04-07T03:00:00+10:30',
    ]);
  });

  it('begin where clocks skip midnight, and at the first of two midnights', () => {
    expect(starts('2018-11-04', '2018-11-04', 'America/Sao_Paulo', 'DAY')).to.deep.equal(['2018-11-04T01:00:00-02:00']);
    expect(starts('2024-11-03', '2024-11-03', 'America/Havana', 'DAY')).to.deep.equal(['2024-11-03T00:00:00-04:00']);
  });

  it('leave out a day that the zone skipped', () => {
    expect(starts('2011-12-29', '2011-12-31', 'Pacific/Apia', 'DAY')).to.deep.equal([
      '2011-12-29T00:00:00-10:00',
      '2011-12-31T00:00:00+14:00',
    ]);
  });

  it('begin weeks on Monday and months on their first day, also before the range', () => {
    expect(starts('2010-12-01', '2010-12-13', 'UTC', 'WEEK').map((start) => start.slice(0, 10))).to.deep.equal([
      '2010-11-29',
      '2010-12-06',
      '2010-12-13',
    ]);
    expect(starts('2010-12-31', '2011-01-01', 'UTC', 'MONTH').map((start) => start.slice(0, 10))).to.deep.equal([
      '2010-12-01',
      '2011-01-01',
    ]);
  });

  it('are at most 5,000, and the error says what to do', () => {
    const utc = zone('UTC');
    const from = day('2000-01-01');
    expect(bucketStarts(from, from + (MAX_BUCKETS - 1) * DAY, utc, 'DAY')).to.have.length(MAX_BUCKETS);
    expect(() => bucketStarts(from, from + MAX_BUCKETS * DAY, utc, 'DAY'))
      .to.throw(/coarser granularity/)
      .with.nested.property('extensions.code', 'RANGE_TOO_LARGE');
    expect(() => bucketStarts(day('0001-01-01'), day('9999-12-31'), utc, 'FIFTEEN_MINUTES')).to.throw(/5000 buckets/);
  });

  it('refuse a range that ends before it begins, and zones off the quarter of an hour', () => {
    expect(() => intervalOf(day('2020-01-02'), day('2020-01-01'), zone('UTC'))).to.throw(/later than/);
    expect(() => intervalOf(day('1960-01-01'), day('1960-01-01'), zone('Africa/Monrovia'))).to.throw(/15 minutes/);
  });

  it('a day begins at the first instant that has its date (luxon agrees)', () => {
    fc.assert(
      fc.property(anyDate, anyZone, (date, inZone) => {
        const start = startOfDay(date, inZone);
        const local = (instant: number) => DateTime.fromMillis(instant, { zone: inZone.name });
        const wanted = new Date(date).toISOString().slice(0, 10);
        // Of a day that a zone skipped there is no instant: it begins, and ends, where the next does.
        expect((local(start).toISODate() ?? '') >= wanted).to.equal(true);
        expect((local(start - 1).toISODate() ?? '') < wanted).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('ascend by quarters of an hour of UTC, begin no later than the range and end within it', () => {
    const anyRange = fc.tuple(anyDate, fc.integer({ min: 0, max: 50 }), anyZone, anyGranularity);
    fc.assert(
      fc.property(anyRange, ([from, days, inZone, granularity]) => {
        const to = from + days * DAY;
        const found = bucketStarts(from, to, inZone, granularity);
        const interval = intervalOf(from, to, inZone);
        expect(found[0]).to.be.at.most(interval.from);
        expect(found.at(-1)).to.be.below(interval.to);
        found.forEach((start, index) => {
          expect(start % QUARTER).to.equal(0);
          if (index > 0) expect(start).to.be.above(found[index - 1] ?? 0);
        });
      }),
    );
  });

  it('of an hour last an hour at most, and hold one hour of the wall clock', () => {
    fc.assert(
      fc.property(anyDate, anyZone, (date, inZone) => {
        const hours = bucketStarts(date, date, inZone, 'HOUR');
        const { to } = intervalOf(date, date, inZone);
        hours.forEach((start, index) => {
          const end = hours[index + 1] ?? to;
          const clock = (instant: number) => DateTime.fromMillis(instant, { zone: inZone.name });
          expect(end - start).to.be.within(QUARTER, HOUR);
          expect(clock(start).hour).to.equal(clock(end - 1).hour);
          expect(clock(start).offset).to.equal(clock(end - 1).offset);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('are written as luxon writes them', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST * DAY, max: LAST * DAY }), anyZone, (instant, inZone) => {
        const expected = DateTime.fromMillis(instant, { zone: inZone.name }).toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");
        expect(formatInZone(instant, inZone)).to.equal(expected);
      }),
    );
  });
});

describe('calendar days', () => {
  it('are read only when they exist', () => {
    expect(parseDate('2024-02-29')).to.equal(Date.UTC(2024, 1, 29));
    for (const wrong of [
      '2023-02-29',
      '2024-13-01',
      '2024-1-1',
      '0000-01-01',
      '2024-02-29T00:00',
      '',
      '+12024-01-01',
    ]) {
      expect(parseDate(wrong), wrong).to.equal(undefined);
    }
  });
});
