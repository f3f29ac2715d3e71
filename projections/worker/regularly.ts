import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';

const EVERY_MS = 1000;

/** Does `work` every second or so, never twice at once; resolves once it was aborted and nothing is under way. */
export async function regularly(work: () => Promise<void>, signal: AbortSignal, logger: Logger): Promise<void> {
  while (!signal.aborted) {
    await work().catch((error) => {
      if (!signal.aborted) logger.warn({ err: error }, 'not checked; trying again');
    });
    await delay(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
