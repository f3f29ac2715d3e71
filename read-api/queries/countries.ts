import type { Context } from '../context.ts';
import { type Figures, figureFields, figuresOfRows } from './figures.ts';
import { type DayArgs, dayParameters, hasSaleFigures, inDays } from './scope.ts';

const sql = (schema: string) => `
  select country, ${figuresOfRows}
  from ${schema}.countries
  where ${inDays}
  group by country
  having ${hasSaleFigures}
  order by sum(gross - discounts - "returns" - refunds) desc, country`;

/** Query.countries */
export async function countries(_: unknown, args: DayArgs, context: Context) {
  const rows = await context.snapshot.rows<Figures & { country: string }>(sql(context.schema), dayParameters(args));
  return rows.map(({ country, ...figures }) => ({ country, ...figureFields(figures, args.currency) }));
}
