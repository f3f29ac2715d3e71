/** Records as readers get them: numbers for offsets and times, in runs without holes. */
import type { EachBatchPayload } from 'kafkajs';
import type { Lost } from './log-lost.ts';

export interface LogRecord {
  offset: number;
  /** Milliseconds since 1970 UTC; the broker's append time on the topics of the catalogue. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
}

/** Consecutive records from `from` on, up to the first hole that is not accepted. */
export function runsOf(records: LogRecord[], from: number, isAccepted: (lost: Lost) => boolean) {
  const runs: LogRecord[][] = [];
  let begin = 0;
  let next = from;
  for (const [index, { offset }] of records.entries()) {
    if (offset !== next) {
      if (index > begin) runs.push(records.slice(begin, index));
      if (!isAccepted({ from: next, to: offset })) return { runs, hole: { from: next, to: offset } };
      begin = index;
    }
    next = offset + 1;
  }
  runs.push(begin === 0 ? records : records.slice(begin));
  return { runs, hole: undefined };
}

/** kafkajs messages from `from` on, with offsets and times as numbers. */
export function toRecords(messages: EachBatchPayload['batch']['messages'], from: number): LogRecord[] {
  const records: LogRecord[] = [];
  for (const { offset, timestamp, key, value } of messages) {
    const at = Number(offset);
    if (at >= from) records.push({ offset: at, timestamp: Number(timestamp), key, value });
  }
  return records;
}
