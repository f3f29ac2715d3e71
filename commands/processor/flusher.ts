/** Keeps the store close behind what an owner knows of the log: one flush at a time. */
import { isConnectionLost } from '../../platform/postgres/index.ts';
import type { View } from './view.ts';

/** What the store may lack before deciding waits for it. */
const UNFLUSHED = { events: 20_000, bytes: 8e6 };
/** How long to leave a Postgres alone that did not answer. */
const AWAY_MS = 1000;

export class Flusher {
  readonly #onEnd: () => void;
  #underway: Promise<void> | undefined;
  #failure: unknown;

  /** `onEnd`: a flush is over, taken or not. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Why the store did not take a flush, though it was there: what its view knows is not to be gone on from. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Another view has taken the place of the one that failed. */
  forgetFailure(): void {
    this.#failure = undefined;
  }

  /** Writes what the store lacks, unless a flush is under way. */
  flush(view: View): void {
    if (this.#underway || view.unflushed === 0) return;
    const flushing = view.flush().catch((error) => {
      if (!isConnectionLost(error)) this.#failure = error;
      else return new Promise<void>((resolve) => setTimeout(resolve, AWAY_MS));
    });
    this.#underway = flushing.then(() => {
      this.#underway = undefined;
      this.#onEnd();
    });
  }

  /** Waits until the store lacks little enough, a flush fails or `signal` aborts. */
  async keepUp(view: View, signal: AbortSignal): Promise<void> {
    while (lacksTooMuch(view) && !this.#failure && !signal.aborted) {
      this.flush(view);
      await this.#underway;
    }
  }

  /** The last flush, unless one has failed. Never rejects: what the store lacks, the next owner folds again. */
  async finish(view: View): Promise<void> {
    await this.#underway;
    if (!this.#failure) await view.flush().catch(() => {});
  }
}

function lacksTooMuch({ unflushed, unflushedBytes }: View): boolean {
  return unflushed > UNFLUSHED.events || unflushedBytes > UNFLUSHED.bytes;
}
