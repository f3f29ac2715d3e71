/** How far a log and its read models are, by partition: the next offset. */
export type Positions = Map<number, number>;

/** Raises the position so that it covers the event at "partition:offset". */
export function cover(positions: Positions, position: string): void {
  const [partition = 0, offset = 0] = position.split(':').map(Number);
  positions.set(partition, Math.max(positions.get(partition) ?? 0, offset + 1));
}

/** Whether `reached` covers all of `wanted`. */
export function covers(reached: Positions, wanted: Positions): boolean {
  return [...wanted].every(([partition, offset]) => (reached.get(partition) ?? 0) >= offset);
}
