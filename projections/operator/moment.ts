/** The moment that figures are asked for as of, as the next offset of each partition. */
import { withAdmin } from '../../platform/kafka/client.ts';
import { offsetsAt, type PartitionRange, topicRanges } from '../../platform/kafka/offsets.ts';
import { beyondLog } from '../vector.ts';
import { type Execution, OperationError } from './execution.ts';

/**
 * `time` (ISO 8601: events recorded up to then), or `vector` (next offset of each partition; nothing of those that it
 * leaves out). Throws {@link OperationError} on a moment that the log has not reached, or that is none.
 */
export function vectorIn(
  { time, vector }: Readonly<Record<string, unknown>>,
  { kafka, names }: Pick<Execution, 'kafka' | 'names'>,
): Promise<Map<number, number>> {
  const topic = names.topics.events;
  const moment = time === undefined ? undefined : momentOf(time);
  return withAdmin(kafka, async (admin) => {
    if (moment !== undefined) return offsetsAt(admin, topic, moment + 1);
    return withinLog(vector, await topicRanges(admin, topic));
  });
}

function momentOf(time: unknown): number {
  const moment = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(moment)) throw new OperationError(`${time} is no time`);
  // It would be given the figures of now, and go by the name of another moment.
  if (moment > Date.now()) throw new OperationError(`${time} is yet to come`);
  return moment;
}

function withinLog(vector: unknown, ranges: ReadonlyMap<number, PartitionRange>): Map<number, number> {
  if (typeof vector !== 'object' || vector === null) throw new OperationError('neither a time nor a vector was given');
  const asked = new Map(Object.entries(vector).map(([partition, next]) => [Number(partition), Number(next)]));
  const wrong = beyondLog(asked, new Map([...ranges].map(([partition, { high }]) => [partition, high])));
  if (wrong) throw new OperationError(wrong);
  return new Map([...ranges.keys()].map((partition) => [partition, asked.get(partition) ?? 0]));
}
