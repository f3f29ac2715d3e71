/** `0:120,1:98` as the next offset of each partition; undefined when it is something else. */
export function vectorOf(text: string): ReadonlyMap<number, number> | undefined {
  if (!/^\d+:\d+(,\d+:\d+)*$/.test(text)) return undefined;
  return new Map(text.split(',').map((pair) => pair.split(':').map(Number) as [number, number]));
}

/** The other way round, in order of partitions. */
export function formatVector(vector: ReadonlyMap<number, number>): string {
  const pairs = [...vector].sort(([one], [other]) => one - other);
  return pairs.map(([partition, next]) => `${partition}:${next}`).join(',');
}
