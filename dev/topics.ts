/** The topics of an installation: created when they are missing. */
import type { ITopicConfig } from 'kafkajs';
import type { Config } from '../platform/config.ts';
import { checkTopics, topicSettings } from '../platform/kafka/check-topics.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import type { Names } from '../platform/names.ts';

/** Creates what is missing and checks all. Throws a `TopicError` when one differs. */
export async function createTopics(
  config: Pick<Config, 'kafka' | 'mode' | 'partitions'>,
  topics: Names['topics'],
): Promise<void> {
  const kafka = createKafka(config, 'setup');
  const wanted = Object.values(topics);
  await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !existing.has(topic));
    if (missing.length === 0) return;
    await admin.createTopics({ topics: missing.map((topic) => definition(topic, config.partitions)) });
  });
  await checkTopics(kafka, wanted, config);
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
