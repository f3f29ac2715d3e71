import type { Context } from '../context.ts';

interface Row {
  partition: number;
  reason: string;
  detail: string;
  since: Date;
}

const sql = (schema: string) => `select partition, reason, detail, since from ${schema}.halts order by partition`;

/** Pipeline.halts */
export function halts(context: Context): Promise<Row[]> {
  return context.snapshot.rows<Row>(sql(context.schema), []);
}
