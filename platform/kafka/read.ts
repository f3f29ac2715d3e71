import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import type { Logger } from '../logger.ts';
import { withAdmin } from './client.ts';
import { consumePartitions } from './consume.ts';
import { findStarts, LogLostError } from './log-lost.ts';
import type { LogRecord } from './records.ts';

export interface RangeToRead {
  kafka: Kafka;
  logger: Logger;
  topic: string;
  /** The first offset to read of each partition. */
  from: ReadonlyMap<number, number>;
  /**
   * The offset to stop before of each partition; rejects with a `LogLostError` when the log ends before it. What is no
   * record just before it (markers of transactions) and losses that were accepted are not waited for.
   */
  to: ReadonlyMap<number, number>;
  /** Losses that were accepted are passed over; any other rejects. */
  isAcceptedLoss?(partition: number, from: number, to: number): boolean;
  /**
   * Consecutive records, each once, however often the group is joined again. Called with a few at a time, and with the
   * next ones when it has returned, whatever their partition: what it makes of them need not fit into memory at once.
   */
  onRecords(partition: number, records: LogRecord[]): Promise<void> | void;
}

const AT_A_TIME = 2000;

/** Reads a bounded range of some partitions, in parallel over partitions, in a consumer group of its own that it removes. */
export async function readRange({ kafka, logger, topic, from, to, ...options }: RangeToRead): Promise<void> {
  const endOf = (partition: number) => to.get(partition) ?? 0;
  const open = new Set(
    [...to].filter(([partition, end]) => (from.get(partition) ?? 0) < end).map(([number]) => number),
  );
  if (open.size === 0) return;
  const placesIn = (offsets: ReadonlyMap<number, number>) =>
    [...open].map((partition) => ({ topic, partition, offset: offsets.get(partition) ?? 0 }));
  const found = await findStarts(kafka, [...placesIn(to), ...placesIn(from)], options);
  for (const end of found.slice(0, open.size)) if (end instanceof LogLostError && endsTooEarly(end)) throw end;
  for (const start of found.slice(open.size)) {
    if (start instanceof LogLostError) throw start;
    if (start.offset >= endOf(start.partition)) open.delete(start.partition);
  }
  if (open.size === 0) return;
  const next = new Map(from);
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work);
    return last;
  };
  const groupId = `${topic}.range-${randomUUID()}`;
  let finish: (error?: Error) => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve());
  });
  finished.catch(() => {});
  function close(partition: number, reached: number): void {
    if (reached < endOf(partition) || !open.delete(partition)) return;
    if (open.size === 0) finish();
    else consumer.pause(topic, partition);
  }
  const consumer = await consumePartitions({
    kafka,
    groupId,
    logger,
    topics: [topic],
    partitions: [...open],
    onFailure: finish,
    ...(options.isAcceptedLoss && { isAcceptedLoss: options.isAcceptedLoss }),
    onAssigned: async (partitions) =>
      partitions.map((partition) => ({ topic, partition, offset: next.get(partition) ?? 0 })),
    onRecords: async (_, partition, records) => {
      // It is read again when it is assigned anew.
      if (!open.has(partition)) return consumer.pause(topic, partition);
      const wanted = records.filter((record) => record.offset < endOf(partition));
      const reached = (records[records.length - 1]?.offset ?? -1) + 1;
      next.set(partition, reached);
      await inTurn(async () => {
        for (let at = 0; at < wanted.length; at += AT_A_TIME) {
          await options.onRecords(partition, wanted.slice(at, at + AT_A_TIME));
        }
        close(partition, reached);
      });
    },
    // Whoever waits for its turn is told when it failed.
    onPassed: (_, partition, reached) => void inTurn(async () => close(partition, reached)).catch(() => {}),
  });
  try {
    await finished;
  } finally {
    await consumer.stop();
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch((error) =>
      logger.debug({ err: error }, 'a temporary consumer group was left to expire'),
    );
  }
}

/** Whoever waited for its end would wait for ever. */
function endsTooEarly({ lost }: LogLostError): boolean {
  return lost === undefined || lost.to < lost.from;
}
