/** The tables that are kept level, with their checkpoints: what is folded in moves both in one transaction. */
import type pg from 'pg';
import {
  inTransaction,
  isMissingTable,
  isUniqueViolation,
  retryConflicts,
  sqlState,
} from '../platform/postgres/index.ts';
import { type AcceptedLosses, loadAcceptedLosses } from './accepted-losses.ts';
import {
  type Checkpoint,
  CheckpointConflict,
  checkpointKey,
  loadCheckpoints,
  type Move,
  moveArrays,
} from './checkpoints.ts';
import { CHECKPOINT_CONFLICT, EPOCH_OVER, type Statements, statementsOf } from './commit-sql.ts';
import type { Projection } from './define.ts';
import { type Discarded, loadDiscarded } from './discarded.ts';
import { type Fold, startFold } from './fold.ts';
import { foldRecords, undecodable } from './fold-records.ts';
import { type Followed, loadFollowed } from './generations.ts';
import { PartitionError } from './halts.ts';
import { type FoldedRecord, idOf, type LogSlice, UNDECODABLE } from './log-slice.ts';
import { type Parked, parkedArrays } from './parked.ts';
import { copyRows, toArrays } from './rows.ts';
import { type Kept, quote, type Target } from './sql.ts';

/** The record below a checkpoint is another one than was folded: the log was recreated or rewritten. */
export class LogChangedError extends PartitionError {
  override name = 'LogChangedError';
}

/** How far all live projections have come in each partition: everything below is in every table. */
export type Positions = Map<number, number>;

/** What one commit writes: a fold for each target in their order, the checkpoints' moves, and what is passed over. */
interface Batch {
  folds: Fold[];
  moves: Move[];
  parked: { kept: Kept; parked: Parked }[];
}

/** SQLSTATE of an upsert into a table without the key that it names. */
const NO_KEY = '42P10';
/** Rows of a ledger from which on COPY is cheaper than its extra round trips. */
const COPY_FROM_ROWS = 300;

export class ReadModels {
  readonly #pool: pg.Pool;
  readonly #schema: string;
  readonly #projections: readonly Projection[];
  #followed: Followed = { epoch: 0, targets: [], windows: [] };
  #statements: Statements;
  readonly #checkpoints = new Map<string, Checkpoint>();
  #isAcceptedLoss: AcceptedLosses = () => false;
  #discarded = new Map<string, Discarded>();
  /** Events that were parked since this was made, by projection: one counts for each generation that lacks it. */
  readonly parked = new Map<string, number>();

  constructor(pool: pg.Pool, schema: string, projections: readonly Projection[]) {
    this.#pool = pool;
    this.#schema = schema;
    this.#projections = projections;
    this.#statements = statementsOf(schema, []);
  }

