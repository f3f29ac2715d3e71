/**
 * Reads partitions from positions that the caller keeps, in order and without holes, with the group protocol only
 * deciding who reads what. kafkajs delivers from the committed offset (or its default) until a seek takes effect and
 * resets silently when an offset is out of range: so partitions stay paused from the join until they are sought,
 * a batch that starts too high is dropped and sought again, and a log that ended before the position fails.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from '../logger.ts';
import { samePartitionNumbers } from './assigner.ts';
import { withAdmin } from './client.ts';
import { type Position, topicRanges } from './offsets.ts';

export interface LogRecord {
  offset: number;
  /** Milliseconds since 1970 UTC; the broker's append time on the topics of the catalogue. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
}

export interface ConsumeOptions {
  kafka: Kafka;
  groupId: string;
  /** All with the same partition count; a member gets the same partition numbers of each. */
  topics: readonly string[];
  logger: Logger;
  /** Read only these partition numbers. */
  partitions?: readonly number[];
  /** Topics that may have holes: whoever writes to them may use transactions. */
  holesIn?: readonly string[];
  /** Called at each (re)assignment; answers where to read each assigned partition of each topic from. */
  onAssigned(partitions: number[]): Promise<Position[]>;
  /** Records in order, consecutive but for `holesIn`. Should queue them and return: kafkajs fetches again only when all handlers have returned. */
  onRecords(topic: string, partition: number, records: LogRecord[], highWatermark: number): Promise<void> | void;
  /** Partitions that this member owned before a rebalance and does not own after it. */
  onRevoked?(partitions: number[]): void;
  /** The consumer cannot go on: a hole, a lost log, a crash. End the process. */
  onFailure(error: Error): void;
  /** What to commit to the group every second: how far this reader has come, for others to see; it never reads it. */
  committable?(): Position[];
}

export interface PartitionConsumer {
  /** Stops fetching a partition of a topic (back-pressure). */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Reads a partition on from another offset; what was fetched before is dropped. */
  seek(position: Position): void;
  stop(): Promise<void>;
}

/** The log is not what the reader remembers: a hole, or an end or a start beyond the position. Never reset silently. */
export class LogLostError extends Error {
  override name = 'LogLostError';
}

const COMMIT_INTERVAL_MS = 1000;
/**
 * The least time between two fetches that bring little, so that a trickle of records does not become as many requests:
 * those cost the broker and this process more than the records do. What comes alone does not wait.
 */
const PACE_MS = 4;
const LITTLE = 200;

