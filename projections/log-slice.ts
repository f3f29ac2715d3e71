/** Records of the events topic, checked and decoded. */
import type { Event } from '../domain/messages.generated.ts';
import { eventIdOf } from '../domain/state.ts';
import type { LogRecord } from '../platform/kafka/consume.ts';
import { type Codec, DecodeError } from '../platform/registry/codec.ts';
import { isValid } from '../schemas/address.ts';
import { eventTypes } from '../schemas/catalogue.ts';
import type { EventContext } from './define.ts';

/** One record: what handlers know of its place, and the event that it carries if it is valid. */
export interface FoldedRecord extends EventContext {
  /** Undefined when the record is void: it does not sit where its writer expected it to. */
  event: Event | undefined;
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
 * Skips what is not valid and decodes the rest. Rejects when the registry is away (try again), and with a
 * {@link DecodeError} that names the record when a valid one cannot be decoded.
 */
export async function decodeSlices(
  codec: Pick<Codec, 'learn' | 'decode'>,
  storeDay: (moment: number) => string,
  slices: readonly RawSlice[],
): Promise<LogSlice[]> {
  await codec.learn(slices.flatMap(({ records }) => records.filter(isValid).map(({ value }) => value)));
  return slices.map(({ partition, records }) => {
    const from = records[0]?.offset ?? 0;
    const decoded = records.map(({ offset, timestamp, value }) => ({
      partition,
      offset,
      recordedAt: timestamp,
      storeDay,
      event: decode(codec, partition, offset, value),
    }));
    return { partition, from, to: from + records.length, records: decoded };
  });
}

function decode(codec: Pick<Codec, 'decode'>, partition: number, offset: number, value: Buffer | null) {
  if (!isValid({ offset, value })) return undefined;
  try {
    const message = codec.decode(value);
    if (isEvent(message)) return message;
    throw new DecodeError(`${message.type} is not an event`);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new DecodeError(`${partition}:${offset} is valid but cannot be decoded: ${cause.message}`, { cause });
  }
}

function isEvent(message: { type: string }): message is Event {
  return eventTypes.some((type) => type === message.type);
}

/** Which event a record carries, as checkpoints remember it: its event id, or `void`. */
export function idOf({ event }: FoldedRecord): string {
  return event ? eventIdOf(event) : 'void';
}
