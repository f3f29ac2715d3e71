/**
 * The live window in Redis: orders and net revenue by minute over the last 48 hours, and the newest ledger entries, for
 * each partition of the log, each with its fence: the next offset that it does not hold. Derived and disposable:
 * a window without a fence, or with another than expected, is rebuilt by its writer and says "rebuilding" to readers.
 */
import type { Redis } from 'ioredis';
import { safeInteger } from '../postgres/index.ts';
import { firstMinute, KEPT_RECENT, script, WINDOW_MS, windowKeys } from './keys.ts';

/** Figures of one minute in one currency. */
export interface WindowMinute {
  /** Minutes since 1970 UTC, of the time of the sale, return or refund; a void counts in the minute of its sale. */
  minute: number;
  currency: string;
  orders: number;
  /** Minor units: gross - discounts - returns - refunds. */
  net: number;
}

/** A sale, return, refund or void, short. Amounts in minor units, positive whatever the kind. */
export interface RecentSale {
  /** saleId, or returnId of a return. */
  id: string;
  kind: 'SALE' | 'RETURN' | 'REFUND' | 'VOID';
  /** Milliseconds since 1970 UTC. */
  occurredAt: number;
  recordedAt: number;
  currency: string;
  channel: string;
  country: string;
  net: number;
  total: number;
  units: number;
  /** Names of the first three products. */
  products: string[];
  offset: number;
}

/** What the events of one partition from offset `from` up to but not including `to` add to its window. */
export interface WindowDelta {
  partition: number;
  from: number;
  to: number;
  /** Sums may pass 2^53. */
  minutes: Iterable<{ minute: number; currency: string; orders: number; net: number | bigint }>;
  /** In the order of their offsets; only the last {@link KEPT_RECENT} matter. */
  recent: readonly RecentSale[];
}

/** What a window holds, or what changed in it since the fence that the reader gave. */
export interface WindowSlice {
  partition: number;
  /** Everything below is included; null while the window is being rebuilt: there are no figures then. */
  fence: number | null;
  /** True when this is the whole window, to be put in place of what the reader had. */
  whole: boolean;
  minutes: WindowMinute[];
  recent: RecentSale[];
}

/** One partition's window in one generation. */
export interface WindowPlace {
  generation: number;
  partition: number;
}

export class LiveWindowWriter {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #apply = script('apply');

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Adds to a window whose fence is `from`. False when it has another (nothing was written): it must be rebuilt. */
  follow(generation: number, delta: WindowDelta, now: number): Promise<boolean> {
    return this.#write(generation, 'follow', delta, String(delta.from), now);
  }

  /** Puts the delta in the window's place if its fence is still the one observed. False when it has moved. */
  replace(generation: number, delta: WindowDelta, observed: number | null, now: number): Promise<boolean> {
    return this.#write(generation, 'replace', delta, observed === null ? '' : String(observed), now);
  }

  /** The fence of each window; null where there is none. */
  async fences(windows: readonly WindowPlace[]): Promise<(number | null)[]> {
    if (windows.length === 0) return [];
    const keys = windows.map(({ generation, partition }) => windowKeys(this.#prefix, generation, partition).fence);
    return (await this.#redis.mget(keys)).map((text) => (text === null ? null : safeInteger(text)));
  }

  /** Takes a window's fence away: it says "rebuilding" until its writer has folded it anew. */
  async invalidate(generation: number, partition: number): Promise<void> {
    await this.#redis.del(windowKeys(this.#prefix, generation, partition).fence);
  }

  /** Removes all windows of a generation. */
  async drop(generation: number, partitions: number): Promise<void> {
    const keys = Array.from({ length: partitions }, (_, partition) =>
      Object.values(windowKeys(this.#prefix, generation, partition)),
    );
    await this.#redis.unlink(keys.flat());
  }

  async #write(
    generation: number,
    mode: 'follow' | 'replace',
    delta: WindowDelta,
    expected: string,
    now: number,
  ): Promise<boolean> {
    const keys = Object.values(windowKeys(this.#prefix, generation, delta.partition));
    const minutes: string[] = [];
    let count = 0;
    for (const { minute, currency, orders, net } of delta.minutes) {
      minutes.push(String(minute), currency, String(orders), String(net));
      count += 1;
    }
    const recent = delta.recent.slice(-KEPT_RECENT).flatMap((sale) => [String(sale.offset), JSON.stringify(sale)]);
    const header = [mode, expected, delta.to, firstMinute(now), KEPT_RECENT, count];
    const [outcome] = (await this.#redis.eval(this.#apply, keys.length, ...keys, ...header, ...minutes, ...recent)) as [
      'applied' | 'stale',
    ];
    return outcome === 'applied';
  }
}

type ReadReply = [null] | [fence: string, whole: number, figures: string[], recent: string[]];

export class LiveWindowReader {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #read = script('read');

  constructor(redis: Redis, prefix: string, now: () => number = Date.now) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#now = now;
  }

  /**
   * One partition's window at one moment: all of it, or what changed since a fence that an earlier read gave. Reads of
   * several partitions may be started together. Throws RangeError when a sum is beyond 2^53.
   */
  async read(generation: number, partition: number, sinceFence = 0): Promise<WindowSlice> {
    const now = this.#now();
    const { minutes, touched, recent, fence } = windowKeys(this.#prefix, generation, partition);
    const keys = [minutes, touched, recent, fence];
    const reply = (await this.#redis.eval(this.#read, keys.length, ...keys, sinceFence, firstMinute(now))) as ReadReply;
    if (reply[0] === null) return { partition, fence: null, whole: true, minutes: [], recent: [] };
    const [found, whole, figures = [], entries = []] = reply as Exclude<ReadReply, [null]>;
    return {
      partition,
      fence: safeInteger(found),
      whole: whole === 1,
      minutes: inFours(figures),
      recent: entries
        .map((text) => JSON.parse(text) as RecentSale)
        .filter((sale) => sale.recordedAt >= now - WINDOW_MS),
    };
  }
}

function inFours(figures: readonly string[]): WindowMinute[] {
  const minutes: WindowMinute[] = [];
  for (let at = 0; at < figures.length; at += 4) {
    const [minute = '', currency = '', orders = '', net = ''] = figures.slice(at, at + 4);
    minutes.push({ minute: Number(minute), currency, orders: safeInteger(orders), net: safeInteger(net) });
  }
  return minutes;
}
