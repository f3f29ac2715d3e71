/** Records of the events topic, checked and decoded. */
import type { Event } from '../domain/messages.generated.ts';
import { eventIdOf } from '../domain/state.ts';
import type { LogRecord } from '../platform/kafka/consume.ts';
import { type Codec, DecodeError, UnknownSchemaError } from '../platform/registry/codec.ts';
import { isValid } from '../schemas/address.ts';
import { eventTypes } from '../schemas/catalogue.ts';
import type { EventContext } from './define.ts';

/** One record: what handlers know of its place, and the event that it carries if it is valid. */
export interface FoldedRecord extends EventContext {
  /** Undefined when the record is void (it does not sit where its writer expected it to), or can not be decoded. */
  event: Event | undefined;
  /** Why a valid record can not be decoded. */
  failure: DecodeError | undefined;
}

/** Consecutive records of one partition, from `from` up to but not including `to`. */
export interface LogSlice {
  partition: number;
  from: number;
  to: number;
  records: readonly FoldedRecord[];
}

/** Records as the consumer delivers them: consecutive offsets of one partition. */
export interface RawSlice {
  partition: number;
  records: readonly LogRecord[];
}

/**
 * Skips what is not valid and decodes the rest. Rejects when the registry is away (try again), and with an
 * {@link UnknownSchemaError} that names the record when nobody knows its schema.
 */
export async function decodeSlices(
  codec: Pick<Codec, 'learn' | 'decode'>,
  storeDay: (moment: number) => string,
  slices: readonly RawSlice[],
): Promise<LogSlice[]> {
  await codec.learn(slices.flatMap(({ records }) => records.filter(isValid).map(({ value }) => value)));
  return slices.map(({ partition, records }) => {
    const from = records[0]?.offset ?? 0;
    const decoded = records.map((record) => toFolded(codec, storeDay, partition, record));
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
  const decoded = isValid(record) ? decode(codec, `${partition}:${offset}`, record.value) : undefined;
  const failure = decoded instanceof DecodeError ? decoded : undefined;
  const event = decoded instanceof DecodeError ? undefined : decoded;
  return { partition, offset, recordedAt, storeDay, event, failure };
}

function decode(codec: Pick<Codec, 'decode'>, place: string, value: Buffer | null): Event | DecodeError {
  try {
    const message = codec.decode(value);
    return isEvent(message) ? message : new DecodeError(`${message.type} is no event`);
  } catch (error) {
    if (error instanceof UnknownSchemaError) {
      throw new UnknownSchemaError(`${place} is valid but cannot be decoded: ${error.message}`, { cause: error });
    }
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

function isEvent(message: { type: string }): message is Event {
  return eventTypes.some((type) => type === message.type);
}

/** Which event a record carries, as checkpoints remember it: its event id, `void`, or `undecodable`. */
export function idOf({ event, failure }: FoldedRecord): string {
  if (failure) return 'undecodable';
  return event ? eventIdOf(event) : 'void';
}
