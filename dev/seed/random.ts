/** Random numbers that are the same for the same seed, on every machine. */
export interface Random {
  /** From 0 inclusive to 1 exclusive. */
  next(): number;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32 by Tommy Ettinger (public domain): 32 bits of state, good enough for demo data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new RangeError('pick from an empty list');
    return item;
  };
  return { next, below, chance: (probability) => next() < probability, pick };
}

/** Draws items as often as their weights say. */
export function weighted<T>(choices: readonly (readonly [item: T, weight: number])[]): (random: Random) => T {
  const bounds: number[] = [];
  let sum = 0;
  for (const [, weight] of choices) {
    sum += weight;
    bounds.push(sum);
  }
  return (random) => {
    const at = random.next() * sum;
    let [low, high] = [0, bounds.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? sum) > at) high = middle;
      else low = middle + 1;
    }
    const choice = choices[low];
    if (!choice) throw new RangeError('draw from an empty list');
    return choice[0];
  };
}

/** Puts a list into random order, in place (Fisher and Yates). */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}
