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
