/**
 * A copy of the live window in memory, shared by all subscribers: the figures of each minute over all partitions, the
 * newest sales, and how far they reach. Pure state: what is read from Redis is applied here, subscribers ask what changed.
 */
import type { RecentSale, WindowMinute, WindowSlice } from '../../platform/live-window/live-window.ts';
import { Latest } from './latest.ts';

const MAX_RECENT = 50;

/** A recent sale with its place in the log, `partition:offset`. */
export type PlacedSale = RecentSale & { position: string };

export interface WindowChanges {
  positions: { partition: number; nextOffset: number }[];
  /** In order of time. */
  minutes: WindowMinute[];
  /** Last recorded first. */
  recent: PlacedSale[];
}

interface Partition {
  /** Everything below is included; never goes back. */
  nextOffset: number;
  /** How far Redis was when it was last read. */
  readOffset: number;
  /** How far the window must reach to be whole. */
  expectedOffset: number;
  /** Another window has taken its place: what is here is to be replaced as a whole. */
  outdated: boolean;
  /** What this partition adds to each minute. */
  minutes: Map<string, WindowMinute>;
}

export class WindowMirror {
  readonly #partitions = new Map<number, Partition>();
  readonly #minutes = new Latest<WindowMinute>();
  #recent: { sale: PlacedSale; version: number }[] = [];
  #version = 0;

  /** Grows with every change that subscribers should hear of. */
  get version(): number {
    return this.#version;
  }

  /** Whether Redis lacks events that were shown already or that Postgres has: its window is being refolded from the log. */
  get rebuilding(): boolean {
    return [...this.#partitions.values()].some(isBehind);
  }

  /** From which offset to read a partition next; 0 reads its whole window. */
  since(partition: number): number {
    const { nextOffset, readOffset, outdated } = this.#partition(partition);
    return outdated || readOffset < nextOffset ? 0 : nextOffset;
  }

  /** Another generation of the window is live: all of it is to be read. */
  replaceAll(): void {
    for (const known of this.#partitions.values()) known.outdated = true;
  }

  /** Events below this offset are known to be processed: a window that reaches less far is not whole. */
  expect(partition: number, nextOffset: number): void {
    const known = this.#partition(partition);
    known.expectedOffset = Math.max(known.expectedOffset, nextOffset);
  }

  /** Takes over what was read of a partition from {@link since}. */
  apply(slice: WindowSlice): void {
    const known = this.#partition(slice.partition);
    const fence = slice.fence ?? 0;
    const wasBehind = isBehind(known);
    const changed = known.outdated || fence > known.nextOffset || known.readOffset < known.nextOffset;
    known.readOffset = fence;
    known.expectedOffset = Math.max(known.expectedOffset, known.nextOffset);
    const usable = changed && fence >= known.nextOffset;
    if (usable || wasBehind !== isBehind(known)) this.#version += 1;
    if (!usable) return;
    if (slice.whole) known.outdated = false;
    if (slice.whole) this.#dropMissing(known, slice);
    for (const minute of slice.minutes) this.#setMinute(known, minute);
    known.nextOffset = fence;
    this.#addRecent(slice);
  }

  /** Forgets minutes that have left the window. Epoch minute. */
  forgetBefore(minute: number): void {
    for (const { minutes } of this.#partitions.values()) {
      for (const [key, value] of minutes) if (value.minute < minute) minutes.delete(key);
    }
    for (const key of this.#minutes.keys()) {
      if ((this.#minutes.get(key)?.minute ?? 0) < minute) this.#minutes.delete(key);
    }
  }

  /** What changed after `version`; everything after 0. */
  changesSince(version: number): WindowChanges {
    return {
      positions: [...this.#partitions]
        .filter(([, { nextOffset }]) => nextOffset > 0)
        .map(([partition, { nextOffset }]) => ({ partition, nextOffset }))
        .sort((left, right) => left.partition - right.partition),
      minutes: [...this.#minutes.since(version)].sort((left, right) => left.minute - right.minute),
      recent: this.#recent.filter((recent) => recent.version > version).map(({ sale }) => sale),
    };
  }

  #partition(number: number): Partition {
    const known = this.#partitions.get(number);
    if (known) return known;
    const fresh: Partition = { nextOffset: 0, readOffset: 0, expectedOffset: 0, outdated: false, minutes: new Map() };
    this.#partitions.set(number, fresh);
    return fresh;
  }

  /** A whole window may lack minutes that were there before: they count nothing now. */
  #dropMissing(known: Partition, slice: WindowSlice): void {
    const read = new Set(slice.minutes.map(keyOf));
    for (const [key, minute] of known.minutes) {
      if (!read.has(key)) this.#setMinute(known, { ...minute, orders: 0, net: 0 });
    }
  }

  #setMinute(partition: Partition, minute: WindowMinute): void {
    const key = keyOf(minute);
    const before = partition.minutes.get(key);
    const sum = this.#minutes.get(key);
    partition.minutes.set(key, minute);
    const orders = (sum?.orders ?? 0) - (before?.orders ?? 0) + minute.orders;
    const net = (sum?.net ?? 0) - (before?.net ?? 0) + minute.net;
    this.#minutes.set(key, { ...minute, orders, net }, this.#version);
  }

  #addRecent({ partition, recent }: WindowSlice): void {
    const known = new Set(this.#recent.map(({ sale }) => sale.position));
    const added = recent
      .map((sale) => ({ sale: { ...sale, position: `${partition}:${sale.offset}` }, version: this.#version }))
      .filter(({ sale }) => !known.has(sale.position));
    if (added.length === 0) return;
    this.#recent = [...this.#recent, ...added]
      .sort((left, right) => right.sale.recordedAt - left.sale.recordedAt || right.sale.offset - left.sale.offset)
      .slice(0, MAX_RECENT);
  }
}

function isBehind({ readOffset, expectedOffset }: Partition): boolean {
  return readOffset < expectedOffset;
}

function keyOf({ minute, currency }: WindowMinute): string {
  return `${minute}|${currency}`;
}
