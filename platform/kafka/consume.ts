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
import type { Position } from './offsets.ts';
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
const HALT_RETRY_MS = 1000;
/** How often the log itself is looked at: a reader at its end would not see that it was cut or deleted. */
const WATCH_MS = 3000;
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
  /** The next offset expected of each partition that was sought; those not in it are paused. */
  const expected = new Map<string, number>();
  /** Where a batch that started too high made us seek again. */
  const soughtAgain = new Map<string, number>();
  /** Paused by the caller: they stay so when they are sought. */
  const held = new Set<string>();
  /** Partitions that halted; those that are tried again and have not delivered yet. */
  const halted = new Set<string>();
  const onTrial = new Set<string>();
  /** Below it there is nothing more to come: above `expected` where what is no record follows. */
  const passed = new Map<string, number>();
  /** Partitions that could not be read on when the log was looked at. */
  const suspects = new Set<string>();
  /** Partitions that delivered since. */
  const delivered = new Set<string>();
  let assigned: number[] = [];
  let joins = 0;
  let joined = false;
  /** One assignment after the other: what one begins to own, the next one has to know of. */
  let beginning: Promise<void> = Promise.resolve();
  let stopped = false;
  let fetchedAt = 0;
  const keyOf = (topic: string, partition: number) => `${topic}/${partition}`;
  const fail = (error: unknown) => {
    if (!stopped) onFailure(error instanceof Error ? error : new Error(String(error)));
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joins += 1;
    joined = true;
    expected.clear();
    passed.clear();
    held.clear();
    halted.clear();
    onTrial.clear();
    const now = [...new Set(Object.values(payload.memberAssignment).flat())].map(Number);
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
    const next = passed.get(keyOf(topic, partition));
    if (batchSize === 0 && firstOffset !== null && Number(firstOffset) === next) pass(topic, partition, lastOffset);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    joined = false;
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
    const positions = await onAssigned(partitions);
    const starts = await startsOf(positions);
    if (join !== joins || stopped) return;
    for (const [index, start] of starts.entries()) {
      const { topic, partition } = positions[index] ?? { topic: '', partition: 0 };
      if (start instanceof LogLostError) haltOrFail(topic, partition, start);
      // The reader may have gone back since it answered.
      else
        readFrom({ ...start, offset: Math.min(expected.get(keyOf(topic, partition)) ?? start.offset, start.offset) });
    }
  }

  function readFrom(position: Position): void {
    seek(position);
    const { topic, partition } = position;
    if (!held.has(keyOf(topic, partition))) consumer.resume([{ topic, partitions: [partition] }]);
  }

  const startsOf = (positions: readonly Position[]) => findStarts(kafka, positions, options);

  function isAccepted(partition: number, { from, to }: Lost): boolean {
    return options.isAcceptedLoss?.(partition, from, to) ?? false;
  }

  function haltOrFail(topic: string, partition: number, error: unknown): void {
    if (!(error instanceof LogLostError) || !options.onHalted) throw error;
    halt(topic, partition, error);
  }

  function halt(topic: string, partition: number, error: Error): void {
    expected.delete(keyOf(topic, partition));
    halted.add(keyOf(topic, partition));
    options.onHalted?.(partition, error);
    // Without its topic kafkajs has no group, and all is paused when it joins again.
    if (joined) consumer.pause([{ topic, partitions: [partition] }]);
  }

  async function tryHalted(): Promise<void> {
    if (halted.size === 0 || !joined) return;
    // Its reader may have been moved meanwhile.
    const positions = placesAt((topic, partition) =>
      halted.has(keyOf(topic, partition)) ? options.restartAt?.(topic, partition) : undefined,
    );
    for (const start of await startsOf(positions)) {
      if (start instanceof LogLostError || !halted.delete(keyOf(start.topic, start.partition))) continue;
      if (start.isEnd) options.onGoingOn?.(start.partition);
      else onTrial.add(keyOf(start.topic, start.partition));
      readFrom(start);
    }
  }

  /**
   * Halts what can not be read any more. A leader that is new may not know for a moment how far its log reaches. Where
   * nothing has come for a while, the last record is read again: another log may stand in the place of the one that was.
   */
  async function watch(): Promise<void> {
    const positions = placesAt((topic, partition) => expected.get(keyOf(topic, partition)));
    const starts = positions.length > 0 ? await startsOf(positions) : [];
    const before = new Set(suspects);
    const busy = new Set(delivered);
    suspects.clear();
    delivered.clear();
    for (const [index, start] of starts.entries()) {
      const { topic, partition, offset } = positions[index] ?? { topic: '', partition: 0, offset: 0 };
      const key = keyOf(topic, partition);
      if (expected.get(key) !== offset) continue;
      if (!(start instanceof LogLostError)) {
        const again = options.restartAt?.(topic, partition);
        if (joined && again === offset - 1 && !busy.has(key)) readFrom({ topic, partition, offset: again });
      } else if (before.has(key)) halt(topic, partition, start);
      else suspects.add(key);
    }
  }

  function placesAt(offsetOf: (topic: string, partition: number) => number | undefined): Position[] {
    return topics.flatMap((topic) =>
      assigned.flatMap((partition) => {
        const offset = offsetOf(topic, partition);
        return offset === undefined ? [] : [{ topic, partition, offset }];
      }),
    );
  }

  function seek({ topic, partition, offset }: Position): void {
    expected.set(keyOf(topic, partition), offset);
    passed.set(keyOf(topic, partition), offset);
    consumer.seek({ topic, partition, offset: String(offset) });
  }

  function pass(topic: string, partition: number, lastOffset: string): void {
    const next = Number(lastOffset) + 1;
    passed.set(keyOf(topic, partition), next);
    options.onPassed?.(topic, partition, next);
  }

  async function eachBatch({ batch, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const key = keyOf(topic, partition);
    const from = expected.get(key);
    if (from === undefined || isStale() || batch.messages.length === 0) return;
    const records = toRecords(batch.messages, from);
    const first = records[0]?.offset;
    const highWatermark = Number(batch.highWatermark);
    if (highWatermark < from || (first !== undefined && first > from && soughtAgain.get(key) !== from)) {
      // What was fetched before the seek took effect; or a hole, if the same comes again.
      soughtAgain.set(key, from);
      const join = joins;
      const [start] = await startsOf([{ topic, partition, offset: from }]);
      if (join !== joins || expected.get(key) !== from) return;
      if (start instanceof LogLostError) throw start;
      if (start) seek(start);
      return;
    }
    if (first === undefined) return;
    const { runs, hole } = options.holesIn?.includes(topic)
      ? { runs: [records], hole: undefined }
      : runsOf(records, from, (lost) => isAccepted(partition, lost));
    delivered.add(key);
    soughtAgain.delete(key);
    for (const run of runs) {
      expected.set(key, (run[run.length - 1]?.offset ?? from) + 1);
      if (onTrial.delete(key)) options.onGoingOn?.(partition);
      await onRecords(topic, partition, run, highWatermark);
    }
    if (hole && runs.length === 0) throw holeAt(topic, partition, hole);
    // What is before it is handed on first; it is met again then.
    if (hole) seek({ topic, partition, offset: hole.from });
    else if (!isStale()) pass(topic, partition, batch.lastOffset());
    const early = fetchedAt + (options.paceMs ?? PACE_MS) - performance.now();
    if (records.length < LITTLE && early > 0) await delay(early);
  }

  async function handleBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    await eachBatch(payload).catch((error) => haltOrFail(topic, partition, error));
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

  const trying = setInterval(() => {
    tryHalted().catch((error) => logger.debug({ err: error }, 'halted partitions not tried'));
  }, HALT_RETRY_MS);
  const watching = setInterval(() => {
    if (options.onHalted) watch().catch((error) => logger.debug({ err: error }, 'the log was not looked at'));
  }, WATCH_MS);

  return {
    seek,
    halt,
    pause: (topic, partition) => {
      held.add(keyOf(topic, partition));
      consumer.pause([{ topic, partitions: [partition] }]);
    },
    resume: (topic, partition) => {
      held.delete(keyOf(topic, partition));
      if (expected.has(keyOf(topic, partition))) consumer.resume([{ topic, partitions: [partition] }]);
    },
    async stop() {
      stopped = true;
      clearInterval(committing);
      clearInterval(trying);
      clearInterval(watching);
      await consumer.disconnect();
    },
  };
}
