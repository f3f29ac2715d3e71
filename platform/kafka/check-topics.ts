/** What event sourcing needs of its topics, checked before anything relies on it. */
import kafkajs, { type Kafka } from 'kafkajs';
import type { Config } from '../config.ts';
import { withAdmin } from './client.ts';
import { topicRanges } from './offsets.ts';

/** Both logs keep everything, from offset 0 for ever, under the broker's own clock. */
export const topicSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'message.timestamp.type': 'LogAppendTime',
  'max.message.bytes': String(4 * 1024 * 1024),
  // Whatever producers compress with, the broker stores it plain: a codec that a reader lacks, or a record that grows
  // beyond all limits when it is unpacked, never gets into the log.
  'compression.type': 'uncompressed',
};

/**
 * Of the topic where records are kept that nobody could decide: room for the largest command and why it is there. Nothing
 * is made from it, so people may delete its records once they have looked at them.
 */
export const parkingSettings: Readonly<Record<string, string>> = {
  ...topicSettings,
  'max.message.bytes': String(5 * 1024 * 1024),
};

/** A topic is not as it must be. The message says what to do. */
export class TopicError extends Error {
  override name = 'TopicError';
}

/**
 * Throws {@link TopicError} on a wrong partition count or setting, or a log that does not begin at 0; in production
 * also when an acknowledged record could be lost with one broker.
 */
export async function checkTopics(
  kafka: Kafka,
  topics: readonly string[],
  { mode, partitions }: Pick<Config, 'mode' | 'partitions'>,
  wanted = topicSettings,
): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    for (const topic of topics) {
      const ranges = await topicRanges(admin, topic);
      if (ranges.size !== partitions) throw wrongCount(topic, ranges.size, partitions);
      for (const [partition, { low }] of ranges) {
        if (low > 0 && wanted !== parkingSettings) throw startGone(topic, partition, low);
      }
    }
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    });
    for (const { resourceName, configEntries } of resources) {
      const settings = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      checkSettings(resourceName, settings, wanted, mode);
    }
  });
}

function checkSettings(
  topic: string,
  settings: ReadonlyMap<string, string>,
  wanted: Readonly<Record<string, string>>,
  mode: Config['mode'],
): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (settings.get(name) !== value) throw wrongSetting(topic, name, settings.get(name), value);
  }
  if (mode !== 'production') return;
  if (settings.get('unclean.leader.election.enable') !== 'false') {
    throw wrongSetting(
      topic,
      'unclean.leader.election.enable',
      settings.get('unclean.leader.election.enable'),
      'false',
    );
  }
  if (Number(settings.get('min.insync.replicas')) < 2) {
    throw wrongSetting(topic, 'min.insync.replicas', settings.get('min.insync.replicas'), '2');
  }
}

/** Throws {@link TopicError} when the topic is missing or has another number of partitions. */
export async function checkPartitions(kafka: Kafka, topic: string, partitions: number): Promise<void> {
  const found = await withAdmin(kafka, async (admin) => {
    const exists = (await admin.listTopics()).includes(topic);
    return exists ? (await topicRanges(admin, topic)).size : 0;
  });
  if (found === 0)
    throw new TopicError(`Topic ${topic} does not exist. Restore it from its mirror, or run the set-up.`);
  if (found !== partitions) throw wrongCount(topic, found, partitions);
}

function startGone(topic: string, partition: number, low: number): TopicError {
  return new TopicError(
    `${topic}/${partition} begins at offset ${low}: its start was deleted, and nothing is done on a part of a log. Stop ` +
      'what uses it, delete the topic, make it anew and copy it from its mirror, each record to its offset from 0 on; or ' +
      'start a new installation (another SALES_NAMESPACE). docs/operations.md, "A log that is not as it was", says how.',
  );
}

export function wrongCount(topic: string, found: number, wanted: number): TopicError {
  return new TopicError(
    `Topic ${topic} has ${found} partitions, and SALES_PARTITIONS is ${wanted}. The count is fixed for the life of an ` +
      `installation: set SALES_PARTITIONS=${found}, or use another SALES_NAMESPACE.`,
  );
}

function wrongSetting(topic: string, name: string, found: string | undefined, wanted: string): TopicError {
  return new TopicError(
    `Topic ${topic} has ${name}=${found}; it must be ${wanted}. ` +
      `Run: kafka-configs.sh --alter --topic ${topic} --add-config ${name}=${wanted}`,
  );
}
