import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

/** How far a log and its read models are, by partition: the next offset. */
export type Positions = Map<number, number>;

/** Raises the position so that it covers the event at "partition:offset". */
export function cover(positions: Positions, position: string): void {
  const [partition = 0, offset = 0] = position.split(':').map(Number);
  positions.set(partition, Math.max(positions.get(partition) ?? 0, offset + 1));
}

/** Waits until every projection in this Postgres schema has committed these positions. */
export async function untilCovered(pool: pg.Pool, schema: string, wanted: Positions): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ partition: number; next: number }>(
      `select partition, min(next_offset) as next from ${schema}.checkpoints group by partition`,
    );
    if (covers(new Map(rows.map(({ partition, next }) => [partition, Number(next)])), wanted)) return;
    await delay(5);
  }
}

function covers(reached: Positions, wanted: Positions): boolean {
  return [...wanted].every(([partition, offset]) => (reached.get(partition) ?? 0) >= offset);
}
