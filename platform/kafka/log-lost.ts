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

/**
 * Records of a partition from `from` up to but not including `to`; when `to` is not higher, what was before `from` is
 * lost and the log is another one, which ends at `to`, or before which a reader has come to `to`.
 */
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

/** What readers of a log put up with. */
export interface LossRules {
  /** Whether an operator has accepted that the records of a partition from `from` up to but not including `to` are lost. */
  isAcceptedLoss?(partition: number, from: number, to: number): boolean;
  /** Everything is to be kept: a log whose start is gone is lost, also to a reader who is beyond that. */
  keepsAll?: boolean;
}

/** A place from which a partition can be read. */
export interface Start extends Position {
  /** Nothing is there yet. */
  isEnd: boolean;
}

/** Where to begin for each position, past what was accepted as lost; a `LogLostError` for what can not be read. */
export async function findStarts(
  kafka: Kafka,
  positions: readonly Position[],
  rules: LossRules = {},
): Promise<(Start | LogLostError)[]> {
  const ranges = new Map<string, Map<number, PartitionRange>>();
  await withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    for (const topic of new Set(positions.map((position) => position.topic))) {
      if (existing.has(topic)) ranges.set(topic, await topicRanges(admin, topic));
    }
  });
  return positions.map((position) => startAt(position, ranges.get(position.topic)?.get(position.partition), rules));
}

function startAt(position: Position, range: PartitionRange | undefined, rules: LossRules): Start | LogLostError {
  const { topic, partition, offset } = position;
  if (!range) return lostAt(`${topic}/${partition} does not exist`, offset, undefined);
  const { low, high } = range;
  const found = `${topic}/${partition} holds offsets ${low} to ${high}`;
  if (offset > high) return lostAt(found, offset, { from: offset, to: high });
  const isCut = low > 0 && (rules.keepsAll === true || offset < low);
  if (!isCut) return { ...position, isEnd: offset === high };
  // What of it was read before is gone as well: whoever reads from the start later needs to know.
  const lost = { from: rules.keepsAll ? 0 : offset, to: low };
  if (!rules.isAcceptedLoss?.(partition, lost.from, lost.to)) return lostAt(found, offset, lost);
  const from = Math.max(offset, low);
  return { topic, partition, offset: from, isEnd: from === high };
}

function lostAt(found: string, offset: number, lost: Lost | undefined): LogLostError {
  return new LogLostError(
    `${found}, but the next offset to read is ${offset}: the log was lost, cut or recreated. ` +
      'Restore the topic from its mirror, or start a new installation (another SALES_NAMESPACE).',
    lost,
  );
}
