/** Rows of the events table as Postgres takes them fastest: COPY in binary format. */

export interface EventRow {
  offset: number;
  partition: number;
  /** UTF-8, as the ids lie in the log. */
  key: Uint8Array | null;
  commandId: Uint8Array | null;
  event: Uint8Array;
}

/** What `COPY … FROM STDIN WITH (FORMAT binary)` is given, for rows of {@link encodeRows}. */
export const eventColumns = '"offset", partition, key, command_id, event';

/** Comes before all rows: the signature, no flags, no extension. */
export const copyHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** Comes behind all rows. */
export const copyTrailer = Buffer.from([0xff, 0xff]);

const FIELDS = 5;
/** The number of fields, a length before each of them, and the two whole numbers. */
const FIXED_BYTES = 2 + FIELDS * 4 + 8 + 2;
const NULL_LENGTH = -1;

// Row: number of fields (2 bytes), then each field: length (4 bytes, -1 for null) and value; all big endian.
export function encodeRows(rows: readonly EventRow[]): Buffer {
  let bytes = 0;
  for (const { key, commandId, event } of rows) {
    bytes += FIXED_BYTES + (key?.length ?? 0) + (commandId?.length ?? 0) + event.length;
  }
  const encoded = Buffer.allocUnsafe(bytes);
  let at = 0;
  const write = (value: Uint8Array | null) => {
    at = encoded.writeInt32BE(value ? value.length : NULL_LENGTH, at);
    if (!value) return;
    encoded.set(value, at);
    at += value.length;
  };
  for (const { offset, partition, key, commandId, event } of rows) {
    at = encoded.writeInt16BE(FIELDS, at);
    at = encoded.writeInt32BE(8, at);
    at = encoded.writeInt32BE(Math.floor(offset / 2 ** 32), at);
    at = encoded.writeUInt32BE(offset % 2 ** 32, at);
    at = encoded.writeInt32BE(2, at);
    at = encoded.writeInt16BE(partition, at);
    write(key);
    write(commandId);
    write(event);
  }
  return encoded;
}
