/**
 * The typed catalogue: which records travel on which topic, and under which compatibility.
 * Topics are named without the installation's namespace (`platform/names.ts` adds it).
 */
import { readFileSync } from 'node:fs';
import type { Schema } from 'avsc';
import type { Command, Event } from '../domain/messages.generated.ts';

export type { Command, Event } from '../domain/messages.generated.ts';
export type CommandType = Command['type'];
export type EventType = Event['type'];
export type RecordType = CommandType | EventType;
export type Topic = 'commands' | 'events';

export const commandTypes: readonly CommandType[] = ['RecordSale', 'RecordReturn', 'RefundSale', 'VoidSale'];
export const eventTypes: readonly EventType[] = [
  'SaleRecorded',
  'ReturnRecorded',
  'SaleRefunded',
  'SaleVoided',
  'CommandRejected',
];

/** The log is read from its start for ever, so every schema must read all its predecessors. */
export const compatibility = 'BACKWARD_TRANSITIVE' as const;

export interface CatalogueEntry {
  topic: Topic;
  type: RecordType;
  /** The committed Avro schema (`schemas/<topic>/<type>.avsc`), parsed. */
  schema: Schema & { name: string; namespace: string };
}

/** Every record type with its topic and parsed schema, read from the `.avsc` files beside this one. */
export const catalogue: readonly CatalogueEntry[] = [
  ...commandTypes.map((type) => entry('commands', type)),
  ...eventTypes.map((type) => entry('events', type)),
];

function entry(topic: Topic, type: RecordType): CatalogueEntry {
  const file = new URL(`./${topic}/${type}.avsc`, import.meta.url);
  return { topic, type, schema: JSON.parse(readFileSync(file, 'utf8')) };
}
