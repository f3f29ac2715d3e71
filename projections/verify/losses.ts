/** Accepted losses that explain a difference: the generation was folded when the log still had those records. */
import type pg from 'pg';
import { type AcceptedLoss, isOtherLog, listAcceptedLosses, lostBelow } from '../accepted-losses.ts';
import { type Kept, quote } from '../sql.ts';
import type { Vector } from './verdict.ts';

/** Those within the vector, in order of time; none of a partition in which the generation has passed over all of them. */
export async function heldLosses(
  pool: pg.Pool,
  { projection, schema, generation }: Kept,
  vector: Vector,
): Promise<AcceptedLoss[]> {
  const ns = quote(schema);
  const { rows } = await pool.query<{ partition: number; lost: number; createdAt: Date }>(
    `select partition, lost, created_at as "createdAt"
     from ${ns}.checkpoints join ${ns}.generations using (projection, generation)
     where projection = $1 and generation = $2`,
    [projection.name, generation],
  );
  const passed = new Map(rows.map((row) => [row.partition, row]));
  const losses = await listAcceptedLosses(pool, schema);
  return losses.filter((loss) => {
    const next = vector.get(loss.partition) ?? 0;
    const { lost = 0, createdAt } = passed.get(loss.partition) ?? {};
    if (isOtherLog(loss)) return createdAt !== undefined && createdAt < loss.acceptedAt;
    return loss.from < next && lostBelow(losses, loss.partition, next) > lost;
  });
}
