import type pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import { clearHalt, listHalts, recordHalt } from '../halts.ts';

interface AlarmsOptions {
  pool: pg.Pool;
  /** Postgres schema of the read models. */
  schema: string;
  logger: Logger;
}

/**
 * Which of a worker's partitions stand still, and what is on record about that for everybody to see, until it is shown
 * that a partition goes on. What Postgres did not take is written again: see {@link settle}.
 */
export class Alarms {
  /** Partitions that stand still. */
  readonly halted = new Set<number>();
  readonly #options: AlarmsOptions;
  /** What is yet to be recorded of each partition with an alarm; undefined when all is. */
  readonly #raised = new Map<number, Error | undefined>();
  /** Partitions of which a record that is known was read again since, or a new one. */
  readonly #read = new Set<number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AlarmsOptions) {
    this.#options = options;
  }

  has(partition: number): boolean {
    return this.#raised.has(partition);
  }

  /** Partitions of which a halt is on record, and which do not stand still: they have not shown yet that they go on. */
  get unproven(): number[] {
    return [...this.#raised.keys()].filter((partition) => !this.halted.has(partition));
  }

  /** Whether the log below what is to be read next was found to be what it was. */
  isRead(partition: number): boolean {
    return this.#read.has(partition);
  }

  noteRead(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#read.add(partition);
  }

  raise(partition: number, error: Error): void {
    if (!this.has(partition))
      this.#options.logger.error({ err: error, partition }, 'partition halted; it is tried again and again');
    this.halted.add(partition);
    this.#raised.set(partition, error);
    this.#read.delete(partition);
    void this.settle();
  }

  /** Takes partitions over with the alarms that whoever had them before has left, who may be gone. */
  async adopt(partitions: readonly number[]): Promise<void> {
    for (const { partition } of await listHalts(this.#options.pool, this.#options.schema)) {
      if (partitions.includes(partition) && !this.has(partition)) this.#raised.set(partition, undefined);
    }
    for (const partition of partitions) {
      this.halted.delete(partition);
      this.#read.delete(partition);
    }
  }

  /** Leaves partitions, and their alarms, to others. */
  leave(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.halted.delete(partition);
      this.#raised.delete(partition);
    }
  }

  /** Ends the alarms of those of the partitions that do not stand still: they have shown that they go on. */
  async end(partitions: Iterable<number>): Promise<void> {
    const shown = [...partitions].filter((partition) => this.has(partition) && !this.halted.has(partition));
    if (shown.length === 0) return;
    const { pool, schema, logger } = this.#options;
    await this.#inTurn(async () => {
      for (const partition of shown) {
        const before = this.#raised.get(partition);
        await clearHalt(pool, schema, partition);
        // It may have halted again meanwhile.
        if (this.#raised.get(partition) !== before || this.halted.has(partition)) continue;
        this.#raised.delete(partition);
        logger.info({ partition }, 'partition goes on');
      }
    });
  }

  /** Records what is not on record yet. */
  settle(): Promise<void> {
    const { pool, schema } = this.#options;
    return this.#inTurn(async () => {
      for (const [partition, error] of this.#raised) {
        if (!error) continue;
        await recordHalt(pool, schema, partition, error);
        if (this.#raised.get(partition) === error) this.#raised.set(partition, undefined);
      }
    });
  }

  /** One after the other, so that no halt is recorded after its end. What fails is tried again by the next one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work).catch((error) => {
      this.#options.logger.warn({ err: error }, 'halts not recorded; trying again');
    });
    this.#last = turn;
    return turn;
  }
}
