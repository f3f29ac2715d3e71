import { exitCodes } from './exit.ts';

/**
 * A signal that Ctrl-C or SIGTERM aborts, so that a command can end in good order; a second Ctrl-C ends at once.
 * `announce` is called at the first.
 */
export function interruptible(announce: () => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
    announce();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}

/** `signal`, or the time being up, whichever comes first; `clear` stops the clock. No `seconds`: just `signal`. */
export function orAfter(signal: AbortSignal, seconds: number | undefined): { signal: AbortSignal; clear(): void } {
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the latter as garbage before its time is up.
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = seconds === undefined ? undefined : setTimeout(abort, seconds * 1000);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
