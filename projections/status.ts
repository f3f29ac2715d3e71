/** How every generation stands: to where it reaches, how far behind the log it is, to where it was verified. */
import type pg from 'pg';
import type { GenerationStatus } from './generations.ts';
import { quote } from './sql.ts';

export interface GenerationStanding {
  projection: string;
  generation: number;
  version: number;
  status: GenerationStatus;
  label: string | null;
  /** Next offset of each partition. */
  positions: Record<string, number>;
  /** Events of the log that it does not have yet. */
  lagEvents: number;
  /** How long ago the last event that it has was recorded, seconds; 0 when it has all. */
  lagSeconds: number;
  /** Events that it lacks because it could not take them, and those that were discarded. */
  parked: number;
  discarded: number;
  /** Records that it lacks because the log has lost them, which was accepted. */
  lost: number;
  /** The last verification; null when there was none. */
  verified: { at: Date; positions: Record<string, number>; differences: number } | null;
}

interface Row {
  projection: string;
  generation: number;
  version: number;
  status: GenerationStatus;
  label: string | null;
  positions: Record<string, number>;
  recorded: Record<string, number | null>;
  parked: number;
  discarded: number;
  lost: number | null;
  verified_at: Date | null;
  vector: Record<string, number> | null;
  differences: number | null;
}

/** `ends` is where the log ends: the next offset of each partition. `now` in ms. */
export async function standings(
  pool: pg.Pool,
  schema: string,
  ends: ReadonlyMap<number, number>,
  now: number,
): Promise<GenerationStanding[]> {
  const ns = quote(schema);
  const { rows } = await pool.query<Row>(
    `select g.projection, g.generation, g.version, g.status, g.label, c.positions, c.recorded, c.lost, v.verified_at, v.vector,
       v.differences,
       (select count(*) from ${ns}.parked p where (p.projection, p.generation) = (g.projection, g.generation)) as parked,
       (select count(*) from ${ns}.discarded d where d.projection = g.projection and g.generation <> all(d.passed_by)) as discarded
     from ${ns}.generations g
     left join lateral (
       select jsonb_object_agg(partition, next_offset) as positions,
         jsonb_object_agg(partition, (extract(epoch from recorded_at) * 1000)::bigint) as recorded, sum(lost + lost_ends)::bigint as lost
       from ${ns}.checkpoints where (projection, generation) = (g.projection, g.generation)) c on true
     left join lateral (
       select verified_at, vector, differences from ${ns}.verifications
       where (projection, generation) = (g.projection, g.generation) order by id desc limit 1) v on true
     order by g.projection, g.generation`,
  );
  return rows.map((row) => ({ ...plain(row), ...lagOf(row, ends, now), verified: verifiedOf(row) }));
}

function plain({ projection, generation, version, status, label, positions, parked, discarded, lost }: Row) {
  const counts = { parked, discarded, lost: lost ?? 0 };
  return { projection, generation, version, status, label, positions: positions ?? {}, ...counts };
}

function lagOf({ positions, recorded, status }: Row, ends: ReadonlyMap<number, number>, now: number) {
  let lagEvents = 0;
  let lagSeconds = 0;
  if (status === 'as_of') return { lagEvents, lagSeconds };
  for (const [partition, end] of ends) {
    const behind = end - (positions?.[partition] ?? 0);
    if (behind <= 0) continue;
    lagEvents += behind;
    const last = recorded?.[partition];
    if (last) lagSeconds = Math.max(lagSeconds, (now - last) / 1000);
  }
  return { lagEvents, lagSeconds: Math.round(lagSeconds * 10) / 10 };
}

function verifiedOf({ verified_at: at, vector, differences }: Row): GenerationStanding['verified'] {
  return at && vector ? { at, positions: vector, differences: differences ?? 0 } : null;
}
