/** Keeps the bytes of commands aside that nobody could decide, before their refusal is appended: a crash loses none. */
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Decided } from './batch.ts';

export class Parking {
  readonly #park: (record: LogRecord, reason: string) => Promise<void>;
  /** Offsets of undecided commands that were parked: when their batch is decided again, they are not parked again. */
  readonly #parked = new Set<number>();

  constructor(park: (record: LogRecord, reason: string) => Promise<void>) {
    this.#park = park;
  }

  /** Parks what is to be of a batch that follows the command at `lastDecided`, all of it that is not parked yet. */
  async keep(batch: readonly Decided[], lastDecided: number): Promise<void> {
    for (const offset of this.#parked) if (offset <= lastDecided) this.#parked.delete(offset);
    for (const { received, parkAs } of batch) {
      const { record } = received;
      if (!parkAs || this.#parked.has(record.offset)) continue;
      await this.#park(record, parkAs);
      this.#parked.add(record.offset);
    }
  }
}