export async function consumePartitions(options: ConsumeOptions): Promise<PartitionConsumer> {
  const { kafka, groupId, topics, logger, onAssigned, onRecords, onRevoked, onFailure } = options;
  const consumer = kafka.consumer({
    groupId,
    partitionAssigners: [samePartitionNumbers(options.partitions)],
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxBytes: 64 * 1024 * 1024,
    sessionTimeout: 6000,
    heartbeatInterval: 1000,
    allowAutoTopicCreation: false,
  });
  /** The next offset expected of each partition that was sought; those not in it are paused. */
  const expected = new Map<string, number>();
  /** Where a batch that started too high made us seek again. */
  const soughtAgain = new Map<string, number>();
  let assigned: number[] = [];
  let joins = 0;
  let stopped = false;
  let fetchedAt = 0;
  const keyOf = (topic: string, partition: number) => `${topic}/${partition}`;
  const fail = (error: unknown) => {
    if (!stopped) onFailure(error instanceof Error ? error : new Error(String(error)));
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joins += 1;
    expected.clear();
    const now = [...new Set(Object.values(payload.memberAssignment).flat())].map(Number);
    consumer.pause(topics.map((topic) => ({ topic, partitions: now })));
    const lost = assigned.filter((partition) => !now.includes(partition));
    assigned = now;
    if (lost.length > 0) onRevoked?.(lost);
    begin(now, joins).catch(fail);
  });
  consumer.on(consumer.events.FETCH_START, () => {
    fetchedAt = performance.now();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (payload.restart) logger.warn({ err: payload.error }, 'the consumer crashed and starts again');
    else fail(payload.error);
  });

  /** Callbacks begin when the caller has what this function returns. */
  let onStarted: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });

  async function begin(partitions: number[], join: number): Promise<void> {
    await started;
    const positions = await onAssigned(partitions);
    await checkAgainstLog(kafka, positions);
    if (join !== joins || stopped) return;
    for (const position of positions) seek(position);
    consumer.resume(topics.map((topic) => ({ topic, partitions })));
  }

  function seek({ topic, partition, offset }: Position): void {
    expected.set(keyOf(topic, partition), offset);
    consumer.seek({ topic, partition, offset: String(offset) });
  }

  async function eachBatch({ batch, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const key = keyOf(topic, partition);
    const from = expected.get(key);
    if (from === undefined || isStale() || batch.messages.length === 0) return;
    const records = toRecords(batch.messages, from);
    const first = records[0]?.offset;
    const last = records[records.length - 1]?.offset;
    const highWatermark = Number(batch.highWatermark);
    if (highWatermark < from || (first !== undefined && first > from && soughtAgain.get(key) !== from)) {
      // What was fetched before the seek took effect; or a hole, if the same comes again.
      soughtAgain.set(key, from);
      await checkAgainstLog(kafka, [{ topic, partition, offset: from }]);
      consumer.seek({ topic, partition, offset: String(from) });
      return;
    }
    if (first === undefined || last === undefined) return;
    if (last !== from + records.length - 1 && !options.holesIn?.includes(topic)) {
      throw new LogLostError(
        `${topic}/${partition} has a hole between offsets ${from} and ${last}: records were deleted, compacted or ` +
          'written in a transaction. Restore the topic from its mirror.',
      );
    }
    expected.set(key, last + 1);
    await onRecords(topic, partition, records, highWatermark);
    const early = fetchedAt + PACE_MS - performance.now();
    if (records.length < LITTLE && early > 0) await delay(early);
  }

  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 64,
    eachBatch: (payload) => eachBatch(payload).catch(fail),
  });
  setImmediate(onStarted);

  const committing = setInterval(() => {
    const positions = options.committable?.() ?? [];
    if (positions.length === 0) return;
    const offsets = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    consumer.commitOffsets(offsets).catch((error) => logger.debug({ err: error }, 'group offsets not committed'));
  }, COMMIT_INTERVAL_MS);

  return {
    seek,
    pause: (topic, partition) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (topic, partition) => {
      if (expected.has(keyOf(topic, partition))) consumer.resume([{ topic, partitions: [partition] }]);
    },
    async stop() {
      stopped = true;
      clearInterval(committing);
      await consumer.disconnect();
    },
  };
}

/** kafkajs messages from `from` on, with offsets and times as numbers. */
function toRecords(messages: EachBatchPayload['batch']['messages'], from: number): LogRecord[] {
  const records: LogRecord[] = [];
  for (const { offset, timestamp, key, value } of messages) {
    const at = Number(offset);
    if (at >= from) records.push({ offset: at, timestamp: Number(timestamp), key, value });
  }
  return records;
}

/** Throws {@link LogLostError} when a position lies outside what its partition holds. */
async function checkAgainstLog(kafka: Kafka, positions: Position[]): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    for (const topic of new Set(positions.map((position) => position.topic))) {
      const ranges = await topicRanges(admin, topic);
      for (const { partition, offset } of positions.filter((position) => position.topic === topic)) {
        const range = ranges.get(partition);
        if (range && offset >= range.low && offset <= range.high) continue;
        const found = range ? `holds offsets ${range.low} to ${range.high}` : 'does not exist';
        throw new LogLostError(
          `${topic}/${partition} ${found}, but the next offset to read is ${offset}: the log was lost, cut or recreated. ` +
            'Restore the topic from its mirror, or start a new installation (another SALES_NAMESPACE).',
        );
      }
    }
  });
}
