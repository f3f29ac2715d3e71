import type { Kafka } from 'kafkajs';
import { limits } from '../../domain/violations.ts';
import { withAdmin } from '../../platform/kafka/client.ts';
import { offsetsAt } from '../../platform/kafka/offsets.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { startOfWindow } from '../../platform/live-window/keys.ts';
import type { Logger } from '../../platform/logger.ts';
import { LiveFold } from '../live.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';
import type { Refold } from './live-keeper.ts';

/** Folds live windows from the log, reading only as far back as a window can reach. */
export function refoldFromLog(options: {
  kafka: Kafka;
  topic: string;
  logger: Logger;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  now(): number;
}): Refold {
  const { kafka, topic, logger, decode, now } = options;
  return async (ends, lacking) => {
    // A sale may be recorded before it occurs, by a clock that is ahead.
    const since = startOfWindow(now()) - limits.clockAhead;
    const starts = await withAdmin(kafka, (admin) => offsetsAt(admin, topic, since));
    const folds = new Map(
      [...ends].map(([partition, end]) => [
        partition,
        new LiveFold(partition, Math.min(starts.get(partition) ?? end, end)),
      ]),
    );
    const from = new Map([...folds].map(([partition, fold]) => [partition, fold.from]));
    await readRange({
      kafka,
      logger,
      topic,
      from,
      to: ends,
      onRecords: async (partition, records) => {
        for (const slice of await decode([{ partition, records }])) {
          const counted = slice.records.filter(({ offset }) => !lacking.has(`${partition}:${offset}`));
          folds.get(partition)?.add(counted, slice.to);
        }
      },
    });
    return [...folds.values()];
  };
}
