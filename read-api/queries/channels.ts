import type { Context } from '../context.ts';
import { type Figures, figureFields, figuresOfRows } from './figures.ts';
import { type DayArgs, dayParameters, hasSaleFigures, inDays } from './scope.ts';

const sql = (schema: string) => `
  select channel, ${figuresOfRows}
  from ${schema}.channels
  where ${inDays}
  group by channel
  having ${hasSaleFigures}
  order by sum(gross - discounts - "returns" - refunds) desc, channel`;

/** Query.channels */
export async function channels(_: unknown, args: DayArgs, context: Context) {
  const rows = await context.snapshot.rows<Figures & { channel: string }>(sql(context.schema), dayParameters(args));
  return rows.map(({ channel, ...figures }) => ({ channel, ...figureFields(figures, args.currency) }));
}
