/** A broker in memory: append-only partitions, and readers that are told when something new came. */
import type { LogRecord } from '../../platform/kafka/records.ts';

export type TopicName = 'commands' | 'events' | 'rejected';
type NewRecord = Pick<LogRecord, 'key' | 'value'>;

/** The broker's clock when a history begins. */
export const START = Date.UTC(2026, 0, 31, 12);

export class Broker {
  readonly #logs = new Map<string, Log>();
  readonly #now: () => number;

  /** `now` in milliseconds since the history began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Appends all of them, contiguous; gives the offset of the first. */
  append(topic: TopicName, partition: number, batch: readonly NewRecord[]): number {
    const log = this.log(topic, partition);
    const base = log.end;
    const timestamp = START + this.#now();
    for (const [index, { key, value }] of batch.entries()) {
      log.records.push({ offset: base + index, timestamp, key, value });
    }
    log.end += batch.length;
    for (const tell of log.readers) tell();
    return base;
  }

  /** An offset without a record, as the end of somebody's transaction leaves it. */
  skip(topic: TopicName, partition: number): void {
    this.log(topic, partition).end += 1;
  }

  log(topic: TopicName, partition: number): Log {
    const name = `${topic}/${partition}`;
    const log = this.#logs.get(name) ?? { records: [], end: 0, readers: new Set() };
    this.#logs.set(name, log);
    return log;
  }
}

export interface Log {
  records: LogRecord[];
  /** The next offset. */
  end: number;
  readers: Set<() => void>;
}
