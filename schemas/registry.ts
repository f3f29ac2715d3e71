/** Registers the catalogue's schemas under TopicRecordNameStrategy at a Confluent-compatible registry. */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { catalogue, compatibility, type RecordType, type Topic } from './catalogue.ts';

/** Registry id of each record type's committed schema. */
export type SchemaIds = ReadonlyMap<RecordType, number>;

/** Topic names of one installation. */
export type TopicNames = Record<Topic, string>;

/** Registry subject of a record on a topic (TopicRecordNameStrategy). */
export function subjectOf(topic: string, schema: { name: string; namespace: string }): string {
  return `${topic}-${schema.namespace}.${schema.name}`;
}

/**
 * Registers every schema and answers its id; idempotent. The compatibility level is set before the first version,
 * so that no version escapes the check. Throws when the registry is away or refuses a schema, naming the subject.
 */
export async function registerAll(registryUrl: string, topics: TopicNames): Promise<SchemaIds> {
  const registry = new SchemaRegistry({ host: registryUrl });
  const ids = new Map<RecordType, number>();
  for (const { topic, type, schema } of catalogue) {
    const subject = subjectOf(topics[topic], schema);
    try {
      await setCompatibility(registryUrl, subject);
      const { id } = await registry.register(
        { type: SchemaType.AVRO, schema: JSON.stringify(schema) },
        { subject, compatibility: COMPATIBILITY[compatibility] },
      );
      ids.set(type, id);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Schema ${subject} could not be registered at ${registryUrl}: ${reason}`, { cause: error });
    }
  }
  return ids;
}

async function setCompatibility(registryUrl: string, subject: string): Promise<void> {
  const url = `${registryUrl}/config/${encodeURIComponent(subject)}`;
  const current = await fetch(url);
  if (current.ok && ((await current.json()) as { compatibilityLevel?: string }).compatibilityLevel === compatibility) {
    return;
  }
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility }),
  });
  if (!response.ok) throw new Error(`setting ${compatibility} answered ${response.status} ${await response.text()}`);
}
