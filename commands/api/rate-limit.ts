/** So many commands a second, and at most one second's worth at once: a token bucket. */
export class Bucket {
  readonly #rate: number;
  #tokens: number;
  #filledAt: number;

  /** `rate` in commands a second, `now` in milliseconds. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#tokens = rate;
    this.#filledAt = now;
  }

  /** Takes one command's token; or leaves it and says after how many milliseconds there is one. */
  take(now: number): number {
    const gained = (Math.max(0, now - this.#filledAt) / 1000) * this.#rate;
    this.#tokens = Math.min(this.#rate, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return ((1 - this.#tokens) / this.#rate) * 1000;
    this.#tokens -= 1;
    return 0;
  }
}
