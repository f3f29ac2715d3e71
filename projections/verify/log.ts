/** The log as proofs read it: one bounded stretch, all of it decoded. */
import type { Event } from '../../domain/messages.generated.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { loadAcceptedLosses } from '../accepted-losses.ts';
import type { FoldedRecord, LogSlice } from '../log-slice.ts';
import type { Vector, VerifyOptions } from './verdict.ts';

/** Reads from the offsets `from` (0 unless given) up to but not including `to`; resolves to how many records that were. */
export async function readLog(
  { from = new Map(), to }: { from?: Vector; to: Vector },
  { kafka, names, pool, logger, decode, onProgress, mayGoOn }: VerifyOptions,
  onSlice: (slice: LogSlice) => void,
): Promise<number> {
  let total = 0;
  for (const [partition, next] of to) total += Math.max(0, next - (from.get(partition) ?? 0));
  let done = 0;
  await readRange({
    kafka,
    logger,
    topic: names.topics.events,
    from,
    to,
    isAcceptedLoss: await loadAcceptedLosses(pool, names.postgres.read),
    async onRecords(partition, records) {
      await mayGoOn?.();
      for (const slice of await decode([{ partition, records }])) {
        if (slice.stop) throw slice.stop;
        onSlice(slice);
      }
      done += records.length;
      onProgress?.(done, total);
    },
  });
  return done;
}

/**
 * The records of a slice, below the offset `next`, that a generation has to have folded. Throws on one that is not parked
 * and cannot be decoded.
 */
export function* counted(
  { records }: LogSlice,
  lacking: ReadonlySet<string>,
  next = Number.POSITIVE_INFINITY,
): Generator<CountedRecord> {
  for (const record of records) {
    if (record.offset >= next) return;
    if (lacking.size > 0 && lacking.has(placeOf(record))) continue;
    const { failure } = record;
    if (failure) throw new Error(`${placeOf(record)} is not parked and cannot be decoded: ${failure.message}`);
    if (isCounted(record)) yield record;
  }
}

/** A valid record with its event. */
export type CountedRecord = FoldedRecord & { event: Event };

function isCounted(record: FoldedRecord): record is CountedRecord {
  return record.event !== undefined;
}

/** "partition:offset". */
export function placeOf({ partition, offset }: Pick<FoldedRecord, 'partition' | 'offset'>): string {
  return `${partition}:${offset}`;
}
