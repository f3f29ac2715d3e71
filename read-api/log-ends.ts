/** Where the log ends, as Kafka says it when somebody wants to know. All else of the read side goes on without Kafka. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { topicRanges } from '../platform/kafka/offsets.ts';

/** The next offset of each partition. */
export type Ends = ReadonlyMap<number, number>;

export interface LogEnds {
  /** A second old at most; null when Kafka does not answer in time. Never rejects. */
  read(): Promise<Ends | null>;
  stop(): Promise<void>;
}

const FRESH_MS = 1000;
/** A snapshot of Postgres is kept open meanwhile. */
const PATIENCE_MS = 1000;

export function createLogEnds(kafka: Kafka, topic: string, now: () => number = Date.now): LogEnds {
  let connected: Promise<Admin> | undefined;
  let asking: Promise<Ends | null> | undefined;
  let known: { ends: Ends | null; at: number } | undefined;

  /** With the first question: a client that nobody needs is none to keep connected. */
  function connect(): Promise<Admin> {
    const admin = kafka.admin();
    return admin.connect().then(() => admin);
  }

  async function ask(): Promise<Ends | null> {
    try {
      connected ??= connect();
      const ranges = await topicRanges(await connected, topic);
      return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
    } catch {
      await disconnect();
      return null;
    }
  }

  async function disconnect(): Promise<void> {
    const admin = await connected?.catch(() => undefined);
    connected = undefined;
    // What can't be disconnected is so already.
    await admin?.disconnect().catch(() => {});
  }

  return {
    async read() {
      if (known && now() - known.at < FRESH_MS) return known.ends;
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      const ends = await Promise.race([asking, delay(PATIENCE_MS, null, { ref: false })]);
      known = { ends, at: now() };
      return ends;
    },
    stop: () => Promise.race([disconnect(), delay(PATIENCE_MS, undefined, { ref: false })]),
  };
}
