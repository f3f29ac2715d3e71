/** Says how many are due, so that a steady rate comes out however late the timer fires. */

export interface Pacing {
  /** How many are due by `now`; counts them as taken. Times in milliseconds that only grow. */
  take(now: number): number;
  /** How long to wait for the next one, in milliseconds. */
  wait(now: number): number;
  /** How many were given up because they were too late. */
  readonly skipped: number;
}

export interface PacingOptions {
  perSecond: number;
  start: number;
  /** What is more than this late is given up, so that a hiccup is not followed by a flood; 2000 by default. */
  maxLagMs?: number;
  /** Gap before the next one as a multiple of the average; steady by default. */
  nextGap?: () => number;
}

export function createPacing({ perSecond, start, maxLagMs = 2000, nextGap = () => 1 }: PacingOptions): Pacing {
  const averageGap = 1000 / perSecond;
  let taken = 0;
  let skipped = 0;
  /** In gaps since `start`, so that rounding does not add up. */
  let next = nextGap();
  const due = () => start + next * averageGap;
  return {
    take(now) {
      const late = Math.floor((now - maxLagMs - due()) / averageGap);
      if (late > 0) {
        next += late;
        skipped += late;
      }
      const before = taken;
      while (due() <= now) {
        next += nextGap();
        taken += 1;
      }
      return taken - before;
    },
    wait: (now) => Math.max(0, due() - now),
    get skipped() {
      return skipped;
    },
  };
}

/** Gaps of customers who come independently of each other (a Poisson process). */
export function irregularGaps(random: () => number): () => number {
  return () => -Math.log(1 - random());
}
