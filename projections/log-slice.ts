/** Records of the events topic, checked and decoded. */
import { createHash } from 'node:crypto';
import type { Event } from '../domain/messages.generated.ts';
import { eventIdOf } from '../domain/state.ts';
import type { LogRecord } from '../platform/kafka/records.ts';
import { type Codec, DecodeError, UnknownSchemaError } from '../platform/registry/codec.ts';
import { isValid } from '../schemas/address.ts';
import { eventTypes } from '../schemas/catalogue.ts';
import type { EventContext } from './define.ts';
import { PartitionError } from './halts.ts';

/** One record: what handlers know of its place, and the event that it carries if it is valid. */
export interface FoldedRecord extends EventContext {
  /** Undefined when the record is void (it does not sit where its writer expected it to), or can not be decoded. */
  event: Event | undefined;
  /** Why a valid record can not be decoded. */
  failure: DecodeError | undefined;
  /** {@link digestOf} a record that can not be decoded. */
  digest?: string;
}

/** Consecutive records of one partition, from `from` up to but not including `to`. */
export interface LogSlice {
  partition: number;
  from: number;
  to: number;
  records: readonly FoldedRecord[];
  /** Why nothing after it can be read: nobody knows the schema of the record at `to`. */
  stop?: PartitionError;
}

/** Records as the consumer delivers them: consecutive offsets of one partition. */
export interface RawSlice {
  partition: number;
  records: readonly LogRecord[];
}

/**
 * Skips what is not valid and decodes the rest, in each slice up to the first valid record whose schema nobody knows.
 * Rejects when the registry is away (try again).
 */
export async function decodeSlices(
  codec: Pick<Codec, 'learn' | 'decode'>,
  storeDay: (moment: number) => string,
  slices: readonly RawSlice[],
): Promise<LogSlice[]> {
  await codec.learn(slices.flatMap(({ records }) => records.filter(isValid).map(({ value }) => value)));
  return slices.map(({ partition, records }) => {
    const from = records[0]?.offset ?? 0;
    const decoded: FoldedRecord[] = [];
    try {
      for (const record of records) decoded.push(toFolded(codec, storeDay, partition, record));
    } catch (error) {
      if (!(error instanceof UnknownSchemaError)) throw error;
      const place = `${partition}:${from + decoded.length}`;
      const stop = new PartitionError(partition, `${place} is valid but cannot be decoded: ${error.message}`, {
        cause: error,
      });
      return { partition, from, to: from + decoded.length, records: decoded, stop };
    }
    return { partition, from, to: from + records.length, records: decoded };
  });
}

/** One literal, without spreading: a rebuild makes a hundred thousand a second. */
function toFolded(
  codec: Pick<Codec, 'decode'>,
  storeDay: (moment: number) => string,
  partition: number,
  record: LogRecord,
): FoldedRecord {
  const { offset, timestamp: recordedAt } = record;
  const decoded = isValid(record) ? decode(codec, record.value) : undefined;
  const failure = decoded instanceof DecodeError ? decoded : undefined;
  const event = decoded instanceof DecodeError ? undefined : decoded;
  if (failure) return { partition, offset, recordedAt, storeDay, event, failure, digest: digestOf(record) };
  return { partition, offset, recordedAt, storeDay, event, failure };
}

function decode(codec: Pick<Codec, 'decode'>, value: Buffer | null): Event | DecodeError {
  try {
    const message = codec.decode(value);
    return isEvent(message) ? message : new DecodeError(`${message.type} is no event`);
  } catch (error) {
    if (error instanceof DecodeError && !(error instanceof UnknownSchemaError)) return error;
    throw error;
  }
}

function isEvent(message: { type: string }): message is Event {
  return eventTypes.some((type) => type === message.type);
}

export const UNDECODABLE = 'undecodable';

/** Which event a record carries, as checkpoints remember it: its event id, `void`, or {@link UNDECODABLE}. */
export function idOf({ event, failure }: FoldedRecord): string {
  if (failure) return UNDECODABLE;
  return event ? eventIdOf(event) : 'void';
}

/** Which event a record carries, for whoever meets its place again: its event id, or its digest if it can not be decoded. */
export function identityOf({ event, digest }: FoldedRecord): string | null {
  return event ? eventIdOf(event) : (digest ?? null);
}

const DIGEST = 'md5:';

/** Of a record's bytes: the same record has it when it can be decoded as well. */
export function digestOf({ value }: Pick<LogRecord, 'value'>): string {
  return `${DIGEST}${createHash('md5')
    .update(value ?? '')
    .digest('hex')}`;
}

/** Whether an identity is a {@link digestOf} a record. */
export function isDigest(identity: string): boolean {
  return identity.startsWith(DIGEST);
}
