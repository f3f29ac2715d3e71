/** A topic of events without a command side: appends events where they expect to land, as an owner would. */
import { createTopics } from '../../dev/topics.ts';
import type { Event } from '../../domain/messages.generated.ts';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { isValid } from '../../schemas/address.ts';
import { registerAll } from '../../schemas/registry.ts';
import type { Recorded } from './naive-fold.ts';

export interface EventLog {
  /** Appends events in order, each to the partition of its id. `void` makes them land elsewhere than they expect. */
  append(events: readonly Event[], options?: { void?: boolean }): Promise<void>;
  /** Appends a valid event whose schema id no registry knows; resolves to that id. */
  appendUnknown(partition: number, event: Event): Promise<number>;
  /** Appends a valid event whose end is missing: nobody can decode it. */
  appendCut(partition: number, event: Event): Promise<void>;
  /** All valid events that the log still has, as a reader without any state finds them. */
  read(): Promise<Recorded[]>;
  /** Next offset of each partition, as Kafka has it, and as this log will write it. */
  ends(): Promise<Map<number, number>>;
  next(): ReadonlyMap<number, number>;
  /** Writes on from where Kafka has the ends: somebody else wrote to the topic, or made it anew. */
  startAnew(): Promise<void>;
  close(): Promise<void>;
}

const UNKNOWN_SCHEMA = 0x7fffffff;

/** Creates the topics and registers the schemas of the namespace. */
export async function createEventLog(config: Config): Promise<EventLog> {
  const { topics } = namesOf(config.namespace);
  await createTopics(config, topics);
  const codec = createCodec(config.registry, await registerAll(config.registry, topics));
  const kafka = createKafka(config, 'test');
  const appender = await createAppender(kafka);
  const partitionOf = createPartitioner(config.partitions);
  const ends = () =>
    withAdmin(kafka, async (admin) => {
      const ranges = await topicRanges(admin, topics.events);
      return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
    });
  const next = await ends();

  async function read(): Promise<Recorded[]> {
    const found: Recorded[] = [];
    await readRange({
      kafka,
      logger: createLogger('test', 'silent'),
      topic: topics.events,
      from: new Map(),
      to: await ends(),
      isAcceptedLoss: () => true,
      async onRecords(partition, records) {
        await codec.learn(records.map(({ value }) => value));
        for (const { offset, timestamp, value } of records) {
          if (!isValid({ offset, value })) continue;
          const event = codec.decode(value) as Event;
          if (event.data.expectedOffset === offset) found.push({ event, partition, offset, recordedAt: timestamp });
        }
      },
    });
    return found;
  }

  async function appendChanged(partition: number, event: Event, change: (value: Buffer) => Buffer): Promise<void> {
    const offset = next.get(partition) ?? 0;
    const data = { ...event.data, expectedOffset: offset, commandOffset: offset };
    const value = change(codec.encode({ ...event, data } as Event));
    next.set(partition, offset + 1);
    await appender.append(topics.events, partition, [{ key: 'changed', value }]);
  }

  return {
    ends,
    next: () => new Map(next),
    async startAnew() {
      for (const [partition, end] of await ends()) next.set(partition, end);
    },
    read,
    async appendUnknown(partition, event) {
      await appendChanged(partition, event, (value) => {
        value.writeUInt32BE(UNKNOWN_SCHEMA, 1);
        return value;
      });
      return UNKNOWN_SCHEMA;
    },
    appendCut: (partition, event) => appendChanged(partition, event, (value) => value.subarray(0, -1)),
    close: () => appender.close(),
    async append(events, options = {}) {
      const byPartition = new Map<number, { key: string; value: Buffer }[]>();
      for (const event of events) {
        const key = keyOf(event);
        const partition = partitionOf(key);
        const offset = next.get(partition) ?? 0;
        const data = { ...event.data, expectedOffset: offset + (options.void ? 1 : 0), commandOffset: offset };
        const value = codec.encode({ ...event, data } as Event);
        const messages = byPartition.get(partition) ?? [];
        messages.push({ key, value });
        byPartition.set(partition, messages);
        next.set(partition, offset + 1);
      }
      await Promise.all(
        [...byPartition].map(([partition, messages]) => appender.append(topics.events, partition, messages)),
      );
    },
  };
}

/** The record key: the id of what the event is about. */
function keyOf({ type, data }: Event): string {
  if (type === 'CommandRejected') return data.commandId;
  return type === 'ReturnRecorded' ? data.returnId : data.saleId;
}
