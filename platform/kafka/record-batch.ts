/**
 * Kafka's record batches (magic 2), uncompressed and outside transactions, as the log keeps them:
 *
 *   RecordBatch => BaseOffset:int64 Length:int32 PartitionLeaderEpoch:int32 Magic:int8 CRC:uint32 Attributes:int16
 *                  LastOffsetDelta:int32 BaseTimestamp:int64 MaxTimestamp:int64 ProducerId:int64 ProducerEpoch:int16
 *                  BaseSequence:int32 Count:int32 Record*
 *   Record      => Length:varint Attributes:int8 TimestampDelta:varint OffsetDelta:varint Key:varbytes Value:varbytes
 *                  HeaderCount:varint (Key:varbytes Value:varbytes)*
 *
 * Length counts what follows it; CRC covers all from Attributes on.
 */
import { crc32c } from './crc32c.ts';
import { Reader, sizeOfVarbytes, sizeOfVarint, type Writer } from './wire.ts';

type Bytes = Buffer | string | null;

export interface NewRecord {
  key?: Bytes;
  value: Bytes;
  headers?: Readonly<Record<string, Bytes | readonly Bytes[] | undefined>>;
  /** Milliseconds since 1970 UTC; the time of the batch when absent. */
  timestamp?: number | string;
}

/** A record in its batch's context. */
export interface BatchRecord {
  offset: number;
  /** Milliseconds since 1970 UTC. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: [key: string, value: Buffer | null][];
}

const MAGIC = 2;
const NO_PRODUCER = -1;
const AT = { length: 8, magic: 16, crc: 17, attributes: 21, records: 61 };
/** The one bit of the attributes that is read here: the broker's clock gave the time, not the producer's. */
const LOG_APPEND_TIME = 0x8;
/** What a record takes besides key, value and headers. */
const MAX_RECORD_OVERHEAD = 40;

/** At least the bytes that {@link writeRecordBatch} takes. */
export function maxSizeOfRecordBatch(records: readonly NewRecord[]): number {
  let size = AT.records;
  for (const { key = null, value, headers } of records) {
    size += MAX_RECORD_OVERHEAD + maxSizeOf(key) + maxSizeOf(value);
    if (headers) for (const [name, one] of flat(headers)) size += 20 + maxSizeOf(name) + maxSizeOf(one);
  }
  return size;
}

/** Writes one batch with these records; `now` is the time (ms) of those that have none. */
export function writeRecordBatch(writer: Writer, records: readonly NewRecord[], now: number): void {
  const start = writer.at;
  const times = records.map(({ timestamp }) => Number(timestamp ?? now));
  const base = times[0] ?? now;
  writer.int64(0);
  writer.int32(0);
  writer.int32(0);
  writer.int8(MAGIC);
  writer.int32(0);
  writer.int16(0);
  writer.int32(records.length - 1);
  writer.int64(base);
  writer.int64(times.reduce((max, time) => Math.max(max, time), base));
  writer.int64(NO_PRODUCER);
  writer.int16(0);
  writer.int32(0);
  writer.int32(records.length);
  for (const [index, record] of records.entries()) writeRecord(writer, record, index, (times[index] ?? base) - base);
  const { bytes, at } = writer;
  bytes.writeInt32BE(at - start - AT.length - 4, start + AT.length);
  bytes.writeUInt32BE(crc32c(bytes, start + AT.attributes, at), start + AT.crc);
}

function writeRecord(writer: Writer, record: NewRecord, offsetDelta: number, timestampDelta: number): void {
  const { key = null, value } = record;
  const headers = record.headers ? flat(record.headers) : [];
  let size = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfVarbytes(key) + sizeOfVarbytes(value);
  size += sizeOfVarint(headers.length);
  for (const [name, one] of headers) size += sizeOfVarbytes(name) + sizeOfVarbytes(one);
  writer.varint(size);
  writer.int8(0);
  writer.varint(timestampDelta);
  writer.varint(offsetDelta);
  writer.varbytes(key);
  writer.varbytes(value);
  writer.varint(headers.length);
  for (const [name, one] of headers) {
    writer.varbytes(name);
    writer.varbytes(one);
  }
}

/**
 * The records of all whole batches, as a broker sends them; what is cut off at the end is left. Undefined when one is
 * compressed, belongs to a transaction, controls one, or has another format.
 */
export function readRecordBatches(bytes: Buffer): BatchRecord[] | undefined {
  const records: BatchRecord[] = [];
  const reader = new Reader(bytes);
  while (reader.at + AT.records <= bytes.length) {
    const start = reader.at;
    const baseOffset = reader.int64();
    const end = start + AT.length + 4 + reader.int32();
    const attributes = bytes.readInt16BE(start + AT.attributes);
    if (bytes[start + AT.magic] !== MAGIC || (attributes & ~LOG_APPEND_TIME) !== 0) return undefined;
    if (end > bytes.length) break;
    reader.at = start + AT.attributes + 6;
    const baseTimestamp = reader.int64();
    const maxTimestamp = reader.int64();
    const appended = (attributes & LOG_APPEND_TIME) !== 0;
    reader.at += 14;
    for (let left = reader.int32(); left > 0; left -= 1) {
      records.push(readRecord(reader, baseOffset, baseTimestamp, appended ? maxTimestamp : undefined));
    }
    reader.at = end;
  }
  return records;
}

function readRecord(reader: Reader, baseOffset: number, baseTimestamp: number, appendedAt?: number): BatchRecord {
  const length = reader.varint();
  const end = reader.at + length;
  reader.at += 1;
  const timestamp = baseTimestamp + reader.varint();
  const offset = baseOffset + reader.varint();
  const key = reader.varbytes();
  const value = reader.varbytes();
  const headers: BatchRecord['headers'] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    headers.push([reader.varbytes()?.toString() ?? '', reader.varbytes()]);
  }
  reader.at = end;
  return { offset, timestamp: appendedAt ?? timestamp, key, value, headers };
}

function flat(headers: NonNullable<NewRecord['headers']>): [key: string, value: Bytes][] {
  return Object.entries(headers).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map((one): [string, Bytes] => [key, one])
      : [[key, (value as Bytes | undefined) ?? null]],
  );
}

/** UTF-8 takes three bytes at most for what is one character of a string. */
function maxSizeOf(value: Bytes): number {
  if (value === null) return 0;
  return typeof value === 'string' ? value.length * 3 : value.length;
}
