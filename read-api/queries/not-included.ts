import type { Context } from '../context.ts';

/** Events that a live projection does without: parked, discarded by an operator, or lost by the log. */
const sql = (schema: string) => `
  with lacking as (
    select projection, partition, "offset"
    from ${schema}.parked join ${schema}.generations using (projection, generation)
    where status = 'live'
    union all
    select projection, partition, "offset"
    from ${schema}.discarded
      join ${schema}.generations using (projection)
      join ${schema}.checkpoints using (projection, generation, partition)
    where status = 'live' and "offset" < next_offset),
  lost as (
    select max(${lostOf('kept')}) as events
    from ${schema}.checkpoints kept join ${schema}.generations using (projection, generation)
    where status = 'live' and ($1::text[] is null or projection = any($1)) group by partition)
  select (
    (select count(distinct (partition, "offset")) from lacking where $1::text[] is null or projection = any($1))
    + (select coalesce(sum(events), 0) from lost))::bigint as events`;

/** How many of the events that the figures' positions cover are not in them: in any of these projections, or in any at all. */
export async function notIncluded(context: Context, projections?: readonly string[]): Promise<number> {
  const [row] = await context.snapshot.rows<{ events: number }>(sql(context.schema), [projections ?? null]);
  return row?.events ?? 0;
}

/**
 * What a checkpoint's generation lacks because the log has lost it. Sets of figures that earlier versions kept under a
 * label know nothing of losses, and have no such columns.
 */
export function lostOf(checkpoint: string): string {
  const column = (name: string) => `coalesce((to_jsonb(${checkpoint}) ->> '${name}')::int8, 0)`;
  return `(${column('lost')} + ${column('lost_ends')})`;
}
