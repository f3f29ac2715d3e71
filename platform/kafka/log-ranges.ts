import type { Admin, Kafka } from 'kafkajs';
import { retry } from '../retry.ts';
import { fetchRanges, isWithoutLeader, type PartitionRange } from './offsets.ts';

export interface LogRanges {
  /** The range of each partition. Rejects when Kafka is away; asked again, it connects anew. */
  read(): Promise<Map<number, PartitionRange>>;
  close(): Promise<void>;
}

/**
 * For who asks again and again where a topic begins and ends: over one connection, made with the first question, and anew
 * after a failure, since a client remembers for minutes which broker led a partition.
 */
export function openLogRanges(kafka: Kafka, topic: string): LogRanges {
  let connected: Promise<Admin> | undefined;
  let asking: Promise<Map<number, PartitionRange>> | undefined;

  async function connect(): Promise<Admin> {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  }

  async function ask(): Promise<Map<number, PartitionRange>> {
    connected ??= connect();
    const own = connected;
    try {
      return await fetchRanges(await own, topic);
    } catch (error) {
      await leave(own);
      throw error;
    }
  }

  async function leave(own: Promise<Admin> | undefined): Promise<void> {
    if (connected === own) connected = undefined;
    const admin = await own?.catch(() => undefined);
    // What can't be disconnected is so already.
    await admin?.disconnect().catch(() => {});
  }

  return {
    // Those who ask at the same time share the answer: the failure of one would cut the other off.
    read() {
      asking ??= retry(ask, { when: isWithoutLeader }).finally(() => {
        asking = undefined;
      });
      return asking;
    },
    close: () => leave(connected),
  };
}
