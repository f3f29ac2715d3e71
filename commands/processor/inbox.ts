/** Records of one topic that wait for a partition's owner, with back-pressure: their flow stops when too much waits. */
import type { LogRecord } from '../../platform/kafka/records.ts';

/** Where the flow stops, and at what it goes on. */
const HIGH = { records: 4000, bytes: 16e6 };
const LOW = { records: 1000, bytes: 4e6 };

export class Inbox {
  readonly #throttle: (paused: boolean) => void;
  #records: LogRecord[] = [];
  #bytes = 0;
  #paused = false;

  /** `throttle` stops and restarts the flow. */
  constructor(throttle: (paused: boolean) => void) {
    this.#throttle = throttle;
  }

  get length(): number {
    return this.#records.length;
  }

  push(records: LogRecord[]): void {
    this.#records = this.#records.length === 0 ? records : this.#records.concat(records);
    this.#changed(bytesOf(records));
  }

  /** The next ones, which stay. */
  peek(count: number): LogRecord[] {
    return this.#records.slice(0, count);
  }

  drop(count: number): void {
    const dropped = this.#records.slice(0, count);
    this.#records = this.#records.slice(count);
    this.#changed(-bytesOf(dropped));
  }

  dropBelow(offset: number): void {
    const first = this.#records.findIndex((record) => record.offset >= offset);
    this.drop(first < 0 ? this.length : first);
  }

  clear(): void {
    this.drop(this.length);
  }

  #changed(bytes: number): void {
    this.#bytes += bytes;
    const limit = this.#paused ? LOW : HIGH;
    const wanted = this.length > limit.records || (this.length > 1 && this.#bytes > limit.bytes);
    if (wanted === this.#paused) return;
    this.#paused = wanted;
    this.#throttle(wanted);
  }
}

function bytesOf(records: readonly LogRecord[]): number {
  let bytes = 0;
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
}
