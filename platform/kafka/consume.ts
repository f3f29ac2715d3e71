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
import { findStarts, holeAt, LogLostError, type LossRules, type Lost } from './log-lost.ts';
import { watchLog } from './log-watch.ts';
import type { Position } from './offsets.ts';
import { newReading, type Reading, readingKey } from './reading.ts';
import { type LogRecord, runsOf, toRecords } from './records.ts';

export interface ConsumeOptions extends LossRules {
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
  /** Everything below `next` was handed on, or is no record: a marker of a transaction, or what one took back. */
  onPassed?(topic: string, partition: number, next: number): void;
  /** All that this member had, at each rebalance, at once: Kafka takes them away, and what it keeps is assigned anew. */
  onRevoked?(partitions: number[]): void;
  /** The consumer cannot go on: a crash, or without `onHalted` a hole or a lost log. End the process. */
  onFailure(error: Error): void;
  /**
   * A partition can not be read on: it halts and is tried again every second or so, from where `restartAt` then says,
   * while the others go on. `onGoingOn` is called when it delivers records again, or has come to its end.
   */
  onHalted?(partition: number, error: Error): void;
  onGoingOn?(partition: number): void;
  /** Where to read a partition on that has halted, or again, to see whether the log is still the one that was read. */
  restartAt?(topic: string, partition: number): number;
  /**
   * The least time between two fetches that bring little, so that a trickle of records does not become as many requests:
   * those cost the broker and this process more than the records do. What comes alone does not wait.
   */
  paceMs?: number;
  /** What to commit to the group every second: how far this reader has come, for others to see; it never reads it. */
  committable?(): Position[];
}

export interface PartitionConsumer {
  /** Stops fetching a partition of a topic (back-pressure). */
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** Reads a partition on from another offset; what was fetched before is dropped. */
  seek(position: Position): void;
  /** Halts a partition for a reason that its reader found in the records. */
  halt(topic: string, partition: number, error: Error): void;
  stop(): Promise<void>;
}

/** A larger record comes all the same, alone: kafkajs asks for partitions in random order, and the first one gets it. */
const FETCH_BYTES = { partition: 256 * 1024, all: 2 * 1024 * 1024 };
const COMMIT_INTERVAL_MS = 1000;
const PACE_MS = 4;
const LITTLE = 200;

