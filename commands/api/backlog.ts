/** How many commands wait in the log to be decided, as Kafka says it: whoever sent them, and whoever is away. */
import type { Admin } from 'kafkajs';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import type { Logger } from '../../platform/logger.ts';

export interface Backlog {
  /** Undecided commands of all partitions when it was last measured, a second or two ago. */
  readonly undecided: number;
  /** Measures now; Kafka away, it stays as it was. */
  measure(): Promise<number>;
  stop(): void;
}

export interface BacklogOptions {
  admin: Admin;
  /** Topic of the commands, and the consumer group of those who decide them. */
  topic: string;
  groupId: string;
  logger: Logger;
  /** Whether it can have changed: while it says no, Kafka is left alone. */
  isBusy(): boolean;
}

const INTERVAL_MS = 1000;

/** Measures now, and every second while there is something to do. */
export function watchBacklog({ admin, topic, groupId, logger, isBusy }: BacklogOptions): Backlog {
  let undecided = 0;
  let measuring: Promise<number> | undefined;

  async function measureNow(): Promise<number> {
    try {
      const [ranges, [group]] = await Promise.all([
        topicRanges(admin, topic),
        admin.fetchOffsets({ groupId, topics: [topic] }),
      ]);
      const decided = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      undecided = 0;
      for (const [partition, { high }] of ranges)
        undecided += Math.max(0, high - Math.max(0, decided.get(partition) ?? 0));
    } catch (error) {
      logger.debug({ err: error }, 'the backlog could not be measured');
    }
    return undecided;
  }

  function measure(): Promise<number> {
    measuring ??= measureNow().finally(() => {
      measuring = undefined;
    });
    return measuring;
  }

  void measure();
  const timer = setInterval(() => {
    if (isBusy() || undecided > 0) void measure();
  }, INTERVAL_MS);
  return {
    get undecided() {
      return undecided;
    },
    measure,
    stop: () => clearInterval(timer),
  };
}
