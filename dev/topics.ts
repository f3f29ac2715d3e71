/** The topics of an installation: created when they are missing. */
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import type { Config } from '../platform/config.ts';
import { checkTopics, parkingSettings, topicSettings } from '../platform/kafka/check-topics.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import type { Names } from '../platform/names.ts';

/** Creates what is missing and checks all. Throws a `TopicError` when one differs. */
export async function createTopics(
  config: Pick<Config, 'kafka' | 'mode' | 'partitions'>,
  { commands, events, rejected }: Names['topics'],
): Promise<void> {
  const kafka = createKafka(config, 'setup');
  const wanted = new Map([
    [commands, topicSettings],
    [events, topicSettings],
    [rejected, parkingSettings],
  ]);
  await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = [...wanted].filter(([topic]) => !existing.has(topic));
    if (missing.length > 0) {
      const topics = missing.map((one) => definition(one, config.partitions));
      // kafkajs's own wait fails when a busy broker does not know its new topics yet; the check below waits.
      await admin.createTopics({ topics, waitForLeaders: false });
    }
    for (const [topic, settings] of wanted) if (existing.has(topic)) await addSettings(admin, topic, settings);
  });
  await checkTopics(kafka, [commands, events], config);
  await checkTopics(kafka, [rejected], config, parkingSettings);
}

function definition(
  [topic, settings]: [string, Readonly<Record<string, string>>],
  numPartitions: number,
): ITopicConfig {
  return {
    topic,
    numPartitions,
    // -1: as many copies as the cluster gives by default; in production that is the operator's decision.
    replicationFactor: -1,
    configEntries: toEntries(settings),
  };
}

/** What an older version did not ask for yet, and what changes nothing that is stored. */
const ADDED = ['compression.type', 'max.message.bytes'];
/** As the protocol numbers it: set on the topic itself. */
const TOPIC_CONFIG = 1;

async function addSettings(admin: Admin, name: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
  const found = resources[0]?.configEntries ?? [];
  const differs = ADDED.some((one) =>
    found.some(({ configName, configValue }) => configName === one && configValue !== wanted[one]),
  );
  if (!differs) return;
  // Altering replaces all that is set on the topic.
  const own = found.filter(({ configSource }) => configSource === TOPIC_CONFIG);
  const settings = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
  for (const one of ADDED) settings[one] = wanted[one] ?? '';
  await admin.alterConfigs({ validateOnly: false, resources: [{ type, name, configEntries: toEntries(settings) }] });
}

function toEntries(settings: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}
