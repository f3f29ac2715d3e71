/** Streams that bring nothing. */

/** No line came in time, and nobody waits for an outcome. */
export class IdleError extends Error {
  override name = 'IdleError';
}

export interface IdleLimits {
  /** How long a stream may be waited for without the end of a line, in milliseconds; its own waiting does not count. */
  idleMs: number;
  /** Whether the client waits as well: such a stream is never given up. */
  isAwaiting(): boolean;
}

const NEWLINE = 10;

/** The chunks of `source`. Throws {@link IdleError} when none of them ends a line in time; `source` stays open then. */
export async function* untilIdle(
  source: AsyncIterable<Buffer>,
  { idleMs, isAwaiting }: IdleLimits,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let left = idleMs;
  let isIdle = false;
  try {
    for (;;) {
      const next = chunks.next();
      let since = performance.now();
      let found = await within(next, left);
      while (!found && isAwaiting()) {
        left = idleMs;
        since = performance.now();
        found = await within(next, left);
      }
      if (!found) {
        isIdle = true;
        throw new IdleError(`no line for ${idleMs} ms`);
      }
      if (found.done) return;
      left = found.value.includes(NEWLINE) ? idleMs : left - (performance.now() - since);
      yield found.value;
    }
  } finally {
    // An answer can still be written to whom is idle: closing the source would close its connection.
    if (!isIdle) await chunks.return?.();
  }
}

/** What `work` resolves to, if it does so in time. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
