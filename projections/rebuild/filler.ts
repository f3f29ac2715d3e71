/**
 * Fills the table of one generation that nobody else writes to: folds many events in memory, then writes rows and
 * checkpoints in one transaction, so that a rebuild that was killed goes on where it was.
 */
import type pg from 'pg';
import { inTransaction, isUniqueViolation } from '../../platform/postgres/index.ts';
import { type Checkpoint, CheckpointConflict, type Move, moveAll } from '../checkpoints.ts';
import { insertParked } from '../commit-sql.ts';
import { type Discarded, discardedWithin } from '../discarded.ts';
import { type Fold, startFold } from '../fold.ts';
import { foldRecords } from '../fold-records.ts';
import { idOf, type LogSlice } from '../log-slice.ts';
import { type Parked, parkedArrays } from '../parked.ts';
import { copyRows, toArrays } from '../rows.ts';
import { columnsOf, copyIn, type Target, upsert } from '../sql.ts';

/** Events that are folded before they are written: rollups gain from more, a ledger has a row for each. */
const BATCH_EVENTS = { rollup: 200_000, ledger: 10_000 };
/** Rows of a rollup that are held before they are written, whatever the number of events: they take memory. */
const BATCH_ROWS = 10_000;

export class Filler {
  readonly target: Target;
  readonly #pool: pg.Pool;
  readonly #checkpoints: Map<number, Checkpoint>;
  readonly #discarded: Discarded | undefined;
  readonly #indexed: boolean;
  readonly #statements: { upsert: string; copyIn: string };
  /** What is folded and not written. */
  #fold: Fold;
  #reached = new Map<number, Checkpoint>();
  /** Records on the way there that the log has lost, by partition. */
  #lost = new Map<number, number>();
  #parked: Parked[] = [];
  #events = 0;
  #writing: Promise<void> = Promise.resolve();
  #turn: Promise<void> = Promise.resolve();

  /** `indexed`: the table has its key. Rows of one that has not are merged when it gets it, by `complete.ts`. */
  constructor(
    pool: pg.Pool,
    target: Target,
    options: { checkpoints: Map<number, Checkpoint>; discarded: Discarded | undefined; indexed: boolean },
  ) {
    this.target = target;
    this.#pool = pool;
    this.#checkpoints = options.checkpoints;
    this.#discarded = options.discarded;
    this.#indexed = options.indexed;
    this.#statements = { upsert: upsert(target), copyIn: copyIn(target) };
    this.#fold = startFold(target.projection);
  }

  /** The next offset to fold in a partition. */
  position(partition: number): number {
    return (this.#reached.get(partition) ?? this.#checkpoints.get(partition))?.nextOffset ?? 0;
  }

  /** Folds a slice; what is below the position is skipped. Resolves once there is room for the next one. */
  async add({ partition, from, to, records }: LogSlice): Promise<void> {
    const position = this.position(partition);
    if (to <= position) return;
    if (from > position) this.#lose(partition, from - position);
    this.#parked.push(
      ...foldRecords(this.#fold, position <= from ? records : records.slice(position - from), this.#discarded),
    );
    const last = records[records.length - 1];
    if (last) this.#reached.set(partition, { nextOffset: to, lastEventId: idOf(last), recordedAt: last.recordedAt });
    this.#events += to - Math.max(from, position);
    const { kind } = this.target.projection;
    if (this.#events >= BATCH_EVENTS[kind] || this.#fold.size >= BATCH_ROWS) await this.#write();
  }

  /** Goes on at `to` without what is before it in a partition: the log has lost it. */
  passOver(partition: number, to: number): void {
    const { recordedAt } = this.#reached.get(partition) ?? this.#checkpoints.get(partition) ?? { recordedAt: null };
    this.#lose(partition, to - this.position(partition));
    this.#reached.set(partition, { nextOffset: to, lastEventId: null, recordedAt });
  }

  #lose(partition: number, records: number): void {
    this.#lost.set(partition, (this.#lost.get(partition) ?? 0) + records);
  }

  /** Writes all that is folded. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#writing;
  }

  /** One batch is written while the next one is folded; partitions take turns. */
  #write(): Promise<void> {
    const turn = this.#turn.then(() => this.#begin());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #begin(): Promise<void> {
    await this.#writing;
    if (this.#reached.size === 0) return;
    const fold = this.#fold;
    const parked = this.#parked.map((one) => ({ kept: this.target, parked: one }));
    const moves = [...this.#reached].map(
      ([partition, next]): Move => ({
        kept: this.target,
        partition,
        expected: this.#checkpoints.get(partition)?.nextOffset ?? 0,
        next,
        lost: this.#lost.get(partition) ?? 0,
      }),
    );
    for (const { partition, next } of moves) this.#checkpoints.set(partition, next);
    this.#fold = startFold(this.target.projection);
    this.#parked = [];
    this.#reached = new Map();
    this.#lost = new Map();
    this.#events = 0;
    this.#writing = this.#commit(fold, moves, parked);
    this.#writing.catch(() => {});
  }

  #commit(fold: Fold, moves: readonly Move[], parked: Parameters<typeof parkedArrays>[0]): Promise<void> {
    const { projection } = this.target;
    const columns = columnsOf(projection);
    const write = (how: 'copy' | 'upsert') =>
      inTransaction(this.#pool, async (client) => {
        await moveAll(client, this.target.schema, moves);
        await this.#requireKnown(client, moves);
        if (parked.length > 0) await client.query(insertParked(this.target.schema), parkedArrays(parked));
        if (fold.size === 0) return;
        if (how === 'copy') await copyRows(client, this.#statements.copyIn, columns, fold.rows());
        else await client.query({ text: this.#statements.upsert, values: toArrays(fold.rows(), columns) });
      });
    if (!this.#indexed) return write('copy');
    if (projection.kind === 'rollup') return write('upsert');
    return write('copy').catch((error) => {
      if (!isUniqueViolation(error)) throw error;
      return write('upsert');
    });
  }

  /** What was discarded since this was made is folded or parked in the batch: it is made anew without. */
  async #requireKnown(client: pg.ClientBase, moves: readonly Move[]): Promise<void> {
    const unknown = (await discardedWithin(client, this.target, moves)).filter((place) => !this.#discarded?.has(place));
    if (unknown.length > 0) throw new CheckpointConflict(`${unknown.join(', ')} was discarded meanwhile`);
  }
}
