import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Spaces out what is done again and again: each turn resolves `ms` after the one before, or at once (when this turn of
 * the event loop is over) if it is that long ago. So what is rare never waits, and what is frequent gathers.
 */
export function createPace(ms: number): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    const wait = last + ms - performance.now();
    await (wait > 0 ? delay(wait) : nextTurn());
    last = performance.now();
  };
}
