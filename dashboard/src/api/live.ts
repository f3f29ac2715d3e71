import type { Money } from '../format/money.ts';
import { operation } from './graphql.ts';

/** What one minute of the live window holds now: full values, not differences. */
export interface LiveMinute {
  minute: string;
  currency: string;
  orders: number;
  net: Money;
}

/** A ledger entry that was recorded a moment ago; its amounts are positive whatever its kind. */
export interface RecentSale {
  id: string;
  kind: 'SALE' | 'RETURN' | 'REFUND' | 'VOID';
  position: string;
  occurredAt: string;
  currency: string;
  channel: string;
  country: string;
  total: Money;
  units: number;
  products: string[];
}

/** A message of the live subscription: the whole window first, then what changed. */
export interface LiveUpdate {
  kind: 'SNAPSHOT' | 'UPDATE';
  positions: { partition: number; nextOffset: number }[];
  minutes: LiveMinute[];
  sales: RecentSale[];
  windowStart: string;
  serverTime: string;
  rebuilding: boolean;
}

/** Four messages a second at most: more than that is not seen, only paid for. */
export const LIVE = operation<{ live: LiveUpdate }, Record<string, never>>(`
  subscription Live {
    live(minIntervalMs: 250) {
      kind
      positions { partition nextOffset }
      minutes { minute currency orders net { amount currencyCode } }
      sales {
        id kind position occurredAt currency channel country total { amount currencyCode } units products
      }
      windowStart
      serverTime
      rebuilding
    }
  }
`);
