import type { Admin } from 'kafkajs';
import { retry } from '../retry.ts';

export interface Position {
  topic: string;
  partition: number;
  /** The next offset to read. */
  offset: number;
}

/** A partition's range: `low` is the first offset that is kept, `high` the next one to be written. */
export interface PartitionRange {
  low: number;
  high: number;
}

/** The range of each partition of a topic, once each has a leader. */
export function topicRanges(admin: Admin, topic: string): Promise<Map<number, PartitionRange>> {
  return retry(() => fetchRanges(admin, topic), { when: isWithoutLeader });
}

/** The same, which rejects when a partition {@link isWithoutLeader}. */
export async function fetchRanges(admin: Admin, topic: string): Promise<Map<number, PartitionRange>> {
  const ranges = await admin.fetchTopicOffsets(topic);
  return new Map(ranges.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
}

/** The first offset of each partition whose record was appended at or after `timestamp` (ms); the end if there is none. */
export async function offsetsAt(admin: Admin, topic: string, timestamp: number): Promise<Map<number, number>> {
  const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
  const ranges = await topicRanges(admin, topic);
  return new Map(
    offsets.map(({ partition, offset }) => [
      partition,
      Number(offset) >= 0 ? Number(offset) : (ranges.get(partition)?.high ?? 0),
    ]),
  );
}

/** A topic that was just made, or whose leader is moving, has none for a moment. */
export function isWithoutLeader(error: unknown): boolean {
  return ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes((error as { type?: string }).type ?? '');
}

/** There is no such topic. */
export function isMissingTopic(error: unknown): boolean {
  const { type, cause } = (error ?? {}) as { type?: string; cause?: unknown };
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || (cause !== undefined && isMissingTopic(cause));
}
