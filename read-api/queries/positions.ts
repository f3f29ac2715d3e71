import type { Context } from '../context.ts';

export interface Position {
  partition: number;
  /** Every event below it is included. */
  nextOffset: number;
}

/** Several projections may be at different places: covered is what all the live ones have. */
export const positionsSql = (schema: string) => `
  select partition, min(next_offset)::int8 as "nextOffset"
  from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
  where status = 'live'
  group by partition
  order by partition`;

/** Query.positions and Pipeline.positions */
export function positions(_: unknown, __: unknown, context: Context): Promise<Position[]> {
  return context.snapshot.rows<Position>(positionsSql(context.schema), []);
}
