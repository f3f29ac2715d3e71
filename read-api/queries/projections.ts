import type { Context } from '../context.ts';
import type { Ends } from '../log-ends.ts';
import { positionsIn } from './log-ends.ts';
import { lostOf } from './not-included.ts';
import type { Position } from './positions.ts';

interface Row {
  name: string;
  generation: number;
  version: number;
  status: string;
  label: string | null;
  positions: Position[] | null;
  /** When the last event that it covers was written, ms since 1970 UTC, by partition. */
  recorded: Record<string, number | null> | null;
  parked: number;
  discarded: number;
  lost: number;
  verifiedAt: Date | null;
  vector: Record<string, number> | null;
  differences: number | null;
}

const sql = (schema: string) => `
  select g.projection as name, g.generation, g.version, upper(g.status) as status, g.label, reached.positions, reached.recorded,
    (select count(*) from ${schema}.parked p where (p.projection, p.generation) = (g.projection, g.generation)) as parked,
    reached.discarded, reached.lost, v.verified_at as "verifiedAt", v.vector, v.differences
  from ${schema}.generations g
  left join lateral (
    select jsonb_agg(jsonb_build_object('partition', partition, 'nextOffset', next_offset) order by partition) as positions,
      jsonb_object_agg(partition, (extract(epoch from recorded_at) * 1000)::int8) as recorded,
      coalesce(sum((
        select count(*) from ${schema}.discarded d
        where d.projection = c.projection and d.partition = c.partition and d."offset" < c.next_offset)), 0)::int8 as discarded,
      coalesce(sum(${lostOf('c')}), 0)::int8 as lost
    from ${schema}.checkpoints c where (c.projection, c.generation) = (g.projection, g.generation)) reached on true
  left join lateral (
    select verified_at, vector, differences from ${schema}.verifications v
    where (v.projection, v.generation) = (g.projection, g.generation) order by id desc limit 1) v on true
  order by g.projection, g.generation`;

/** Pipeline.projections. Kafka is asked only when somebody wants to know how far they lag. */
export async function projections(context: Context) {
  const rows = await context.snapshot.rows<Row>(sql(context.schema), []);
  return rows.map(({ vector, ...row }) => {
    const behind = async () => {
      const ends = row.label === null ? await context.logEnds.read() : null;
      return ends && lagOf(row, ends, context.now());
    };
    return {
      ...row,
      positions: row.positions ?? [],
      verifiedTo: vector && positionsIn(Object.entries(vector).map(([partition, next]) => [Number(partition), next])),
      lagEvents: async () => (await behind())?.events ?? null,
      lagSeconds: async () => (await behind())?.seconds ?? null,
    };
  });
}

function lagOf({ positions, recorded }: Pick<Row, 'positions' | 'recorded'>, ends: Ends, now: number) {
  const reached = new Map(positions?.map(({ partition, nextOffset }) => [partition, nextOffset]));
  const behind = [...ends].filter(([partition, end]) => end > (reached.get(partition) ?? 0));
  const ages = behind.flatMap(([partition]) => {
    const at = recorded?.[partition];
    return at ? [Math.round((now - at) / 1000)] : [];
  });
  return {
    events: behind.reduce((sum, [partition, end]) => sum + end - (reached.get(partition) ?? 0), 0),
    seconds: behind.length > 0 && ages.length === 0 ? null : Math.max(0, ...ages),
  };
}
