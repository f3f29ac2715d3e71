/** The command processor: one owner for each partition that the consumer group gives to this process. */
import type { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import { createAppender } from '../../platform/kafka/append.ts';
import { consumePartitions, type PartitionConsumer } from '../../platform/kafka/consume.ts';
import { type Position, topicRanges } from '../../platform/kafka/offsets.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { Names } from '../../platform/names.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import type { Store } from '../state/store.ts';
import { createProcessorMeters } from './metrics.ts';
import { Owner, type OwnerOptions } from './owner.ts';
import { createReplier } from './reply.ts';

export interface ProcessorOptions {
  kafka: Kafka;
  codec: Codec;
  store: Store;
  redis: Redis;
  names: Names;
  partitions: number;
  logger: Logger;
  onFailure(error: unknown): void;
}

export interface Processor {
  isReady(): boolean;
  metrics: Registry;
  stop(): Promise<void>;
}

const FLUSH_INTERVAL_MS = 100;

export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { kafka, codec, redis, names, logger, onFailure } = options;
  const { topics } = names;
  const meters = createProcessorMeters();
  const store = meters.measuredStore(options.store);
  const partitionOf = createPartitioner(options.partitions);
  const appender = await createAppender(kafka);
  const admin = kafka.admin();
  await admin.connect();
  const owners = new Map<number, Owner>();
  /** Where each owned partition's commands are decided up to, those that were repeated included. */
  const decided = new Map<number, number>();
  let consumer: PartitionConsumer | undefined;
  const stopping = new AbortController();
  let ready = false;

  async function open(partition: number): Promise<Owner> {
    const reply = createReplier(redis, names.redisPrefix, partition, logger);
    const owner: OwnerOptions = {
      partition,
      codec,
      store,
      metrics: meters.records,
      partitionOf,
      onFailure,
      logger,
      append: meters.measuredAppend((batch) => appender.append(topics.events, partition, batch)),
      logEnd: async () => (await topicRanges(admin, topics.events)).get(partition)?.high ?? 0,
      park: (record, reason) => park(partition, record, reason),
      seek: (topic, offset) => consumer?.seek({ topic: topics[topic], partition, offset }),
      throttle: (topic, paused) => consumer?.[paused ? 'pause' : 'resume'](topics[topic], partition),
      answer: (batch) => {
        reply(batch);
        meters.decided(batch);
        decided.set(partition, Math.max(...batch.map(({ received }) => received.record.offset + 1)));
      },
    };
    return Owner.open(owner, stopping.signal);
  }

  async function park(partition: number, { key, value, offset }: LogRecord, reason: string): Promise<void> {
    const headers = { place: `${partition}:${offset}`, reason };
    await appender.append(topics.rejected, partition, [{ key, value, headers }]);
    meters.parked();
  }

  async function closeOwners(partitions: Iterable<number>): Promise<void> {
    await Promise.all(
      [...partitions].map(async (partition) => {
        const owner = owners.get(partition);
        owners.delete(partition);
        decided.delete(partition);
        await owner?.stop();
      }),
    );
  }

  function positionsOf(owner: Owner, partition: number): Position[] {
    const { commands, events } = owner.positions();
    return [
      { topic: topics.commands, partition, offset: commands },
      { topic: topics.events, partition, offset: events },
    ];
  }

  /** What Kafka's tools, and the command API's back-pressure, take for done. */
  function progressOf(owner: Owner, partition: number): Position[] {
    return positionsOf(owner, partition).map((position) =>
      position.topic === topics.commands
        ? { ...position, offset: Math.max(position.offset, decided.get(partition) ?? 0) }
        : position,
    );
  }

  consumer = await consumePartitions({
    kafka,
    groupId: names.groups.processor,
    topics: [topics.commands, topics.events],
    holesIn: [topics.commands],
    logger,
    onFailure,
    onRevoked: (partitions) => void closeOwners(partitions),
    async onAssigned(partitions) {
      await closeOwners([...owners.keys()]);
      for (const partition of partitions) owners.set(partition, await open(partition));
      ready = true;
      logger.info({ partitions }, 'owns partitions');
      return [...owners].flatMap(([partition, owner]) => positionsOf(owner, partition));
    },
    onRecords(topic, partition, records) {
      const owner = owners.get(partition);
      if (topic === topics.commands) owner?.onCommands(records);
      else owner?.onEvents(records);
    },
    committable: () => [...owners].flatMap(([partition, owner]) => progressOf(owner, partition)),
  });

  const flushing = setInterval(() => {
    for (const owner of owners.values()) owner.flush();
  }, FLUSH_INTERVAL_MS);

  return {
    isReady: () => ready,
    metrics: meters.registry,
    async stop() {
      stopping.abort();
      clearInterval(flushing);
      await consumer?.stop();
      await closeOwners([...owners.keys()]);
      await appender.close();
      await admin.disconnect();
    },
  };
}
