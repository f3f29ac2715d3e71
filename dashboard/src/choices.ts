import { METRIC_NAMES, type MetricName } from './figures/metrics.ts';
import { isLocalDate, isTimeZone } from './time/local-date.ts';
import { RANGE_NAMES, type RangeName } from './time/ranges.ts';

/** Everything that a reader can choose. It lives in the address, so a reload or a shared link shows the same page. */
export interface Choices {
  range: RangeName;
  /** First and last day of a custom range. */
  from: string | undefined;
  to: string | undefined;
  /** Undefined: the currency with most orders. */
  currency: string | undefined;
  /** IANA name; undefined: the store's. */
  timeZone: string | undefined;
  /** The figure that the trend shows. */
  metric: MetricName;
  /** Names of the cards that show their table. */
  tables: string[];
  paused: boolean;
}

/** The address's choices; what it says wrongly is as if it were not said. */
export function parseChoices(search: string): Choices {
  const given = new URLSearchParams(search);
  const checked = (name: string, valid: (value: string) => boolean) => {
    const value = given.get(name);
    return value !== null && valid(value) ? value : undefined;
  };
  return {
    range: RANGE_NAMES.find((name) => name === given.get('range')) ?? 'today',
    from: checked('from', isLocalDate),
    to: checked('to', isLocalDate),
    currency: checked('currency', (value) => /^[A-Z]{3}$/.test(value)),
    timeZone: checked('tz', isTimeZone),
    metric: METRIC_NAMES.find((name) => name === given.get('metric')) ?? 'net',
    tables: given.get('tables')?.split(',').filter(Boolean) ?? [],
    paused: given.get('paused') === '1',
  };
}

/** The other way round; what is as usual is left out. */
export function writeChoices(choices: Choices): string {
  const custom = choices.range === 'custom';
  const entries: [string, string | undefined | false][] = [
    ['range', choices.range !== 'today' && choices.range],
    ['from', custom && choices.from],
    ['to', custom && choices.to],
    ['currency', choices.currency],
    ['tz', choices.timeZone],
    ['metric', choices.metric !== 'net' && choices.metric],
    ['tables', choices.tables.length > 0 && choices.tables.join(',')],
    ['paused', choices.paused && '1'],
  ];
  const search = entries
    .flatMap(([name, value]) => (value ? [`${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`] : []))
    .join('&');
  return search && `?${search}`;
}