export async function consumePartitions(options: ConsumeOptions): Promise<PartitionConsumer> {
  const { kafka, groupId, topics, logger, onAssigned, onRecords, onRevoked, onFailure } = options;
  const consumer = kafka.consumer({
    groupId,
    partitionAssigners: [samePartitionNumbers(options.partitions)],
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: FETCH_BYTES.partition,
    maxBytes: FETCH_BYTES.all,
    sessionTimeout: 6000,
    heartbeatInterval: 1000,
    allowAutoTopicCreation: false,
  });
  /** What this member was assigned, by {@link readingKey}; made anew by each assignment. */
  const readings = new Map<string, Reading>();
  let assigned: number[] = [];
  let joins = 0;
  let joined = false;
  /** One assignment after the other: what one begins to own, the next one has to know of. */
  let beginning: Promise<void> = Promise.resolve();
  let stopped = false;
  let fetchedAt = 0;
  const readingOf = (topic: string, partition: number) => readings.get(readingKey(topic, partition));
  const fail = (error: unknown) => {
    if (!stopped) onFailure(error instanceof Error ? error : new Error(String(error)));
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joins += 1;
    joined = true;
    const now = [...new Set(Object.values(payload.memberAssignment).flat())].map(Number);
    readings.clear();
    for (const topic of topics)
      for (const partition of now) readings.set(readingKey(topic, partition), newReading(topic, partition));
    consumer.pause(topics.map((topic) => ({ topic, partitions: now })));
    const before = assigned;
    const join = joins;
    assigned = now;
    if (before.length > 0) onRevoked?.(before);
    beginning = beginning.then(() => begin(now, join)).catch(fail);
  });
  consumer.on(consumer.events.FETCH_START, () => {
    fetchedAt = performance.now();
  });
  // What has no record does not come as a batch.
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
    const { topic, partition, batchSize, firstOffset, lastOffset } = payload;
    const reading = readingOf(topic, partition);
    if (reading && batchSize === 0 && firstOffset !== null && Number(firstOffset) === reading.passed)
      pass(reading, lastOffset);
  });
  consumer.on(consumer.events.STOP, () => {
    joined = false;
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
    if (join !== joins || stopped) return;
    // The caller lets go of what it had before: that must not hold up anything here.
    for (const reading of readings.values()) reading.held = false;
    const positions = await onAssigned(partitions);
    const starts = await startsOf(positions);
    if (join !== joins || stopped) return;
    for (const [index, start] of starts.entries()) {
      const { topic, partition } = positions[index] ?? { topic: '', partition: 0 };
      const reading = readingOf(topic, partition);
      if (!reading) continue;
      if (start instanceof LogLostError) haltOrFail(reading, start);
      // The reader may have gone back since it answered.
      else readFrom(reading, Math.min(reading.expected ?? start.offset, start.offset));
    }
  }

  function readFrom(reading: Reading, offset: number): void {
    seek(reading, offset);
    if (!reading.held) resume(reading);
  }

  const startsOf = (positions: readonly Position[]) => findStarts(kafka, positions, options);

  function isAccepted(partition: number, { from, to }: Lost): boolean {
    return options.isAcceptedLoss?.(partition, from, to) ?? false;
  }

  function haltOrFail(reading: Reading, error: unknown): void {
    if (!(error instanceof LogLostError) || !options.onHalted) throw error;
    halt(reading, error);
  }

  function halt(reading: Reading, error: Error): void {
    const { topic, partition } = reading;
    if (readingOf(topic, partition) !== reading) return;
    reading.expected = undefined;
    reading.halted = true;
    reading.suspect = false;
    options.onHalted?.(partition, error);
    pause(reading);
  }

  // While kafkajs has no group (it starts again, or the topic is gone) it takes nothing, and all is paused at the next join.
  function pause({ topic, partition }: Reading): void {
    if (joined) consumer.pause([{ topic, partitions: [partition] }]);
  }

  function resume({ topic, partition }: Reading): void {
    if (joined) consumer.resume([{ topic, partitions: [partition] }]);
  }

  function seek(reading: Reading, offset: number): void {
    const { topic, partition } = reading;
    reading.expected = offset;
    reading.passed = offset;
    if (joined) consumer.seek({ topic, partition, offset: String(offset) });
  }

  function pass(reading: Reading, lastOffset: string): void {
    reading.passed = Number(lastOffset) + 1;
    options.onPassed?.(reading.topic, reading.partition, reading.passed);
  }

  async function eachBatch({ batch, isStale }: EachBatchPayload, reading: Reading): Promise<void> {
    const { topic, partition } = batch;
    const from = reading.expected;
    const isOver = () => isStale() || readingOf(topic, partition) !== reading;
    if (from === undefined || isOver() || batch.messages.length === 0) return;
    const records = toRecords(batch.messages, from);
    const first = records[0]?.offset;
    const highWatermark = Number(batch.highWatermark);
    if (highWatermark < from || (first !== undefined && first > from && reading.soughtAgain !== from)) {
      // What was fetched before the seek took effect; or a hole, if the same comes again.
      reading.soughtAgain = from;
      const [start] = await startsOf([{ topic, partition, offset: from }]);
      if (isOver() || reading.expected !== from) return;
      if (start instanceof LogLostError) throw start;
      if (start) seek(reading, start.offset);
      return;
    }
    if (first === undefined) return;
    const { runs, hole } = options.holesIn?.includes(topic)
      ? { runs: [records], hole: undefined }
      : runsOf(records, from, (lost) => isAccepted(partition, lost));
    reading.delivered = true;
    reading.soughtAgain = undefined;
    for (const run of runs) {
      const end = (run[run.length - 1]?.offset ?? from) + 1;
      reading.expected = end;
      if (reading.onTrial) options.onGoingOn?.(partition);
      reading.onTrial = false;
      await onRecords(topic, partition, run, highWatermark);
      if (isOver() || reading.expected !== end) return;
    }
    if (hole && runs.length === 0) throw holeAt(topic, partition, hole);
    // What is before it is handed on first; it is met again then.
    if (hole) seek(reading, hole.from);
    else pass(reading, batch.lastOffset());
    const early = fetchedAt + (options.paceMs ?? PACE_MS) - performance.now();
    if (records.length < LITTLE && early > 0) await delay(early);
  }

  async function handleBatch(payload: EachBatchPayload): Promise<void> {
    const reading = readingOf(payload.batch.topic, payload.batch.partition);
    if (reading) await eachBatch(payload, reading).catch((error) => haltOrFail(reading, error));
  }

  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 64,
    eachBatch: (payload) => handleBatch(payload).catch(fail),
  });
  setImmediate(onStarted);

  const committing = setInterval(() => {
    const positions = options.committable?.() ?? [];
    if (positions.length === 0) return;
    const offsets = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    consumer.commitOffsets(offsets).catch((error) => logger.debug({ err: error }, 'group offsets not committed'));
  }, COMMIT_INTERVAL_MS);

  const watch = watchLog({ ...options, readings, startsOf, isJoined: () => joined, readFrom, halt });

  return {
    seek({ topic, partition, offset }) {
      const reading = readingOf(topic, partition);
      if (reading) seek(reading, offset);
    },
    halt(topic, partition, error) {
      const reading = readingOf(topic, partition);
      if (reading) halt(reading, error);
    },
    pause(topic, partition) {
      const reading = readingOf(topic, partition);
      if (!reading) return;
      reading.held = true;
      pause(reading);
    },
    resume(topic, partition) {
      const reading = readingOf(topic, partition);
      if (!reading) return;
      reading.held = false;
      if (reading.expected !== undefined) resume(reading);
    },
    async stop() {
      stopped = true;
      clearInterval(committing);
      watch.stop();
      await consumer.disconnect();
    },
  };
}
