/** Commands and events as a plain reader of the log knows them, without the product's own types. */
import type { LoggedRecord } from './command-side.ts';

/** A record with its Avro type and fields; no type when a plain reader can't decode it. */
export interface Logged {
  partition: number;
  offset: number;
  key: string;
  value: Buffer;
  type: string | undefined;
  fields: Fields;
}

export type Fields = Record<string, unknown>;

/** What happens once: the same for a command and for the event that says that it took effect. */
export function effectOf({ type, fields }: Pick<Logged, 'type' | 'fields'>): string | undefined {
  switch (type) {
    case 'RecordSale':
    case 'SaleRecorded':
      return `sale ${fields.saleId}`;
    case 'RecordReturn':
    case 'ReturnRecorded':
      return `return ${fields.returnId}`;
    case 'RefundSale':
    case 'SaleRefunded':
      return `refund ${fields.saleId} ${fields.refundId}`;
    case 'VoidSale':
    case 'SaleVoided':
      return `void ${fields.saleId}`;
    default:
      return undefined;
  }
}

/** As answers name the event. */
export function eventIdOf({ type, fields }: Logged): string {
  const ids = type === 'CommandRejected' ? [fields.commandId] : [fields.saleId ?? fields.returnId, fields.refundId];
  return [type, ...ids.filter((id) => id !== undefined)].join(':');
}

/** What must be the same in a repeat: all but the attempt's name and who waits for its outcome. */
export function contentOf({ type, fields }: Logged): string {
  const { commandId: _, replyTo: __, ...content } = fields;
  return JSON.stringify([type, content]);
}

/** What has one outcome for ever: a command id, of one key. */
export function attemptOf({ partition, key, fields }: Logged): string {
  return `${partition} ${key} attempt ${fields.commandId}`;
}

export function placeOf({ partition, offset }: Logged): string {
  return `${partition}:${offset}`;
}

/** For the message that says what is wrong with it. */
export function nameOf(record: Logged): string {
  return `${record.type ?? 'record'} ${placeOf(record)} (key ${record.key})`;
}

/** The Avro library names the class of what it decodes by the record's type. */
export function toLogged({ record, ...logged }: LoggedRecord): Logged {
  return { ...logged, type: record?.constructor.name, fields: { ...record } };
}
