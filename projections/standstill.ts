/** Noticing that what ought to move does not, so that whoever waits for it can say so instead of waiting on. */

/** A worker that is started again, or takes a partition over, is at work within this time. */
export const STANDSTILL_MS = 15_000;

export class StandstillWatch {
  readonly #patienceMs: number;
  readonly #now: () => number;
  readonly #seen = new Map<string, { position: number; since: number }>();

  constructor(patienceMs = STANDSTILL_MS, now: () => number = Date.now) {
    this.#patienceMs = patienceMs;
    this.#now = now;
  }

  /** Whether what is at `position` now has been there at every look for as long as patience goes. */
  standsStill(name: string, position: number): boolean {
    const now = this.#now();
    const seen = this.#seen.get(name);
    if (seen?.position === position) return now - seen.since >= this.#patienceMs;
    this.#seen.set(name, { position, since: now });
    return false;
  }

  /** What to tell a person of it. */
  describe(partition: number): string {
    return (
      `partition ${partition} has not moved for ${this.#patienceMs / 1000} s: does a projection worker run, and has the ` +
      'partition not halted? See: sales projection status'
    );
  }
}
