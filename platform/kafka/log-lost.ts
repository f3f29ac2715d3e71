/** When a log is not what its reader remembers. */
import type { Kafka } from 'kafkajs';
import { withAdmin } from './client.ts';
import { type PartitionRange, type Position, topicRanges } from './offsets.ts';

/** The log is not what the reader remembers: a hole, or an end or a start beyond the position. Never reset silently. */
export class LogLostError extends Error {
  override name = 'LogLostError';
  /** Where reading could go on if somebody accepted the loss. */
  readonly lost: Lost | undefined;

  constructor(message: string, lost?: Lost) {
    super(message);
    this.lost = lost;
  }
}

/** Records of a partition from `from` up to but not including `to`; when `to` is lower, the log ended before `from`. */
export interface Lost {
  from: number;
  to: number;
}

/** A hole between records that were delivered one after the other. */
export function holeAt(topic: string, partition: number, lost: Lost): LogLostError {
  return new LogLostError(
    `${topic}/${partition} has a hole: offsets ${lost.from} to ${lost.to - 1} were deleted, compacted or written in a ` +
      'transaction. Restore the topic from its mirror.',
    lost,
  );
}

/** For each position what is wrong with it, if it lies outside what its partition holds. */
export async function findLosses(kafka: Kafka, positions: readonly Position[]): Promise<(LogLostError | undefined)[]> {
  const ranges = new Map<string, Map<number, PartitionRange>>();
  await withAdmin(kafka, async (admin) => {
    for (const topic of new Set(positions.map((position) => position.topic))) {
      ranges.set(topic, await topicRanges(admin, topic));
    }
  });
  return positions.map((position) => lossAt(position, ranges.get(position.topic)?.get(position.partition)));
}

function lossAt({ topic, partition, offset }: Position, range: PartitionRange | undefined): LogLostError | undefined {
  if (range && offset >= range.low && offset <= range.high) return undefined;
  const found = range ? `holds offsets ${range.low} to ${range.high}` : 'does not exist';
  const lost = range && { from: offset, to: offset < range.low ? range.low : range.high };
  return new LogLostError(
    `${topic}/${partition} ${found}, but the next offset to read is ${offset}: the log was lost, cut or recreated. ` +
      'Restore the topic from its mirror, or start a new installation (another SALES_NAMESPACE).',
    lost,
  );
}
