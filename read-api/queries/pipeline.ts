import type { Context } from '../context.ts';
import { halts } from './halts.ts';
import { logEnds } from './log-ends.ts';
import { notIncluded } from './not-included.ts';
import { operations } from './operations.ts';
import { positions } from './positions.ts';
import { projections } from './projections.ts';

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
    asOf: context.asOf,
    notIncluded: () => notIncluded(context),
    projections: () => projections(context),
    halts: () => halts(context),
    logEnds: () => logEnds(context),
    operations: () => operations(context),
    storeTimeZone: context.config.storeTimeZone,
    version: context.version,
    serverTime: context.now(),
  };
}
