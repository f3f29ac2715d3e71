/** The network between the simulated programs: requests and answers come late, get lost, or come twice. */
import type { Random } from '../../dev/seed/random.ts';
import type { Clock } from './clock.ts';

/** How often something goes wrong with a request, as probabilities. */
export interface Faults {
  requestLost: number;
  answerLost: number;
  /** Its sender gives up before it arrives. */
  late: number;
  doubled: number;
  /** What is read is older than what was written last. */
  stale: number;
}

export const noFaults: Faults = { requestLost: 0, answerLost: 0, late: 0, doubled: 0, stale: 0 };

const TIMEOUT_MS = 1000;
const LATE_MS = 6000;

export class Network {
  readonly #clock: Clock;
  readonly #random: Random;
  #faults: Faults;

  constructor(clock: Clock, random: Random, faults: Faults) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
  }

  /** From now on all goes well. */
  heal(): void {
    this.#faults = noFaults;
  }

  /** Whether the next read is a stale one. */
  isStale(): boolean {
    return this.#random.chance(this.#faults.stale);
  }

  /** Milliseconds: mostly few, sometimes many. */
  latency(): number {
    return this.#random.chance(0.9) ? 1 + this.#random.below(10) : this.#random.below(400);
  }

  /**
   * Has a server do something. The promise says what its caller gets to know: the result, what the server threw, or
   * `timedOut` when that is unknown. What was done may be nothing, once, twice, or not yet.
   */
  request<T>(serve: () => T, timedOut: () => Error): Promise<T> {
    const { requestLost, answerLost, late, doubled } = this.#faults;
    return new Promise((resolve, reject) => {
      const lost = this.#random.chance(requestLost);
      const isLate = this.#random.chance(late);
      const unheard = lost || isLate || this.#random.chance(answerLost);
      const arrive = () => {
        try {
          const result = serve();
          if (!unheard) this.#clock.after(this.latency(), () => resolve(result));
        } catch (error) {
          if (!unheard) this.#clock.after(this.latency(), () => reject(error));
        }
      };
      if (!lost) this.#clock.after(isLate ? TIMEOUT_MS + this.#random.below(LATE_MS) : this.latency(), arrive);
      if (this.#random.chance(doubled)) this.#clock.after(this.latency() + this.#random.below(LATE_MS), arrive);
      if (unheard) this.#clock.after(TIMEOUT_MS, () => reject(timedOut()));
    });
  }
}
