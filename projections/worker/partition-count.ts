import type pg from 'pg';
import { TopicError, wrongCount } from '../../platform/kafka/check-topics.ts';
import { clearHalt, listHalts, recordHalt } from '../halts.ts';

/**
 * Puts on record which partitions are missing or too many, for everybody to see: nobody reads them. Takes it off the
 * record when their number is right.
 */
export async function checkPartitionCount(
  pool: pg.Pool,
  schema: string,
  { topic, found, wanted }: { topic: string; found: number; wanted: number },
): Promise<void> {
  for (const { partition, reason } of await listHalts(pool, schema)) {
    const isRight = partition < Math.min(found, wanted) || found === wanted;
    if (reason === TopicError.name && isRight) await clearHalt(pool, schema, partition);
  }
  for (let partition = Math.min(found, wanted); partition < Math.max(found, wanted); partition += 1) {
    await recordHalt(pool, schema, partition, wrongCount(topic, found, wanted));
  }
}
