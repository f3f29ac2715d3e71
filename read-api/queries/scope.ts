/** What the cards of a dashboard have in common: a range of days in one currency, filtered by channel and country. */
import { badInput } from '../errors.ts';
import { type Interval, intervalOf } from '../time/buckets.ts';
import type { LocalDate, Zone } from '../time/zone.ts';

/** A range of days in one currency. */
export interface DayArgs {
  from: LocalDate;
  to: LocalDate;
  timeZone: Zone;
  currency: string;
}

export interface ScopeArgs extends DayArgs {
  channel?: string | null;
  country?: string | null;
}

/** Condition on the rollups by quarter of an hour; its parameters are $1 to $3. */
export const inDays = 'bucket >= $1 and bucket < $2 and currency = $3';

/** {@link inDays}, filtered; its parameters are $1 to $5. */
export const inScope = `
  ${inDays}
  and ($4::text is null or channel = $4) and ($5::text is null or country = $5)`;

/** Condition on a category's or product's sums: all of it may have been voided, and then it is not in the list. */
export const hasFigures = '(sum(orders), sum(returned_units), sum(refunded_units), sum(refunds)) <> (0, 0, 0, 0)';

/** The same of the sums of whole sales. */
export const hasSaleFigures = '(sum(orders), sum(return_count), sum(refund_count)) <> (0, 0, 0)';

/** Parameters $1 to $3 of {@link inDays}. */
export function dayParameters({ from, to, timeZone, currency }: DayArgs): unknown[] {
  return [...instants(intervalOf(from, to, timeZone)), currency];
}

/** Parameters $1 to $5 of {@link inScope}. */
export function scopeParameters(args: ScopeArgs): unknown[] {
  return [...dayParameters(args), args.channel ?? null, args.country ?? null];
}

/** The edges of an interval as timestamptz parameters. */
export function instants({ from, to }: Interval): [Date, Date] {
  return [new Date(from), new Date(to)];
}

const MAX_PAGE = 100;

/** Throws BAD_USER_INPUT unless `first` is 1 to 100. */
export function checkFirst(first: number): void {
  if (first < 1 || first > MAX_PAGE) throw badInput(`first is ${first}. Ask for 1 to ${MAX_PAGE}.`);
}
