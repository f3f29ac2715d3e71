/** Real servers for tests: this clone's running ones, or started for the run. Every caller gets a namespace of its own. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import { environment } from '../../dev/environment.ts';
import { bringUpServers, type Servers } from '../../dev/infrastructure.ts';
import { openLocalFolder } from '../../dev/local-stack/folder.ts';
import { silent } from '../../dev/progress.ts';
import { type Config, readConfig } from '../../platform/config.ts';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';

let running: Promise<Servers> | undefined;

/**
 * Settings for the shared servers with a fresh random namespace, quiet logs and free ports. The first call starts the
 * servers that don't run and leaves them running for the next run (`npm stop` stops them); call it in a `before` hook
 * with a generous time-out, and {@link dropNamespace} in `after`.
 */
export async function servers(overrides: Partial<Config> = {}): Promise<Config> {
  running ??= bringUpServers(openLocalFolder(), environment, silent);
  const { env } = await running;
  const namespace = `t_${randomBytes(5).toString('hex')}`;
  const base = readConfig({ ...env, SALES_MODE: 'development', SALES_NAMESPACE: namespace });
  return { ...base, httpPort: 0, commandsPort: 0, healthPort: 0, logLevel: 'silent', ...overrides };
}

/** Removes all that a namespace left on the servers: topics, groups, subjects, Postgres schemas, Redis keys. */
export async function dropNamespace(config: Config): Promise<void> {
  await Promise.all([dropKafka(config), dropSubjects(config), dropSchemas(config), dropKeys(config)]);
}

async function dropKafka(config: Config): Promise<void> {
  const names = namesOf(config.namespace);
  await withAdmin(createKafka(config, 'test'), async (admin) => {
    const existing = new Set(await admin.listTopics());
    const topics = Object.values(names.topics).filter((topic) => existing.has(topic));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    const ours = new Set<string>(Object.values(names.groups));
    const left = (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((group) => ours.has(group));
    // A group whose member has just gone may still be non-empty; it holds nothing that matters, and its name is random.
    if (left.length > 0) await admin.deleteGroups(left).catch(() => {});
  });
}

async function dropSubjects({ registry, namespace }: Config): Promise<void> {
  const subjects: string[] = await (await fetch(`${registry}/subjects`)).json();
  for (const subject of subjects.filter((name) => name.startsWith(`${namespace}.`))) {
    const url = `${registry}/subjects/${encodeURIComponent(subject)}`;
    await fetch(url, { method: 'DELETE' });
    await fetch(`${url}?permanent=true`, { method: 'DELETE' });
  }
}

async function dropSchemas({ postgres, namespace }: Config): Promise<void> {
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  const { read, write, keys } = namesOf(namespace).postgres;
  await client.query(`drop schema if exists ${read}, ${write}, ${write}_rebuild, ${keys} cascade`);
  await client.end();
}

async function dropKeys({ redis, namespace }: Config): Promise<void> {
  const client = new Redis(redis);
  for await (const keys of client.scanStream({ match: `${namespace}:*`, count: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  await client.quit();
}
