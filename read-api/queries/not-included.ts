import type { Context } from '../context.ts';

/** Events that a live projection does without: parked, or discarded by an operator. */
const sql = (schema: string) => `
  select count(distinct (partition, "offset")) as events from (
    select projection, partition, "offset"
    from ${schema}.parked join ${schema}.generations using (projection, generation)
    where status = 'live'
    union all
    select projection, partition, "offset"
    from ${schema}.discarded
      join ${schema}.generations using (projection)
      join ${schema}.checkpoints using (projection, generation, partition)
    where status = 'live' and "offset" < next_offset) as lacking
  where $1::text[] is null or projection = any($1)`;

/** How many of the events that the figures' positions cover are not in them: in any of these projections, or in any at all. */
export async function notIncluded(context: Context, projections?: readonly string[]): Promise<number> {
  const [row] = await context.snapshot.rows<{ events: number }>(sql(context.schema), [projections ?? null]);
  return row?.events ?? 0;
}