  /** Reads which generations are to be kept level, and their checkpoints of these partitions. */
  async load(partitions: readonly number[]): Promise<Positions> {
    const followed = await loadFollowed(this.#pool, this.#schema, this.#projections);
    const discarded = await loadDiscarded(this.#pool, this.#schema);
    const isAcceptedLoss = await loadAcceptedLosses(this.#pool, this.#schema);
    const kept = [...followed.targets, ...followed.windows];
    const loaded = await loadCheckpoints(this.#pool, this.#schema, kept, partitions);
    // All at once: who asks for positions meanwhile gets those of before.
    if (followed.epoch !== this.#followed.epoch) {
      this.#followed = followed;
      this.#statements = statementsOf(this.#schema, followed.targets);
    }
    this.#discarded = discarded;
    this.#isAcceptedLoss = isAcceptedLoss;
    for (const [key, checkpoint] of loaded) this.#checkpoints.set(key, checkpoint);
    return new Map(partitions.map((partition) => [partition, this.position(partition)]));
  }

  /** Whether other generations are to be kept level than those that were loaded. */
  async isOutdated(): Promise<boolean> {
    const { rows } = await this.#pool.query<{ epoch: number }>(`select epoch from ${quote(this.#schema)}.control`);
    return rows[0]?.epoch !== this.#followed.epoch;
  }

  /** The lowest of the checkpoints of a loaded partition. */
  position(partition: number): number {
    return Math.min(...this.#kept().map((kept) => this.#checkpoint(kept, partition).nextOffset));
  }

  /** When the last record below {@link position} was written to the log, ms since 1970 UTC; null when that is not known. */
  recordedAt(partition: number): number | null {
    const position = this.position(partition);
    const lowest = this.#kept().map((kept) => this.#checkpoint(kept, partition));
    return lowest.find(({ nextOffset }) => nextOffset === position)?.recordedAt ?? null;
  }

  /**
   * From where to read a loaded partition: the record below the lowest checkpoint, if one was folded there, so that it is
   * compared with what is remembered of it.
   */
  start(partition: number): number {
    const position = this.position(partition);
    const remembers = this.#kept().some((kept) => {
      const { nextOffset, lastEventId } = this.#checkpoint(kept, partition);
      return nextOffset === position && lastEventId !== null;
    });
    return remembers ? position - 1 : position;
  }

  /** Whether an operator has accepted that these records of a partition are lost. */
  isAcceptedLoss(partition: number, from: number, to: number): boolean {
    return this.#isAcceptedLoss(partition, from, to);
  }

  /** How far each generation of the live window is to reach in a loaded partition. */
  windows(partition: number): Map<number, number> {
    return new Map(
      this.#followed.windows.map((kept) => [kept.generation, this.#checkpoint(kept, partition).nextOffset]),
    );
  }

  /**
   * Folds slices of loaded partitions into every table, in one transaction with the checkpoints. A generation that is
   * ahead skips what it has; events that a projection can not take are parked. Throws {@link LogChangedError},
   * `CheckpointConflict` (nothing was written; load again) and the database's errors. Resolves to the new positions of
   * the slices' partitions.
   */
  async commit(slices: readonly LogSlice[]): Promise<Positions> {
    const batch: Batch = { folds: [], moves: [], parked: [] };
    for (const target of this.#followed.targets) batch.folds.push(this.#fold(target, slices, batch));
    for (const window of this.#followed.windows) {
      const { discarded, records } = this.#take(window, slices, batch);
      for (const parked of undecodable(records, discarded)) batch.parked.push({ kept: window, parked });
    }
    if (batch.moves.length > 0) await this.#write(batch);
    for (const { kept, partition, next } of batch.moves) this.#checkpoints.set(checkpointKey(kept, partition), next);
    for (const { kept } of batch.parked) {
      const { name } = kept.projection;
      this.parked.set(name, (this.parked.get(name) ?? 0) + 1);
    }
    return new Map(slices.map(({ partition }) => [partition, this.position(partition)]));
  }

  #kept(): Kept[] {
    return [...this.#followed.targets, ...this.#followed.windows];
  }

  #fold(target: Target, slices: readonly LogSlice[], batch: Batch): Fold {
    const fold = startFold(target.projection);
    const { discarded, records } = this.#take(target, slices, batch);
    for (const parked of foldRecords(fold, records, discarded)) batch.parked.push({ kept: target, parked });
    return fold;
  }

  /** The records that a generation lacks, and its moves past them. */
  #take(kept: Kept, slices: readonly LogSlice[], { moves }: Batch) {
    const taken: FoldedRecord[][] = [];
    for (const { partition, from, to, records } of slices) {
      const { nextOffset, lastEventId } = this.#checkpoint(kept, partition);
      if (nextOffset < from && !this.#isAcceptedLoss(partition, nextOffset, from))
        throw new RangeError(`Records ${nextOffset} to ${from - 1} of ${partition} were not read.`);
      const before = records[nextOffset - 1 - from];
      if (before && lastEventId !== null && !isSameRecord(idOf(before), lastEventId)) {
        throw new LogChangedError(
          partition,
          `${partition}:${nextOffset - 1} is ${idOf(before)}, but ${kept.projection.name} folded ${lastEventId} ` +
            'there: the log is not the one that these tables were made from. Restore it, or accept the loss and rebuild.',
          { lost: { from: nextOffset, to: nextOffset } },
        );
      }
      const last = records[records.length - 1];
      if (nextOffset >= to || !last) continue;
      taken.push(nextOffset <= from ? [...records] : records.slice(nextOffset - from));
      const next = { nextOffset: to, lastEventId: idOf(last), recordedAt: last.recordedAt };
      moves.push({ kept, partition, expected: nextOffset, next, lost: Math.max(0, from - nextOffset) });
    }
    return { discarded: this.#discarded.get(kept.projection.name), records: taken.flat() };
  }

  async #write(batch: Batch): Promise<void> {
    const large = this.#followed.targets.some(({ projection }, index) => {
      return projection.kind === 'ledger' && (batch.folds[index]?.size ?? 0) >= COPY_FROM_ROWS;
    });
    try {
      if (large) await this.#copyAndCommit(batch).catch(unlessDuplicate(() => this.#commitAll(batch)));
      else await this.#commitAll(batch);
    } catch (error) {
      if (!isOutdated(error)) throw error;
      throw new CheckpointConflict((error as Error).message, { cause: error });
    }
  }

  /** One statement for everything. */
  async #commitAll(batch: Batch): Promise<void> {
    await retryConflicts(() => this.#commit(this.#pool, batch, () => true));
  }

  /** Ledgers by COPY, the rest by the one statement. */
  #copyAndCommit(batch: Batch): Promise<void> {
    return inTransaction(this.#pool, async (client) => {
      await client.query(this.#statements.begin);
      for (const [index, { target, columns, copyIn }] of this.#statements.targets.entries()) {
        const fold = batch.folds[index];
        if (fold && fold.size > 0 && target.projection.kind === 'ledger')
          await copyRows(client, copyIn, columns, fold.rows());
      }
      await this.#commit(client, batch, ({ projection }) => projection.kind !== 'ledger');
    });
  }

  async #commit(
    client: pg.Pool | pg.ClientBase,
    { folds, moves, parked }: Batch,
    includes: (target: Target) => boolean,
  ): Promise<void> {
    const arrays = this.#statements.targets.flatMap(({ target, columns }, index) =>
      toArrays(includes(target) ? (folds[index]?.rows() ?? []) : [], columns),
    );
    await client.query({
      ...this.#statements.commit,
      values: [...moveArrays(moves), ...parkedArrays(parked), ...arrays, this.#followed.epoch],
    });
  }

  #checkpoint(kept: Kept, partition: number): Checkpoint {
    const checkpoint = this.#checkpoints.get(checkpointKey(kept, partition));
    if (!checkpoint) throw new Error(`The checkpoints of partition ${partition} were not loaded.`);
    return checkpoint;
  }
}

/** What could not be decoded once may be by now, and the other way round. */
function isSameRecord(one: string, other: string): boolean {
  return one === other || one === UNDECODABLE || other === UNDECODABLE;
}

/**
 * Checkpoints or generations are not as this worker knows them: a generation that is dropped takes its table along, and
 * the next one of its name has no key until it is filled.
 */
function isOutdated(error: unknown): boolean {
  return [CHECKPOINT_CONFLICT, EPOCH_OVER, NO_KEY].includes(sqlState(error) ?? '') || isMissingTable(error);
}

function unlessDuplicate(instead: () => Promise<void>) {
  return (error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    return instead();
  };
}
