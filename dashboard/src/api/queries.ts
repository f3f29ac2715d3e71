/**
 * Everything this page asks. The types beside each document are held against read-api/schema.graphql by
 * test/unit/dashboard/queries.test.ts, which validates the documents.
 */
import type { Money } from '../format/money.ts';
import type { LocalDate } from '../time/local-date.ts';
import type { Granularity } from '../time/ranges.ts';
import { operation } from './graphql.ts';

/** The figures of a period or a bucket. Orders and units are of sales; returns and refunds stand apart and are positive. */
export interface Figures {
  gross: Money;
  discounts: Money;
  returns: Money;
  refunds: Money;
  net: Money;
  orders: number;
  units: number;
  averageOrderValue: Money | null;
}

/** A bucket of the trend; `start` carries the offset of the zone asked for. */
export interface Bucket extends Figures {
  start: string;
}

const FIGURES = `
  gross { amount currencyCode }
  discounts { amount currencyCode }
  returns { amount currencyCode }
  refunds { amount currencyCode }
  net { amount currencyCode }
  orders
  units
  averageOrderValue { amount currencyCode }
`;

/** Days, zone and currency: what all range queries have in common. */
export interface RangeVariables {
  from: LocalDate;
  to: LocalDate;
  timeZone: string;
  currency: string;
}

export interface OverviewVariables extends RangeVariables {
  granularity: Granularity;
  previousFrom: LocalDate;
  previousTo: LocalDate;
  /** Whether there is a period to compare with. */
  compare: boolean;
  /** Whether the range's last day is still going on: then the previous one is cut at the same time of day. */
  open: boolean;
}

export interface OverviewResult {
  current: { totals: Figures; buckets: Bucket[] };
  previous?: { totals: Figures; buckets: Bucket[] };
  previousLastDay?: { buckets: Bucket[] };
}

export const OVERVIEW = operation<OverviewResult, OverviewVariables>(`
  query Overview($from: Date!, $to: Date!, $previousFrom: Date!, $previousTo: Date!, $timeZone: TimeZone!,
    $granularity: Granularity!, $currency: CurrencyCode!, $compare: Boolean!, $open: Boolean!) {
    current: revenue(from: $from, to: $to, timeZone: $timeZone, granularity: $granularity, currency: $currency) {
      totals { ${FIGURES} }
      buckets { start ${FIGURES} }
    }
    previous: revenue(from: $previousFrom, to: $previousTo, timeZone: $timeZone, granularity: $granularity,
      currency: $currency) @include(if: $compare) {
      totals { ${FIGURES} }
      buckets { start ${FIGURES} }
    }
    previousLastDay: revenue(from: $previousTo, to: $previousTo, timeZone: $timeZone, granularity: FIFTEEN_MINUTES,
      currency: $currency) @include(if: $open) {
      buckets { start ${FIGURES} }
    }
  }
`);

export interface Category {
  category: string;
  net: Money;
  orders: number;
  units: number;
}

export const CATEGORIES = operation<{ categories: Category[] }, RangeVariables>(`
  query Categories($from: Date!, $to: Date!, $timeZone: TimeZone!, $currency: CurrencyCode!) {
    categories(from: $from, to: $to, timeZone: $timeZone, currency: $currency) {
      category net { amount currencyCode } orders units
    }
  }
`);

export interface PaymentMethod {
  method: string;
  payments: number;
  amount: Money;
  returns: Money;
  refunds: Money;
  net: Money;
}

export const PAYMENT_METHODS = operation<{ paymentMethods: PaymentMethod[] }, RangeVariables>(`
  query PaymentMethods($from: Date!, $to: Date!, $timeZone: TimeZone!, $currency: CurrencyCode!) {
    paymentMethods(from: $from, to: $to, timeZone: $timeZone, currency: $currency) {
      method payments
      amount { amount currencyCode } returns { amount currencyCode } refunds { amount currencyCode }
      net { amount currencyCode }
    }
  }
`);

export interface Product {
  productId: string;
  productName: string;
  category: string;
  net: Money;
  orders: number;
  units: number;
  returnedUnits: number;
  refundedUnits: number;
}

export const PRODUCTS = operation<{ products: Product[] }, RangeVariables & { first: number }>(`
  query Products($from: Date!, $to: Date!, $timeZone: TimeZone!, $currency: CurrencyCode!, $first: Int!) {
    products(from: $from, to: $to, timeZone: $timeZone, currency: $currency, first: $first) {
      productId productName category net { amount currencyCode } orders units returnedUnits refundedUnits
    }
  }
`);

/** What the page must know before it can ask for figures. */
export interface StoreResult {
  currencies: { code: string; orders: number; firstAt: string }[];
  pipeline: { storeTimeZone: string; dataAsOf: string | null; version: string };
}

export const STORE = operation<StoreResult, Record<string, never>>(`
  query Store {
    currencies { code orders firstAt }
    pipeline { storeTimeZone dataAsOf version }
  }
`);

/** What the figures lack, and which parts of the log stand still. */
export interface GapsResult {
  pipeline: { notIncluded: number; halts: { partition: number; reason: string; detail: string }[] };
}

export const GAPS = operation<GapsResult, Record<string, never>>(`
  query Gaps {
    pipeline { notIncluded halts { partition reason detail } }
  }
`);
