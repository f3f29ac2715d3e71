/** Makes servers ready for this installation: topics, schemas, tables. Idempotent. */
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createTopics } from './topics.ts';

/** Throws when what exists already differs from what the settings ask for; nothing is changed silently. */
export async function setUp(config: Config): Promise<void> {
  const names = namesOf(config.namespace);
  await createTopics(config, names.topics);
}
