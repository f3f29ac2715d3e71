import type { GraphQLError } from 'graphql';
import { firstMinute } from '../../platform/live-window/keys.ts';
import type { WindowChanges, WindowMirror } from './window-mirror.ts';

/** A message comes at least this often (milliseconds), changed or not: silence means a dead connection. */
const HEARTBEAT = 10_000;

export interface LiveMessage extends WindowChanges {
  kind: 'SNAPSHOT' | 'UPDATE';
  /** Epoch minute at which the window begins. */
  windowStart: number;
  /** Milliseconds since 1970 UTC. */
  serverTime: number;
  rebuilding: boolean;
}

type Result = IteratorResult<LiveMessage | GraphQLError, undefined>;

/**
 * What one client gets. It pulls: of a client that reads slowly nothing is kept but the version it was sent last, and
 * its next message is merged from all that changed since. No timer is involved once `minInterval` has passed.
 */
export class LiveSubscriber implements AsyncIterableIterator<LiveMessage | GraphQLError> {
  /** Milliseconds. */
  readonly minInterval: number;
  readonly #mirror: WindowMirror;
  readonly #onEnd: () => void;
  #sentVersion = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #waiting: ((result: Result) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: GraphQLError | undefined;
  #ended = false;

  constructor(mirror: WindowMirror, minInterval: number, onEnd: () => void) {
    this.#mirror = mirror;
    this.minInterval = minInterval;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Called again only when its promise has resolved. */
  next(): Promise<Result> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.wake();
    });
  }

  return(): Promise<Result> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Looks whether there is something to send, and sends it or waits for the interval to pass. */
  wake(): void {
    if (!this.#waiting || this.#timer) return;
    const elapsed = performance.now() - this.#sentAt;
    if (this.#ended) this.#finish(this.#waiting);
    else if (this.#mirror.version === this.#sentVersion && elapsed < HEARTBEAT) return;
    else if (elapsed >= this.minInterval) this.#send(this.#waiting);
    else this.#timer = setTimeout(() => this.#wakeAgain(), this.minInterval - elapsed);
  }

  #wakeAgain(): void {
    this.#timer = undefined;
    this.wake();
  }

  /** Ends with an error as the last message. */
  fail(error: GraphQLError): void {
    this.#failure = error;
    this.end();
  }

  /** Frees everything. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onEnd();
    this.wake();
  }

  #send(resolve: (result: Result) => void): void {
    const now = Date.now();
    const message: LiveMessage = {
      kind: this.#sentAt === Number.NEGATIVE_INFINITY ? 'SNAPSHOT' : 'UPDATE',
      ...this.#mirror.changesSince(this.#sentVersion),
      windowStart: firstMinute(now),
      serverTime: now,
      rebuilding: this.#mirror.rebuilding,
    };
    this.#sentVersion = this.#mirror.version;
    this.#sentAt = performance.now();
    this.#waiting = undefined;
    resolve({ done: false, value: message });
  }

  #finish(resolve: (result: Result) => void): void {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#waiting = undefined;
    resolve(failure ? { done: false, value: failure } : { done: true, value: undefined });
  }
}
