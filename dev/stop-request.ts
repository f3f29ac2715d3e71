import { DevError } from './dev-error.ts';

export interface StopRequest {
  /** Aborted at the first request, for work that can be given up. */
  signal: AbortSignal;
  /** Resolves at the first request. Keeps the process alive until then. */
  requested: Promise<void>;
}

/**
 * Turns Ctrl-C, SIGTERM and a closed terminal into one request to stop. npm passes Ctrl-C on beside the terminal's own,
 * so more of them change nothing.
 */
export function stopRequested(write: (line: string) => void): StopRequest {
  const controller = new AbortController();
  const requested = new Promise<void>((resolve) => {
    const alive = setInterval(() => {}, 60_000);
    const onSignal = () => {
      if (controller.signal.aborted) return;
      write('Stopping …');
      clearInterval(alive);
      controller.abort(new DevError('Stopped before it was ready.', 'Start again when you like.'));
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  return { signal: controller.signal, requested };
}
