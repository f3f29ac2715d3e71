/** A reader of the logs that shares no code with the command side but the Avro schemas. */
import type { StoredEvent } from '../../commands/state/store.ts';
import type { Command, Event } from '../../domain/messages.generated.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Kept } from './store.ts';
import { format } from './versions.ts';
import type { World } from './world.ts';

/** An event that sits where its writer expected it to land. */
export interface Standing {
  offset: number;
  record: LogRecord;
  event: Event;
}

/** What a reader who has nothing but the logs knows of one partition. */
export interface Partition {
  partition: number;
  commands: Sent[];
  standing: Standing[];
  byCommand: Map<number, Standing>;
}

/** A record of the commands topic. `command` is undefined when it must not be decided. */
export interface Sent {
  offset: number;
  place: string;
  record: LogRecord;
  command: Command | undefined;
}

export function readPartition({ broker, partitions }: World, partition: number): Partition {
  const partitionOf = createPartitioner(partitions);
  const commands = broker.log('commands', partition).records.map((record) => ({
    offset: record.offset,
    place: `${partition}:${record.offset}`,
    record,
    command: readCommand(record, (key) => partitionOf(key) === partition),
  }));
  const standing = broker.log('events', partition).records.flatMap((record) => {
    const event = format.decode(record.value) as Event;
    return event.data.expectedOffset === record.offset ? [{ offset: record.offset, record, event }] : [];
  });
  return {
    partition,
    commands,
    standing,
    byCommand: new Map(standing.map((one) => [one.event.data.commandOffset, one])),
  };
}

function readCommand({ key, value }: LogRecord, isHere: (key: Buffer) => boolean): Command | undefined {
  try {
    const command = format.decode(value) as Command;
    const isPlace = /^\d+:\d+$/.test(command.data.commandId);
    return key && isHere(key) && key.toString() === keyOf(command) && !isPlace ? command : undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ type, data }: Command): string {
  return type === 'RecordReturn' ? data.returnId : data.saleId;
}

/** What a store has that keeps these events of a partition. */
export function keptOf({
  partition,
  standing,
}: Partition): Pick<Kept, 'events'> & { lastCommand: Kept['checkpoint']['lastCommand'] } {
  const events = standing.map(({ offset, record: { key, value }, event: { data } }): StoredEvent => {
    const isUnderPlace = data.commandId === `${partition}:${data.commandOffset}`;
    const bytes = value ?? Buffer.alloc(0);
    return { offset, key: isUnderPlace ? null : String(key), commandId: data.commandId, bytes };
  });
  const last = standing.at(-1)?.event.data;
  return { events, lastCommand: last && { offset: last.commandOffset, id: last.commandId } };
}
