/** Somebody who writes to the commands topic without the command API, and reads what becomes of it. */
import { parseTyped } from '../../commands/api/parse.ts';
import type { Config } from '../../platform/config.ts';
import { createAppender } from '../../platform/kafka/append.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { registeredIds } from '../../schemas/registry.ts';

/** A record of the commands topic as nobody checks it. */
export interface RawCommand {
  key: string | Buffer | null;
  value: string | Buffer | null;
  /** Where murmur2(key) says when absent. */
  partition?: number;
}

export interface ParkedRecord {
  place: string | undefined;
  reason: string | undefined;
  key: Buffer | null;
  value: Buffer | null;
}

export interface KafkaNative {
  /** A command given as the lines of `POST /commands`, in Confluent wire format. */
  encode(json: object): Buffer;
  partitionOf(key: string | Buffer): number;
  /** Appends one record. Resolves to its place, "partition:offset". */
  produce(command: RawCommand): Promise<string>;
  /** Appends a command under its key. Resolves to its place. */
  send(key: string, json: object): Promise<string>;
  /** All that was parked so far, as a plain Kafka client finds it. */
  parked(): Promise<ParkedRecord[]>;
  close(): Promise<void>;
}

export async function openKafkaNative(config: Config): Promise<KafkaNative> {
  const { topics } = namesOf(config.namespace);
  const kafka = createKafka(config, 'test');
  const codec = createCodec(config.registry, await registeredIds(config.registry, topics));
  const appender = await createAppender(kafka);
  const partitionOf = createPartitioner(config.partitions);
  const encode = (json: object) => codec.encode(parseTyped(JSON.stringify(json), Date.now()));

  async function produce({ key, value, partition = partitionOf(key ?? Buffer.alloc(0)) }: RawCommand): Promise<string> {
    return `${partition}:${await appender.append(topics.commands, partition, [{ key, value }])}`;
  }

  async function parked(): Promise<ParkedRecord[]> {
    const ranges = await withAdmin(kafka, (admin) => topicRanges(admin, topics.rejected));
    let missing = [...ranges.values()].reduce((sum, { high }) => sum + high, 0);
    const found: ParkedRecord[] = [];
    if (missing === 0) return found;
    const consumer = kafka.consumer({ groupId: `${topics.rejected}.test-${Date.now()}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.rejected], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer.run({
        autoCommit: false,
        eachMessage: async ({ message: { key, value, headers } }) => {
          found.push({ place: headers?.place?.toString(), reason: headers?.reason?.toString(), key, value });
          missing -= 1;
          if (missing === 0) resolve();
        },
      });
    });
    await consumer.disconnect();
    return found;
  }

  return {
    encode,
    partitionOf,
    produce,
    send: (key, json) => produce({ key, value: encode(json) }),
    parked,
    close: () => appender.close(),
  };
}
