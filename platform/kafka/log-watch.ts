/** Looks at the log beside those who read it: whether what halted can be read on, and whether what is read is still there. */
import type { Logger } from '../logger.ts';
import { LogLostError, type Start } from './log-lost.ts';
import type { Position } from './offsets.ts';
import { type Reading, readingKey } from './reading.ts';

export interface LogWatchOptions {
  logger: Logger;
  /** By {@link readingKey}; made anew by each assignment. */
  readings: ReadonlyMap<string, Reading>;
  /** Whether there is an assignment now. */
  isJoined(): boolean;
  startsOf(positions: readonly Position[]): Promise<(Start | LogLostError)[]>;
  readFrom(reading: Reading, offset: number): void;
  halt(reading: Reading, error: Error): void;
  /** As in `ConsumeOptions`. Without `onHalted` nothing halts. */
  onHalted?(partition: number, error: Error): void;
  onGoingOn?(partition: number): void;
  restartAt?(topic: string, partition: number): number;
}

const HALT_RETRY_MS = 1000;
/** How often the log itself is looked at: a reader at its end would not see that it was cut or deleted. */
const WATCH_MS = 3000;

export function watchLog(options: LogWatchOptions): { stop(): void } {
  const { logger, readings, isJoined, startsOf, readFrom, halt } = options;
  if (!options.onHalted) return { stop() {} };

  /** Where each of some readings would begin, of those that are still what they were when that is known. */
  async function lookAt(chosen: readonly { reading: Reading; offset: number }[]) {
    if (chosen.length === 0) return [];
    const starts = await startsOf(
      chosen.map(({ reading: { topic, partition }, offset }) => ({ topic, partition, offset })),
    );
    return chosen.flatMap(({ reading, offset }, index) => {
      const start = starts[index];
      return start && readings.get(readingKey(reading.topic, reading.partition)) === reading
        ? [{ reading, offset, start }]
        : [];
    });
  }

  /** Those that halted are read on where they can be. Their reader may have been moved meanwhile. */
  async function tryHalted(): Promise<void> {
    if (!isJoined()) return;
    const chosen = [...readings.values()].flatMap((reading) => {
      const offset = reading.halted ? options.restartAt?.(reading.topic, reading.partition) : undefined;
      return offset === undefined ? [] : [{ reading, offset }];
    });
    for (const { reading, start } of await lookAt(chosen)) {
      if (start instanceof LogLostError || !reading.halted) continue;
      reading.halted = false;
      if (start.isEnd) options.onGoingOn?.(reading.partition);
      else reading.onTrial = true;
      readFrom(reading, start.offset);
    }
  }

  /**
   * Halts what can not be read any more. A leader that is new may not know for a moment how far its log reaches. Where
   * nothing has come for a while, the last record is read again: another log may stand in the place of the one that was.
   */
  async function watch(): Promise<void> {
    const chosen = [...readings.values()].flatMap((reading) =>
      reading.expected === undefined ? [] : [{ reading, offset: reading.expected }],
    );
    for (const { reading, offset, start } of await lookAt(chosen)) {
      const { topic, partition, suspect, delivered } = reading;
      reading.suspect = false;
      reading.delivered = false;
      if (reading.expected !== offset) continue;
      if (!(start instanceof LogLostError)) {
        const again = options.restartAt?.(topic, partition);
        if (isJoined() && again === offset - 1 && !delivered) readFrom(reading, again);
      } else if (suspect) halt(reading, start);
      else reading.suspect = true;
    }
  }

  const trying = setInterval(() => {
    tryHalted().catch((error) => logger.debug({ err: error }, 'halted partitions not tried'));
  }, HALT_RETRY_MS);
  const watching = setInterval(() => {
    watch().catch((error) => logger.debug({ err: error }, 'the log was not looked at'));
  }, WATCH_MS);
  return {
    stop() {
      clearInterval(trying);
      clearInterval(watching);
    },
  };
}
