import { setImmediate } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { limits } from '../../domain/violations.ts';
import { withAdmin } from '../../platform/kafka/client.ts';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import { offsetsAt, topicRanges } from '../../platform/kafka/offsets.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { startOfWindow } from '../../platform/live-window/keys.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AcceptedLosses } from '../accepted-losses.ts';
import { LiveFold } from '../live.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';
import type { Refold } from './live-keeper.ts';

/** Some 3 ms: a batch that goes live meanwhile waits as long at each of its steps, not for all that was fetched. */
const AT_A_TIME = 250;

/**
 * Folds live windows from the log, reading only as far back as a window can reach. Rejects with a `LogLostError` when
 * what they lack is gone from the log, unless that was accepted.
 */
export function refoldFromLog(options: {
  kafka: Kafka;
  topic: string;
  logger: Logger;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  isAcceptedLoss: AcceptedLosses;
  now(): number;
}): Refold {
  const { kafka, topic, logger, decode, isAcceptedLoss, now } = options;
  return async (ends, lacking) => {
    // A sale may be recorded before it occurs, by a clock that is ahead.
    const since = startOfWindow(now()) - limits.clockAhead;
    const { starts, ranges } = await withAdmin(kafka, async (admin) => ({
      starts: await offsetsAt(admin, topic, since),
      ranges: await topicRanges(admin, topic),
    }));
    for (const [partition, { low }] of ranges) {
      // Where the log begins too late, nobody can tell what of the window was before.
      const isCut = low > 0 && ends.has(partition) && (starts.get(partition) ?? 0) <= low;
      if (isCut && !isAcceptedLoss(partition, 0, low))
        throw new LogLostError(`${topic}/${partition} begins at ${low}: its start was deleted`, { from: 0, to: low });
    }
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
      isAcceptedLoss,
      onRecords: async (partition, records) => {
        for (let at = 0; at < records.length; at += AT_A_TIME) {
          for (const slice of await decode([{ partition, records: records.slice(at, at + AT_A_TIME) }])) {
            // A window that lacks what nobody can decode yet would not say so.
            if (slice.stop) throw slice.stop;
            const counted = slice.records.filter(({ offset }) => !lacking.has(`${partition}:${offset}`));
            folds.get(partition)?.add(counted, slice.to);
          }
          await setImmediate();
        }
      },
    });
    // Its last records may be among what was accepted as lost.
    for (const fold of folds.values()) fold.add([], ends.get(fold.partition) ?? fold.to);
    return [...folds.values()];
  };
}
