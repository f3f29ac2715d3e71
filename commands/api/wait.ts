/** Waiting in line for as long as there is somebody to wait for. */

/**
 * Adds to the end of `line` what ends this wait, and takes it out again whichever way it ends: it resolves when that is
 * called, and rejects when `gone` aborts. A line that keeps whoever has gone would grow as long as nobody is let in.
 */
export function waitIn(line: Set<() => void>, gone: AbortSignal, begun?: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (gone.aborted) return void reject(gone.reason);
    const leave = () => {
      line.delete(go);
      gone.removeEventListener('abort', giveUp);
    };
    const go = () => {
      leave();
      resolve();
    };
    const giveUp = () => {
      leave();
      reject(gone.reason);
    };
    line.add(go);
    gone.addEventListener('abort', giveUp);
    begun?.();
  });
}
