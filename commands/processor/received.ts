/** From a record of the commands topic to a command that may be decided, or to the refusal of a record that is none. */
import { keyOf, rejection } from '../../domain/decide.ts';
import type { Command } from '../../domain/messages.generated.ts';
import type { NewEvent } from '../../domain/state.ts';
import { isCommandId, isId } from '../../domain/violations.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import { type Codec, DecodeError } from '../../platform/registry/codec.ts';
import { commandTypes } from '../../schemas/catalogue.ts';

export interface Readable {
  record: LogRecord;
  place: string;
  key: string;
  command: Command;
  refusal?: undefined;
}

export interface Unreadable {
  record: LogRecord;
  place: string;
  /** Empty: what the record has as its key may be anything, so that its refusal has none. */
  key: '';
  /** Why, as the event that refuses it under its place: a well-routed copy of it keeps its own outcome. */
  refusal: NewEvent;
  command?: undefined;
}

export type Received = Readable | Unreadable;

/** The key of a record as text; empty when it can be no id. */
export function keyOfRecord({ key }: LogRecord): string {
  const text = key?.toString() ?? '';
  if (!key || !isId(text)) return '';
  // Bytes that are no UTF-8 all read as U+FFFD: several keys, in several partitions, would be one id.
  return text.includes('\uFFFD') && !Buffer.from(text).equals(key) ? '' : text;
}

/** Reads a record of `partition`; `partitionOf` is where its key belongs. Schemas must have been learnt. */
export function receive(
  record: LogRecord,
  partition: number,
  codec: Codec,
  partitionOf: (key: Buffer) => number,
): Received {
  const place = `${partition}:${record.offset}`;
  const key = keyOfRecord(record);
  const refuse = (code: 'UNREADABLE' | 'MISROUTED', detail: string): Unreadable => ({
    record,
    place,
    key: '',
    refusal: rejection(place, code, detail),
  });
  try {
    const message = codec.decode(record.value);
    const type = commandTypes.find((one) => one === message.type);
    if (!type) return refuse('UNREADABLE', `${message.type} is an event, not a command`);
    const command = message as Command;
    if (!isId(keyOf(command)) || !isCommandId(command.data.commandId)) {
      return refuse(
        'UNREADABLE',
        'its ids must be text without control characters, and its commandId nothing like partition:offset',
      );
    }
    if (keyOf(command) !== key) {
      return refuse(
        'MISROUTED',
        `the record key must be the id in the command, ${keyOf(command)}, but is ${key ? key : 'no id'}`,
      );
    }
    const belongs = partitionOf(record.key ?? Buffer.alloc(0));
    if (belongs !== partition) {
      return refuse('MISROUTED', `the key belongs to partition ${belongs} by murmur2, but was sent to ${partition}`);
    }
    return { record, place, key, command };
  } catch (error) {
    if (error instanceof DecodeError) return refuse('UNREADABLE', error.message);
    throw error;
  }
}
