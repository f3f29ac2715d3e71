const QUARTER_HOUR_MS = 15 * 60 * 1000;
const MAX_CACHED = 100_000;

/** Start (ms) of the 15-minute bucket of a moment (ms), UTC. Hours and days of every zone are whole numbers of these. */
export function bucketOf(moment: number): number {
  return Math.floor(moment / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
}

/**
 * The calendar day of a moment in an IANA zone, as `YYYY-MM-DD`. Asks Intl once for each quarter of an hour and
 * remembers: zones change their offset on quarter-hours only, so all of its moments share a day.
 */
export function dayIn(timeZone: string): (moment: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const days = new Map<number, string>();
  return (moment) => {
    const bucket = bucketOf(moment);
    let day = days.get(bucket);
    if (day === undefined) {
      const parts = Object.fromEntries(format.formatToParts(bucket).map(({ type, value }) => [type, value]));
      day = `${parts.year?.padStart(4, '0')}-${parts.month}-${parts.day}`;
      if (days.size >= MAX_CACHED) days.clear();
      days.set(bucket, day);
    }
    return day;
  };
}
