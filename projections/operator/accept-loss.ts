/** Going on without a stretch of the log that is gone. */
import { inTransaction } from '../../platform/postgres/index.ts';
import { moveOn } from '../generation-changes.ts';
import { clearHalt, listHalts } from '../halts.ts';
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
  const { lost } = halt;
  if (!lost) throw new OperationError(`partition ${partition} lost nothing: ${halt.detail}`);
  const advice = 'Another log stands in its place: rebuild everything (sales projection rebuild --all).';
  const outcome = { partition: halt.partition, ...lost, ...(lost.to <= lost.from && { advice }) };
  await inTransaction(pool, async (client) => {
    await client.query(
      `insert into ${quote(schema)}.accepted_losses (partition, lost_from, lost_to, reason) values ($1, $2, $3, $4)`,
      [halt.partition, lost.from, lost.to, reason],
    );
    await moveOn(client, schema, halt.partition, lost);
    await clearHalt(client, schema, halt.partition);
    await finish(client, outcome);
  });
  return outcome;
};
