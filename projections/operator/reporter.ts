import { setTimeout as delay } from 'node:timers/promises';
import type { OperationProgress } from '../operations.ts';

const REPORT_MS = 500;

export interface Reporter {
  report(progress: OperationProgress): void;
  /** Resolves when nothing is being written, and forgets what was not. */
  settled(): Promise<void>;
}

/** Writes the newest progress, at most twice a second. */
export function createReporter(write: (progress: OperationProgress) => Promise<void>): Reporter {
  let newest: OperationProgress | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isBusy = false;

  async function writeNewest(): Promise<void> {
    while (newest) {
      const progress = newest;
      newest = undefined;
      await write(progress).catch(() => {});
      await delay(REPORT_MS);
    }
    isBusy = false;
  }

  return {
    report(progress) {
      newest = progress;
      if (isBusy) return;
      isBusy = true;
      writing = writeNewest();
    },
    async settled() {
      newest = undefined;
      await writing;
    },
  };
}
