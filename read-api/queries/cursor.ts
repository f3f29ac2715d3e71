/** Opaque cursors: the place of one entry in the order of its list. */
import { badInput } from '../errors.ts';

/** In the ledger: `occurredAt` descending, partition, offset. */
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
    throw notACursor(cursor);
  }
  return place;
}

/** Among customers: `net` (minor units) descending, id. */
export interface CustomerPlace {
  net: number;
  id: string;
}

export function encodeCustomerCursor({ net, id }: CustomerPlace): string {
  return Buffer.from(`${net}:${id}`).toString('base64url');
}

/** Throws BAD_USER_INPUT for anything that {@link encodeCustomerCursor} would not give. */
export function decodeCustomerCursor(cursor: string): CustomerPlace {
  const [, net, id = ''] = /^(-?\d{1,16}):(.*)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const place = { net: Number(net), id };
  if (id.includes('\0') || encodeCustomerCursor(place) !== cursor) throw notACursor(cursor);
  return place;
}

function notACursor(cursor: string) {
  return badInput(`after is not a cursor: ${JSON.stringify(cursor)}. Use pageInfo.endCursor of the page before.`);
}
