/** Position vectors: the next offset of each partition. */

/** Says what of a vector the log does not have: a partition that there is not, or events beyond its end. */
export function beyondLog(vector: ReadonlyMap<number, number>, ends: ReadonlyMap<number, number>): string | undefined {
  for (const [partition, next] of vector) {
    const end = ends.get(partition);
    if (end === undefined)
      return `there is no partition ${partition}; there are ${[...ends.keys()].sort((a, b) => a - b).join(', ')}`;
    if (!Number.isSafeInteger(next) || next < 0 || next > end) {
      return `partition ${partition} has offsets up to ${end}, and ${next} was asked for`;
    }
  }
  return undefined;
}
