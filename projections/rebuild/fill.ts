/** Fills building generations from the log, all of them in one pass over it. */
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import { withAdmin } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { readRange } from '../../platform/kafka/read.ts';
import type { Logger } from '../../platform/logger.ts';
import { loadAcceptedLosses } from '../accepted-losses.ts';
import { checkpointKey, loadCheckpoints } from '../checkpoints.ts';
import { loadDiscarded } from '../discarded.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';
import { isIndexed, type Target } from '../sql.ts';
import { Filler } from './filler.ts';

export interface FillOptions {
  kafka: Kafka;
  topic: string;
  pool: pg.Pool;
  logger: Logger;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  /** Resolves when the rebuild may go on: it holds reading up while live figures lag. */
  mayGoOn?(): Promise<void>;
  /** Events that are folded, of all that there are. */
  onProgress?(done: number, total: number): void;
}

/**
 * Folds the log into the generations, from their checkpoints up to `to` (next offset of each partition) or, without it,
 * to where the log ends now. Resolves to where that was.
 */
export async function fill(
  targets: readonly Target[],
  options: FillOptions,
  to?: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, number>> {
  const { kafka, topic, pool, logger, decode, mayGoOn, onProgress } = options;
  const ends = to ?? (await endsOf(kafka, topic));
  const [first] = targets;
  if (!first) return ends;
  const partitions = [...ends.keys()];
  const checkpoints = await loadCheckpoints(pool, first.schema, targets, partitions);
  const discarded = await loadDiscarded(pool, first.schema);
  const fillers = await Promise.all(
    targets.map(async (target) => {
      const own = partitions.flatMap((partition) => {
        const checkpoint = checkpoints.get(checkpointKey(target, partition));
        return checkpoint ? [[partition, checkpoint] as const] : [];
      });
      const { rows } = await pool.query<{ indexed: boolean }>(isIndexed(target));
      return new Filler(pool, target, {
        checkpoints: new Map(own),
        discarded: discarded.get(target.projection.name),
        indexed: rows[0]?.indexed ?? false,
      });
    }),
  );
  const from = new Map(
    partitions.map((partition) => [partition, Math.min(...fillers.map((filler) => filler.position(partition)))]),
  );
  const total = sum(ends.values());
  let done = sum(from.values());
  onProgress?.(done, total);
  const isAcceptedLoss = await loadAcceptedLosses(pool, first.schema);
  await readRange({
    kafka,
    logger,
    topic,
    from,
    to: ends,
    isAcceptedLoss,
    async onRecords(partition, records) {
      await mayGoOn?.();
      for (const slice of await decode([{ partition, records }])) {
        if (slice.stop) throw slice.stop;
        for (const filler of fillers) await filler.add(slice);
      }
      done += records.length;
      onProgress?.(done, total);
    },
  });
  for (const filler of fillers) {
    for (const [partition, end] of ends) {
      const position = filler.position(partition);
      if (position < end && isAcceptedLoss(partition, position, end)) filler.passOver(partition, end);
    }
    await filler.finish();
  }
  return ends;
}

function endsOf(kafka: Kafka, topic: string): Promise<ReadonlyMap<number, number>> {
  return withAdmin(kafka, async (admin) => {
    const ranges = await topicRanges(admin, topic);
    return new Map([...ranges].map(([partition, { high }]) => [partition, high]));
  });
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
