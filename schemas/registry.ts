/** Registers the catalogue's schemas under TopicRecordNameStrategy at a Confluent-compatible registry. */
import { setTimeout as delay } from 'node:timers/promises';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { type CatalogueEntry, catalogue, compatibility, type RecordType, type Topic } from './catalogue.ts';

/** Registry id of each record type's committed schema. */
export type SchemaIds = ReadonlyMap<RecordType, number>;

/** Topic names of one installation. */
export type TopicNames = Record<Topic, string>;

/**
 * Apicurio answers 500 when two register the same content for the first time, or one deletes what another registers: each
 * step is taken again, since all of them may be taken twice.
 */
const ATTEMPTS = 5;
const WAIT_MS = 100;

/** Registry subject of a record on a topic (TopicRecordNameStrategy). */
export function subjectOf(topic: string, schema: { name: string; namespace: string }): string {
  return `${topic}-${schema.namespace}.${schema.name}`;
}

/**
 * Registers every schema and answers its id; idempotent. The compatibility level is set before the first version,
 * so that no version escapes the check. Throws when the registry is away, goes on failing or refuses a schema, naming the
 * subject.
 */
export function registerAll(registryUrl: string, topics: TopicNames): Promise<SchemaIds> {
  return forEachSchema(registryUrl, topics, async (registry, subject, schema) => {
    await setCompatibility(registryUrl, subject);
    const registered = await idOf(registryUrl, subject, schema);
    if (registered !== undefined) return registered;
    const text = JSON.stringify(schema);
    const level = COMPATIBILITY[compatibility];
    const { id } = await registry.register({ type: SchemaType.AVRO, schema: text }, { subject, compatibility: level });
    return id;
  });
}

/** The ids of the schemas that set-up registered. Throws when one is missing, naming it. */
export function registeredIds(registryUrl: string, topics: TopicNames): Promise<SchemaIds> {
  return forEachSchema(registryUrl, topics, async (_registry, subject, schema) => {
    const id = await idOf(registryUrl, subject, schema);
    if (id === undefined) throw new Error('it is not registered; run the set-up of this version first');
    return id;
  });
}

async function forEachSchema(
  registryUrl: string,
  topics: TopicNames,
  use: (registry: SchemaRegistry, subject: string, schema: CatalogueEntry['schema']) => Promise<number>,
): Promise<SchemaIds> {
  const registry = new SchemaRegistry({ host: registryUrl });
  const ids = new Map<RecordType, number>();
  for (const { topic, type, schema } of catalogue) {
    const subject = subjectOf(topics[topic], schema);
    try {
      ids.set(type, await persist(() => use(registry, subject, schema)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Schema ${subject} at ${registryUrl}: ${reason}`, { cause: error });
    }
  }
  return ids;
}

async function persist<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      const failed = ((error as { status?: number }).status ?? 0) >= 500;
      if (!failed || attempt === ATTEMPTS) throw error;
      await delay(WAIT_MS * attempt);
    }
  }
}

/** Asks by the plain API: the client's own call loses the status, and 404 is an answer here, not an error. */
async function idOf(
  registryUrl: string,
  subject: string,
  schema: CatalogueEntry['schema'],
): Promise<number | undefined> {
  const response = await fetch(`${registryUrl}/subjects/${encodeURIComponent(subject)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw await failure('looking it up', response);
  return ((await response.json()) as { id: number }).id;
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
  if (!response.ok) throw await failure(`setting ${compatibility}`, response);
}

/** With the status, as the registry client's errors have it. */
async function failure(what: string, response: Response): Promise<Error & { status: number }> {
  const { status } = response;
  return Object.assign(new Error(`${what} answered ${status} ${await response.text()}`), { status });
}
