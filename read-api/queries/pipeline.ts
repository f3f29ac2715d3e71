import type { Context } from '../context.ts';
import { positions } from './positions.ts';

const sql = (schema: string) => `
  select max(recorded_at) as "dataAsOf"
  from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
  where projection = 'sales' and status = 'live'`;

/** Query.pipeline */
export function pipeline(_: unknown, __: unknown, context: Context) {
  return {
    positions: () => positions(_, __, context),
    dataAsOf: async () => {
      const [row] = await context.snapshot.rows<{ dataAsOf: Date | null }>(sql(context.schema), []);
      return row?.dataAsOf ?? null;
    },
    storeTimeZone: context.config.storeTimeZone,
    version: context.version,
    serverTime: context.now(),
  };
}
