/**
 * Keeps the mirror of the live window fresh while somebody watches, and tells subscribers. Woken by NOTIFY, with a poll
 * as safety net (a notification can be lost); reads no more often than the fastest subscriber wants, and then at once.
 */
import type { GraphQLError } from 'graphql';
import { firstMinute } from '../../platform/live-window/keys.ts';
import type { LiveWindowReader } from '../../platform/live-window/live-window.ts';
import type { Logger } from '../../platform/logger.ts';
import { apiError, badInput } from '../errors.ts';
import { LiveSubscriber } from './live-subscriber.ts';
import { WindowMirror } from './window-mirror.ts';

const POLL_INTERVAL = 1000;
/** Subscribers are told after this many milliseconds without Redis; a shorter break they don't notice. */
const PATIENCE = 3000;
const MIN_INTERVAL = { least: 10, most: 60_000 };

/** Next offset of each partition. */
export type Offsets = ReadonlyMap<number, number>;

export interface WindowCheckpoints {
  generation: number;
  offsets: Offsets;
}

export interface LiveFeedOptions {
  window: Pick<LiveWindowReader, 'read'>;
  /** How far Postgres is, and which generation of the window is live: Redis should be there a moment later. */
  readCheckpoints: () => Promise<WindowCheckpoints>;
  partitions: number;
  logger: Logger;
}

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #mirror = new WindowMirror();
  readonly #subscribers = new Set<LiveSubscriber>();
  readonly #dirty = new Set<number>();
  #refreshing: Promise<void> | undefined;
  #lastRefresh = Number.NEGATIVE_INFINITY;
  #pacing: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;
  #failure: { since: number; error: unknown } | undefined;
  #stopped = false;
  /** As of the poll before: time enough for Redis to have followed. */
  #checkpoints: Offsets = new Map();
  #generation = 1;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  /** How many clients are watching. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /**
   * A snapshot first, then what changed, at most every `minIntervalMs`. Ends when `gone` is aborted.
   * Throws BAD_USER_INPUT, or LIVE_UNAVAILABLE when Redis cannot be read.
   */
  async subscribe(minIntervalMs: number, gone: AbortSignal): Promise<LiveSubscriber> {
    if (minIntervalMs < MIN_INTERVAL.least || minIntervalMs > MIN_INTERVAL.most) {
      throw badInput(`minIntervalMs is ${minIntervalMs}. Ask for ${MIN_INTERVAL.least} to ${MIN_INTERVAL.most}.`);
    }
    if (this.#stopped) throw unavailable(undefined);
    if (this.#subscribers.size === 0) await this.#catchUp();
    const subscriber = new LiveSubscriber(this.#mirror, minIntervalMs, () => this.#leave(subscriber));
    this.#subscribers.add(subscriber);
    this.#polling ??= setInterval(() => this.#poll(), POLL_INTERVAL);
    gone.addEventListener('abort', () => subscriber.end(), { once: true });
    if (gone.aborted || this.#stopped) subscriber.end();
    this.#pace();
    return subscriber;
  }

  /** The window has been brought to these offsets. */
  notify(offsets: Offsets): void {
    if (this.#subscribers.size === 0) return;
    this.#expect(offsets);
    for (const partition of offsets.keys()) this.#dirty.add(partition);
    this.#pace();
  }

  /** Notifications may have been lost: looks at everything now. */
  lookAtAll(): void {
    for (const partition of this.#allPartitions()) this.#dirty.add(partition);
    this.#pace();
  }

  /** Ends all subscriptions. */
  stop(): void {
    this.#stopped = true;
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  #leave(subscriber: LiveSubscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    clearInterval(this.#polling);
    clearTimeout(this.#pacing);
    this.#polling = undefined;
    this.#pacing = undefined;
    this.#failure = undefined;
    this.#dirty.clear();
  }

  /** Reads what changed while nobody watched. */
  async #catchUp(): Promise<void> {
    await this.#refreshing;
    await this.#readCheckpoints();
    this.#expect(this.#checkpoints);
    for (const partition of this.#allPartitions()) this.#dirty.add(partition);
    await this.#refresh();
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw unavailable(error);
    }
  }

  #poll(): void {
    this.#mirror.forgetBefore(firstMinute(Date.now()));
    if (this.#failure && performance.now() - this.#failure.since > PATIENCE) {
      for (const subscriber of this.#subscribers) subscriber.fail(unavailable(this.#failure.error));
    }
    for (const subscriber of this.#subscribers) subscriber.wake();
    this.#expect(this.#checkpoints);
    this.lookAtAll();
    void this.#readCheckpoints();
  }

  /** Without Postgres there is only less to expect. */
  async #readCheckpoints(): Promise<void> {
    const found = await this.#options.readCheckpoints().catch(() => undefined);
    this.#checkpoints = found?.offsets ?? new Map();
    if (!found || found.generation === this.#generation) return;
    this.#generation = found.generation;
    this.#mirror.replaceAll();
    this.lookAtAll();
  }

  #expect(offsets: Offsets): void {
    for (const [partition, nextOffset] of offsets) this.#mirror.expect(partition, nextOffset);
  }

  /** Reads now, or as soon as the fastest subscriber wants to hear again. */
  #pace(): void {
    if (this.#refreshing || this.#dirty.size === 0 || this.#subscribers.size === 0) return;
    clearTimeout(this.#pacing);
    const fastest = Math.min(...[...this.#subscribers].map((subscriber) => subscriber.minInterval));
    const wait = this.#lastRefresh + fastest - performance.now();
    if (wait <= 0) void this.#refresh();
    else this.#pacing = setTimeout(() => void this.#refresh(), wait);
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#readDirty().finally(() => {
      this.#refreshing = undefined;
      for (const subscriber of this.#subscribers) subscriber.wake();
      if (!this.#failure) this.#pace();
    });
    return this.#refreshing;
  }

  /** Never rejects: a failure is kept, for the poll to try again and to tell subscribers when it lasts. */
  async #readDirty(): Promise<void> {
    this.#lastRefresh = performance.now();
    const partitions = [...this.#dirty];
    this.#dirty.clear();
    try {
      await Promise.all(
        partitions.map(async (partition) => {
          this.#mirror.apply(
            await this.#options.window.read(this.#generation, partition, this.#mirror.since(partition)),
          );
        }),
      );
      this.#failure = undefined;
    } catch (error) {
      if (!this.#failure) this.#options.logger.warn({ err: error }, 'the live window cannot be read');
      this.#failure ??= { since: performance.now(), error };
      for (const partition of partitions) this.#dirty.add(partition);
    }
  }

  #allPartitions(): number[] {
    return Array.from({ length: this.#options.partitions }, (_, partition) => partition);
  }
}

function unavailable(cause: unknown): GraphQLError {
  return apiError(
    'LIVE_UNAVAILABLE',
    'The live window cannot be read at the moment, because Redis does not answer. Queries still work. ' +
      'Subscribe again in a few seconds.',
    { cause },
  );
}
