import type pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import { clearHalt, listHalts, recordHalt } from '../halts.ts';

/**
 * The halts of a worker's partitions, on record for everybody to see until what was committed proves that a partition
 * goes on. What Postgres did not take is written again: see {@link settle}.
 */
export class Alarms {
  readonly #pool: pg.Pool;
  readonly #schema: string;
  readonly #logger: Logger;
  /** What is yet to be recorded of each partition with an alarm; undefined when all is. */
  readonly #raised = new Map<number, Error | undefined>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: { pool: pg.Pool; schema: string; logger: Logger }) {
    this.#pool = options.pool;
    this.#schema = options.schema;
    this.#logger = options.logger;
  }

  get partitions(): readonly number[] {
    return [...this.#raised.keys()];
  }

  has(partition: number): boolean {
    return this.#raised.has(partition);
  }

  raise(partition: number, error: Error): void {
    if (!this.has(partition))
      this.#logger.error({ err: error, partition }, 'partition halted; it is tried again and again');
    this.#raised.set(partition, error);
    void this.settle();
  }

  /** The partitions go on. */
  async end(partitions: readonly number[]): Promise<void> {
    if (!partitions.some((partition) => this.has(partition))) return;
    await this.#inTurn(async () => {
      for (const partition of partitions.filter((one) => this.has(one))) {
        const before = this.#raised.get(partition);
        await clearHalt(this.#pool, this.#schema, partition);
        // It may have halted again meanwhile.
        if (this.#raised.get(partition) !== before) continue;
        this.#raised.delete(partition);
        this.#logger.info({ partition }, 'partition goes on');
      }
    });
  }

  /** Partitions that are owned from now on: their halts are on record by whoever had them before, who may be gone. */
  async takeOver(partitions: readonly number[]): Promise<void> {
    for (const { partition } of await listHalts(this.#pool, this.#schema)) {
      if (partitions.includes(partition) && !this.has(partition)) this.#raised.set(partition, undefined);
    }
  }

  /** Somebody else owns it from now on. */
  leave(partition: number): void {
    this.#raised.delete(partition);
  }

  /** Records what is not on record yet. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      for (const [partition, error] of this.#raised) {
        if (!error) continue;
        await recordHalt(this.#pool, this.#schema, partition, error);
        if (this.#raised.get(partition) === error) this.#raised.set(partition, undefined);
      }
    });
  }

  /** One after the other, so that no halt is recorded after its end. What fails is tried again by the next one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work).catch((error) => {
      this.#logger.warn({ err: error }, 'halts not recorded; trying again');
    });
    this.#last = turn;
    return turn;
  }
}
