import type { Context } from '../context.ts';
import type { Position } from './positions.ts';

/** Pipeline.logEnds */
export async function logEnds(context: Context): Promise<Position[] | null> {
  const ends = await context.logEnds.read();
  return ends && positionsIn(ends);
}

/** In the order of partitions. */
export function positionsIn(ends: Iterable<[number, number]>): Position[] {
  return [...ends]
    .map(([partition, nextOffset]) => ({ partition, nextOffset }))
    .sort((a, b) => a.partition - b.partition);
}
