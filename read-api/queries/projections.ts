import type { Context } from '../context.ts';
import type { Position } from './positions.ts';

interface Row {
  name: string;
  generation: number;
  version: number;
  status: string;
  label: string | null;
  positions: Position[];
  parked: number;
  discarded: number;
  verifiedAt: Date | null;
  differences: number | null;
}

const sql = (schema: string) => `
  select g.projection as name, g.generation, g.version, upper(g.status) as status, g.label, reached.positions,
    (select count(*) from ${schema}.parked p where (p.projection, p.generation) = (g.projection, g.generation)) as parked,
    reached.discarded, v.verified_at as "verifiedAt", v.differences
  from ${schema}.generations g
  left join lateral (
    select jsonb_agg(jsonb_build_object('partition', partition, 'nextOffset', next_offset) order by partition) as positions,
      coalesce(sum((
        select count(*) from ${schema}.discarded d
        where d.projection = c.projection and d.partition = c.partition and d."offset" < c.next_offset)), 0)::int8 as discarded
    from ${schema}.checkpoints c where (c.projection, c.generation) = (g.projection, g.generation)) reached on true
  left join lateral (
    select verified_at, differences from ${schema}.verifications v
    where (v.projection, v.generation) = (g.projection, g.generation) order by id desc limit 1) v on true
  order by g.projection, g.generation`;

/** Pipeline.projections */
export async function projections(context: Context) {
  const rows = await context.snapshot.rows<Row>(sql(context.schema), []);
  return rows.map((row) => ({ ...row, positions: row.positions ?? [] }));
}
