import type pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import { clearHalt, listHalts, recordHalt } from '../halts.ts';

interface AlarmsOptions {
  pool: pg.Pool;
  /** Postgres schema of the read models. */
  schema: string;
  logger: Logger;
}

/** Which of a worker's partitions stand still, and what is on record about that for everybody to see. */
export class Alarms {
  /** Partitions that stand still. */
  readonly halted = new Set<number>();
  readonly #raised = new Set<number>();
  /** Partitions of which a record that is known was read again since, or a new one. */
  readonly #read = new Set<number>();
  readonly #options: AlarmsOptions;

  constructor(options: AlarmsOptions) {
    this.#options = options;
  }

  /** Partitions of which a halt is on record, and which do not stand still: they have not shown yet that they go on. */
  get unproven(): number[] {
    return [...this.#raised].filter((partition) => !this.halted.has(partition));
  }

  /** Whether the log below what is to be read next was found to be what it was. */
  isRead(partition: number): boolean {
    return this.#read.has(partition);
  }

  noteRead(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#read.add(partition);
  }

  raise(partition: number, error: Error): void {
    const { pool, schema, logger } = this.#options;
    if (!this.#raised.has(partition))
      logger.error({ err: error, partition }, 'partition halted; it is tried again and again');
    this.halted.add(partition);
    this.#raised.add(partition);
    this.#read.delete(partition);
    recordHalt(pool, schema, partition, error).catch((failure) =>
      logger.warn({ err: failure, partition }, 'halt not recorded'),
    );
  }

  /** Takes partitions over with the alarms that whoever had them before has left. */
  async adopt(partitions: readonly number[]): Promise<void> {
    for (const { partition } of await listHalts(this.#options.pool, this.#options.schema)) {
      if (partitions.includes(partition)) this.#raised.add(partition);
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
    const { pool, schema, logger } = this.#options;
    for (const partition of partitions) {
      if (this.halted.has(partition) || !this.#raised.delete(partition)) continue;
      logger.info({ partition }, 'partition goes on');
      await clearHalt(pool, schema, partition);
    }
  }
}
