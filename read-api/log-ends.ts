/** Where the log ends, as Kafka says it when somebody wants to know. All else of the read side goes on without Kafka. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { openLogRanges } from '../platform/kafka/log-ranges.ts';

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
  const ranges = openLogRanges(kafka, topic);
  let asking: Promise<Ends | null> | undefined;
  let known: { ends: Ends | null; at: number } | undefined;

  async function ask(): Promise<Ends | null> {
    const found = await ranges.read().catch(() => undefined);
    return found ? new Map([...found].map(([partition, { high }]) => [partition, high])) : null;
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
    stop: () => Promise.race([ranges.close(), delay(PATIENCE_MS, undefined, { ref: false })]),
  };
}
