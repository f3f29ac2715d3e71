import type { LogRecord } from '../../platform/kafka/records.ts';
import type { RawSlice } from '../log-slice.ts';

/** Records of all partitions that may wait before reading pauses, and at how few it goes on. */
const WAITING = { most: 20_000, resume: 5000 };
/**
 * What is remembered of the records that were taken. Enough for what the log grows by while a rebuild folds its last part,
 * a second or so, after which workers take tables over that lack it.
 */
const REMEMBERED = { records: 20_000, bytes: 8 * 1024 * 1024 };

interface Taken {
  partition: number;
  records: LogRecord[];
  bytes: number;
}

/**
 * Records that were read and wait to be applied, in order for each partition. Gathers while a batch is under way, with
 * back-pressure: the flow of partitions stops when too much waits. Remembers the last ones that were taken, so that they can
 * be taken once more.
 */
export class RecordQueue {
  readonly #throttle: (partition: number, paused: boolean) => void;
  readonly #waiting = new Map<number, LogRecord[]>();
  readonly #paused = new Set<number>();
  /** What was taken last, oldest first. Of each partition it ends where waiting begins. */
  #remembered: Taken[] = [];
  #rememberedSize = { records: 0, bytes: 0 };
  /** Up to where of each partition. */
  readonly #rememberedTo = new Map<number, number>();
  #arrived: (() => void) | undefined;
  #records = 0;

  /** `throttle` stops and restarts the flow of a partition. */
  constructor(throttle: (partition: number, paused: boolean) => void) {
    this.#throttle = throttle;
  }

  /** Records of all partitions that wait. */
  get size(): number {
    return this.#records;
  }

  push(partition: number, records: readonly LogRecord[]): void {
    const waiting = this.#waiting.get(partition);
    if (waiting) for (const record of records) waiting.push(record);
    else this.#waiting.set(partition, [...records]);
    this.#records += records.length;
    this.#arrived?.();
    if (this.#records < WAITING.most) return;
    this.#paused.add(partition);
    this.#throttle(partition, true);
  }

  /** Forgets what waits of a partition, and what was taken of it. */
  drop(partition: number): void {
    this.#forget(partition);
    this.#records -= this.#waiting.get(partition)?.length ?? 0;
    this.#waiting.delete(partition);
    this.#resume();
  }

  /** Lets what was taken of a partition from `offset` on be taken once more. False, changing nothing, when not all is remembered. */
  setBack(partition: number, offset: number): boolean {
    const taken = this.#remembered.filter((one) => one.partition === partition).flatMap(({ records }) => records);
    if (!taken[0] || taken[0].offset > offset) return false;
    const again = taken.filter((record) => record.offset >= offset);
    if (again.length === 0) return false;
    this.#forget(partition);
    this.#waiting.set(partition, [...again, ...(this.#waiting.get(partition) ?? [])]);
    this.#records += again.length;
    this.#arrived?.();
    return true;
  }

  /**
   * Takes the next records, at most about so many and so many bytes, an equal share of each partition, at least one, and
   * none beyond a hole (whose loss was accepted).
   */
  take(maxRecords: number, maxBytes: number): RawSlice[] {
    const shares = this.#waiting.size;
    const taken = [...this.#waiting].map(([partition, waiting]) => {
      let count = 0;
      let bytes = 0;
      const first = waiting[0]?.offset ?? 0;
      for (const { offset, value } of waiting) {
        if (count > 0 && (count >= maxRecords / shares || bytes >= maxBytes / shares)) break;
        if (offset !== first + count) break;
        bytes += value?.length ?? 0;
        count += 1;
      }
      this.#records -= count;
      if (count === waiting.length) this.#waiting.delete(partition);
      const records = waiting.splice(0, count);
      this.#remember(partition, records);
      return { partition, records };
    });
    this.#resume();
    return taken;
  }

  /** Resolves when something waits, or once `wake` is called. */
  async filled(): Promise<void> {
    if (this.#records > 0) return;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    this.#arrived = undefined;
  }

  /** Ends a wait in {@link filled}. */
  wake(): void {
    this.#arrived?.();
  }

  /** What was read again, to see whether the log is still the same, is remembered already. */
  #remember(partition: number, records: LogRecord[]): void {
    const end = this.#rememberedTo.get(partition) ?? 0;
    const fresh = records.filter(({ offset }) => offset >= end);
    const last = fresh[fresh.length - 1];
    if (!last) return;
    const size = this.#rememberedSize;
    const bytes = fresh.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.#remembered.push({ partition, records: fresh, bytes });
    this.#rememberedTo.set(partition, last.offset + 1);
    size.records += fresh.length;
    size.bytes += bytes;
    while (size.records > REMEMBERED.records || size.bytes > REMEMBERED.bytes) {
      const oldest = this.#remembered.shift();
      size.records -= oldest?.records.length ?? 0;
      size.bytes -= oldest?.bytes ?? 0;
    }
  }

  #forget(partition: number): void {
    this.#rememberedTo.delete(partition);
    this.#remembered = this.#remembered.filter((one) => one.partition !== partition);
    this.#rememberedSize = {
      records: this.#remembered.reduce((sum, { records }) => sum + records.length, 0),
      bytes: this.#remembered.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  #resume(): void {
    if (this.#records >= WAITING.resume) return;
    for (const partition of this.#paused) this.#throttle(partition, false);
    this.#paused.clear();
  }
}
