/** Opaque cursors of the ledger: the place of one entry in its order (occurred_at descending, partition, offset). */
import { badInput } from '../errors.ts';

export interface LedgerPlace {
  occurredAt: Date;
  partition: number;
  offset: number;
}

export function encodeCursor(place: LedgerPlace): string {
  const text = `${place.occurredAt.getTime()}:${place.partition}:${place.offset}`;
  return Buffer.from(text).toString('base64url');
}

/** Throws BAD_USER_INPUT for anything that {@link encodeCursor} would not give. */
export function decodeCursor(cursor: string): LedgerPlace {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, time, partition, offset] = /^(-?\d{1,15}):(\d{1,5}):(\d{1,16})$/.exec(text) ?? [];
  const place = { occurredAt: new Date(Number(time)), partition: Number(partition), offset: Number(offset) };
  if (Number.isNaN(place.occurredAt.getTime()) || encodeCursor(place) !== cursor) {
    throw badInput(`after is not a cursor: ${JSON.stringify(cursor)}. Use pageInfo.endCursor of the page before.`);
  }
  return place;
}
