import { type ComputedRef, computed, type InjectionKey, inject, provide, type Ref } from 'vue';
import { type RangeVariables, STORE, type StoreResult } from '../api/queries.ts';
import type { Choices } from '../choices.ts';
import { cutTime } from '../figures/so-far.ts';
import { type LocalDate, localDate, minuteOfDay } from '../time/local-date.ts';
import { type Range, resolveRange } from '../time/ranges.ts';
import { type Live, useLive } from './use-live.ts';
import { useNow } from './use-now.ts';
import { usePageVisible } from './use-page-visible.ts';
import { type CardQuery, type QueryOptions, useQuery } from './use-query.ts';
import { useUrlState } from './use-url-state.ts';

/** What every card shares: the reader's choices, what they mean now, and the news. */
export interface Dashboard {
  choices: Choices;
  live: Live;
  store: CardQuery<StoreResult>;
  /** The time by the server's clock, ms. */
  now: Readonly<Ref<number>>;
  /** The zone of all days and clocks on the page. */
  timeZone: ComputedRef<string>;
  storeTimeZone: ComputedRef<string>;
  today: ComputedRef<LocalDate>;
  /** Undefined until something was sold. */
  currency: ComputedRef<string | undefined>;
  range: ComputedRef<Range>;
  /** Until when an open period is compared, `HH:MM`. */
  cut: ComputedRef<string>;
  /** The variables of range queries; undefined until they are known. */
  rangeVariables: ComputedRef<RangeVariables | undefined>;
  /** How range queries keep themselves fresh. */
  freshness: QueryOptions;
}

const KEY: InjectionKey<Dashboard> = Symbol('dashboard');
const STORE_REFRESH_MS = 30_000;

/** Builds the page's shared state, for the root component. */
export function provideDashboard(): Dashboard {
  const choices = useUrlState();
  const visible = usePageVisible();
  const live = useLive(() => choices.paused);
  const now = useNow(() => live.clockAheadMs.value);
  const freshness: QueryOptions = {
    version: () => live.version.value,
    active: () => visible.value && !choices.paused,
  };
  const store: CardQuery<StoreResult> = useQuery(STORE, () => ({}), {
    ...freshness,
    minIntervalMs: () => (store.data.value?.currencies.length ? STORE_REFRESH_MS : 1_000),
  });

  const minute = computed(() => Math.floor(now.value / 60_000) * 60_000);
  const storeTimeZone = computed(() => store.data.value?.pipeline.storeTimeZone ?? 'UTC');
  const timeZone = computed(() => choices.timeZone ?? storeTimeZone.value);
  const today = computed(() => localDate(minute.value, timeZone.value));
  const cut = computed(() => cutTime(minuteOfDay(minute.value, timeZone.value)));
  const currency = computed(() => chooseCurrency(choices.currency, store.data.value));
  const range = computed(() => {
    const first = store.data.value?.currencies.find(({ code }) => code === currency.value)?.firstAt;
    const firstDay = first ? localDate(Date.parse(first), timeZone.value) : undefined;
    return resolveRange(choices.range, today.value, { from: choices.from, to: choices.to }, firstDay);
  });
  const rangeVariables = computed(() =>
    currency.value === undefined
      ? undefined
      : { from: range.value.from, to: range.value.to, timeZone: timeZone.value, currency: currency.value },
  );

  const dashboard = {
    choices,
    live,
    store,
    now,
    timeZone,
    storeTimeZone,
    today,
    currency,
    range,
    cut,
    rangeVariables,
    freshness,
  };
  provide(KEY, dashboard);
  return dashboard;
}

/** The page's shared state, for components below the root. */
export function useDashboard(): Dashboard {
  const dashboard = inject(KEY);
  if (!dashboard) throw new Error('useDashboard() was called outside of a component that provideDashboard() serves.');
  return dashboard;
}

function chooseCurrency(chosen: string | undefined, store: StoreResult | undefined): string | undefined {
  const known = store?.currencies ?? [];
  return known.find(({ code }) => code === chosen)?.code ?? known[0]?.code;
}
