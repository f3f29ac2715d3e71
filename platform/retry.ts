import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Whether this failure passes by itself. Any other is thrown at once. */
  when(error: unknown): boolean;
  /** Called before each wait. */
  onRetry?(error: unknown, waitMs: number): void;
  /** Ends the waiting: the retry then rejects with an AbortError. */
  signal?: AbortSignal;
  firstWaitMs?: number;
  longestWaitMs?: number;
}

/** Does `work` until it succeeds, waiting twice as long after each failure, and for ever if need be. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { when, onRetry, signal, firstWaitMs = 50, longestWaitMs = 2000 } = options;
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || !when(error)) throw error;
      onRetry?.(error, wait);
      await delay(wait, undefined, { signal });
    }
  }
}
