/** Folds records of the log into a projection, and sets aside the events that it cannot take. Pure, in memory. */
import type { Discarded } from './discarded.ts';
import type { Fold } from './fold.ts';
import { type FoldedRecord, identityOf } from './log-slice.ts';
import { failureOf, type Parked } from './parked.ts';

/** Folds what is valid and not discarded. Gives the events that can not be decoded or folded: nothing of them counts. */
export function foldRecords(fold: Fold, records: readonly FoldedRecord[], discarded: Discarded | undefined): Parked[] {
  const parked: Parked[] = [];
  for (const record of records) {
    if (isVoid(record) || discarded?.has(`${record.partition}:${record.offset}`)) continue;
    try {
      if (record.failure) throw record.failure;
      if (record.event) fold.add(record.event, record);
    } catch (error) {
      parked.push(parkedAs(record, error));
    }
  }
  return parked;
}

/** The events among the records that nobody can decode. */
export function undecodable(records: readonly FoldedRecord[], discarded: Discarded | undefined): Parked[] {
  return records
    .filter(({ failure, partition, offset }) => failure && !discarded?.has(`${partition}:${offset}`))
    .map((record) => parkedAs(record, record.failure));
}

function isVoid({ event, failure }: FoldedRecord): boolean {
  return event === undefined && failure === undefined;
}

function parkedAs(record: FoldedRecord, error: unknown): Parked {
  const { partition, offset } = record;
  const message = error instanceof Error ? error.message : String(error);
  return { partition, offset, failure: failureOf(error), error: message, event: identityOf(record) };
}
