/** Going on without a stretch of the log that is gone. */
import type pg from 'pg';
import type { Lost } from '../../platform/kafka/log-lost.ts';
import { isLockTimeout } from '../../platform/postgres/index.ts';
import { isOtherLog, recordAcceptedLoss } from '../accepted-losses.ts';
import { FOLLOWED } from '../generations.ts';
import { clearHalt, listHalts } from '../halts.ts';
import { moveOn } from '../move-on.ts';
import { quote } from '../sql.ts';
import { type Execute, OperationError } from './execution.ts';

/**
 * `partition`: one that has halted because its log was lost; `reason`: kept for ever. All checkpoints move past what is
 * gone. Where another log stands in its place, figures keep what they had until they are rebuilt.
 */
export const acceptLoss: Execute = async (given, { pool, names, finish }) => {
  const { partition, reason } = given;
  const schema = names.postgres.read;
  if (typeof reason !== 'string' || reason.trim() === '') throw new OperationError('accepting a loss needs a reason');
  const halt = (await listHalts(pool, schema)).find((one) => one.partition === partition);
  if (!halt) throw new OperationError(`partition ${partition} has not halted`);
  if (!halt.lost) throw new OperationError(`partition ${partition} lost nothing: ${halt.detail}`);
  const lost = await toFurthest(pool, schema, halt.partition, halt.lost);
  const advice = 'Another log stands in its place: rebuild everything (sales projection rebuild --all).';
  const outcome = { partition: halt.partition, ...lost, ...(isOtherLog(lost) && { advice }) };
  await moveOn(pool, schema, halt.partition, lost, async (client) => {
    await recordAcceptedLoss(client, schema, { partition: halt.partition, ...lost, reason });
    await clearHalt(client, schema, halt.partition);
    await finish(client, outcome);
  }).catch((error) => {
    if (!isLockTimeout(error)) throw error;
    throw new OperationError('tables that must go are being indexed or proven; ask again when that is done', {
      cause: error,
    });
  });
  return outcome;
};

/**
 * A halt says where that reader stood which met a shorter log first, and another one may have been ahead of it: what the
 * log had up to there is lost too. Where a log of another content is as long as that or longer, nobody knows where the
 * earlier one ended.
 */
async function toFurthest(pool: pg.Pool, schema: string, partition: number, { from, to }: Lost): Promise<Lost> {
  if (to >= from) return { from, to };
  const ns = quote(schema);
  const { rows } = await pool.query<{ furthest: number }>(
    `select max(next_offset) as furthest from ${ns}.checkpoints join ${ns}.generations using (projection, generation)
     where partition = $1 and status = any($2)`,
    [partition, FOLLOWED],
  );
  return { from: Math.max(from, rows[0]?.furthest ?? 0), to };
}
