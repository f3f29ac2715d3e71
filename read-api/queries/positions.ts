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
  where status = 'live' and projection <> 'live_window'
  group by partition
  order by partition`;

/** The live generation of the live window, and how far it is to reach. */
export const windowCheckpointsSql = (schema: string) => `
  select generation, partition, next_offset as "nextOffset"
  from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
  where projection = 'live_window' and status = 'live'`;

/** Query.positions and Pipeline.positions */
export function positions(_: unknown, __: unknown, context: Context): Promise<Position[]> {
  return context.snapshot.rows<Position>(positionsSql(context.schema), []);
}
