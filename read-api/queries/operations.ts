import type { Context } from '../context.ts';

interface Row {
  id: number;
  kind: string;
  projections: unknown;
  status: string;
  step: string | null;
  done: number | null;
  total: number | null;
  requestedAt: Date;
  startedAt: Date | null;
}

const sql = (schema: string) => `
  select id, kind, arguments -> 'projections' as projections, upper(status) as status, progress ->> 'step' as step,
    (progress ->> 'done')::int8 as done, (progress ->> 'total')::int8 as total,
    requested_at as "requestedAt", started_at as "startedAt"
  from ${schema}.operations where status in ('queued', 'running') order by id`;

/** Pipeline.operations: of now alone, as figures that are kept are not worked on. */
export async function operations(context: Context) {
  if (context.asOf !== null) return [];
  const rows = await context.snapshot.rows<Row>(sql(context.schema), []);
  return rows.map(({ projections, ...row }) => ({
    ...row,
    projections: Array.isArray(projections) ? projections.map(String) : [],
  }));
}
