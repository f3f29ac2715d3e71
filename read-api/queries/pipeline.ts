import type { Context } from '../context.ts';
import { positions } from './positions.ts';

/**
 * When the last folded event of each partition was recorded. A checkpoint names that event by its id, `SaleRecorded:<id>`
 * or `ReturnRecorded:<id>`, so this reads one row of the ledger a partition, by key.
 */
const sql = (schema: string) => `
  select max(recorded_at) as "dataAsOf"
  from ${schema}.checkpoints
  join ${schema}.generations using (projection, generation)
  join ${schema}.sales on id = substr(last_event_id, strpos(last_event_id, ':') + 1)
    and kind = case split_part(last_event_id, ':', 1) when 'SaleRecorded' then 'SALE' when 'ReturnRecorded' then 'RETURN' end
  where projection = 'sales' and generations.status = 'live'`;

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
