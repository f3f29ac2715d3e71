/** The topics of an installation, and the settings that event sourcing needs of them. */
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import type { Config } from '../platform/config.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import type { Names } from '../platform/names.ts';
import { DevError } from './dev-error.ts';

/** Both topics keep everything: the log is the only source of truth, and is read from its start for ever. */
export const topicSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'message.timestamp.type': 'LogAppendTime',
  'max.message.bytes': String(4 * 1024 * 1024),
};

/** Creates the topics that are missing and checks the others. Throws {@link DevError} when one differs. */
export async function createTopics(
  config: Pick<Config, 'kafka' | 'partitions'>,
  topics: Names['topics'],
): Promise<void> {
  await withAdmin(createKafka(config, 'setup'), async (admin) => {
    const wanted = Object.values(topics);
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      await admin.createTopics({ topics: missing.map((topic) => definition(topic, config.partitions)) });
    }
    await checkTopics(admin, wanted, config.partitions);
  });
}

function definition(topic: string, partitions: number): ITopicConfig {
  return {
    topic,
    numPartitions: partitions,
    // -1: as many copies as the cluster gives by default; in production that is the operator's decision.
    replicationFactor: -1,
    configEntries: Object.entries(topicSettings).map(([name, value]) => ({ name, value })),
  };
}

async function checkTopics(admin: Admin, topics: string[], partitions: number): Promise<void> {
  const metadata = await admin.fetchTopicMetadata({ topics });
  for (const topic of metadata.topics) {
    if (topic.partitions.length === partitions) continue;
    throw new DevError(
      `Topic ${topic.name} has ${topic.partitions.length} partitions, and SALES_PARTITIONS is ${partitions}.`,
      `The count is fixed for the life of an installation: set SALES_PARTITIONS=${topic.partitions.length}, or use another SALES_NAMESPACE.`,
    );
  }
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: Object.keys(topicSettings),
    })),
  });
  for (const resource of resources) {
    for (const { configName, configValue } of resource.configEntries) {
      const wanted = topicSettings[configName];
      if (wanted === undefined || configValue === wanted) continue;
      throw new DevError(
        `Topic ${resource.resourceName} has ${configName}=${configValue}; it must be ${wanted}.`,
        `Run: kafka-configs.sh --alter --topic ${resource.resourceName} --add-config ${configName}=${wanted}`,
      );
    }
  }
}
