import { waitIn } from './wait.ts';

/** So many at the same time; the others wait in line. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Whether there was one. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Rejects, and takes none, when `gone` aborts. */
  async take(gone: AbortSignal): Promise<void> {
    if (!this.tryTake()) await waitIn(this.#waiting, gone);
  }

  give(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.#free += 1;
  }
}
