/** Makes servers ready for an installation: topics, schemas, tables. Idempotent. */
import { migrate as migrateApiKeys } from '../commands/keys/migrate.ts';
import { migrate as migrateCommandSide } from '../commands/state/migrate.ts';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { migrate as migrateReadModels } from '../projections/migrate.ts';
import { registerAll } from '../schemas/registry.ts';
import { createTopics } from './topics.ts';

/** Throws when what exists already differs from what the settings ask for; nothing is changed silently. */
export async function setUp(config: Config): Promise<void> {
  const { topics } = namesOf(config.namespace);
  await Promise.all([
    createTopics(config, topics),
    registerAll(config.registry, topics),
    migrateCommandSide(config)
      .then(() => migrateApiKeys(config))
      .then(() => migrateReadModels(config)),
  ]);
}
