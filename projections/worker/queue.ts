import type { LogRecord } from '../../platform/kafka/records.ts';
import type { RawSlice } from '../log-slice.ts';

/** Records of all partitions that may wait before reading pauses, and at how few it goes on. */
const WAITING = { most: 20_000, resume: 5000 };

/**
 * Records that were read and wait to be applied, in order for each partition. Gathers while a batch is under way, with
 * back-pressure: the flow of partitions stops when too much waits.
 */
export class RecordQueue {
  readonly #throttle: (partition: number, paused: boolean) => void;
  readonly #waiting = new Map<number, LogRecord[]>();
  readonly #paused = new Set<number>();
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

  /** Forgets what waits of a partition. */
  drop(partition: number): void {
    this.#records -= this.#waiting.get(partition)?.length ?? 0;
    this.#waiting.delete(partition);
    this.#resume();
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
      return { partition, records: waiting.splice(0, count) };
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

  #resume(): void {
    if (this.#records >= WAITING.resume) return;
    for (const partition of this.#paused) this.#throttle(partition, false);
    this.#paused.clear();
  }
}
