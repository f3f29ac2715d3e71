/** Splitting amounts without losing a minor unit. Amounts and weights are whole and not negative. */
import { sumOf } from './money.ts';

/**
 * Splits `total` in proportion to the weights by largest remainder: every share is rounded down, and what is left over
 * goes one by one to the largest remainders, the first among equals. The shares add up to `total` exactly, and none is
 * larger than its weight as long as `total` is not larger than their sum. Throws RangeError when all weights are 0 and
 * `total` is not.
 */
export function allocate(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (total === 0) return weights.map(() => 0);
  if (sum === 0n) throw new RangeError(`${total} cannot be split over nothing`);
  const products = weights.map((weight) => BigInt(total) * BigInt(weight));
  const shares = products.map((product) => Number(product / sum));
  const remainders = products.map((product, index) => ({ index, remainder: product % sum }));
  remainders.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of remainders.slice(0, total - sumOf(shares, (share) => share))) {
    shares[index] = (shares[index] ?? 0) + 1;
  }
  return shares;
}

/** amount x part / whole, rounded half up, exactly. */
export function proportion(amount: number, part: number, whole: number): number {
  return Number((2n * BigInt(amount) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)));
}
