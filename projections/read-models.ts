/** The tables of all live projections with their checkpoints: what is folded in moves both in one transaction. */
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { inTransaction, isUniqueViolation, retryConflicts, sqlState } from '../platform/postgres/index.ts';
import {
  type Checkpoint,
  CheckpointConflict,
  checkpointKey,
  loadCheckpoints,
  type Move,
  moveArrays,
} from './checkpoints.ts';
import { type Fold, startFold } from './fold.ts';
import { idOf, type LogSlice } from './log-slice.ts';
import { toArrays, toCopyText } from './rows.ts';
import { CHECKPOINT_CONFLICT, type Column, type Statements, statementsOf, type Target } from './sql.ts';

/** A valid event that a projection cannot fold. */
export class UnfoldableError extends Error {
  override name = 'UnfoldableError';
}

/** The record below a checkpoint is another one than was folded: the log was recreated or rewritten. */
export class LogChangedError extends Error {
  override name = 'LogChangedError';
}

/** How far all live projections have come in each partition: everything below is in every table. */
export type Positions = Map<number, number>;

/** Rows of a ledger from which on COPY is cheaper than its extra round trips. */
const COPY_FROM_ROWS = 300;

export class ReadModels {
  readonly #pool: pg.Pool;
  readonly #targets: readonly Target[];
  readonly #statements: Statements;
  readonly #schema: string;
  readonly #checkpoints = new Map<string, Checkpoint>();

  constructor(pool: pg.Pool, schema: string, targets: readonly Target[]) {
    this.#pool = pool;
    this.#schema = schema;
    this.#targets = targets;
    this.#statements = statementsOf(schema, targets);
  }

  /** Reads the checkpoints of these partitions from the database. */
  async load(partitions: readonly number[]): Promise<Positions> {
    const loaded = await loadCheckpoints(this.#pool, this.#schema, this.#targets, partitions);
    for (const [key, checkpoint] of loaded) this.#checkpoints.set(key, checkpoint);
    return new Map(partitions.map((partition) => [partition, this.position(partition)]));
  }

  /** The lowest of the checkpoints of a loaded partition. */
  position(partition: number): number {
    return Math.min(...this.#targets.map((target) => this.#checkpoint(target, partition).nextOffset));
  }

  /**
   * Folds slices of loaded partitions into every table, in one transaction with the checkpoints. A projection that is
   * ahead skips what it has. Throws {@link UnfoldableError}, {@link LogChangedError}, `CheckpointConflict` (nothing was
   * written; load again) and the database's errors. Resolves to the new positions of the slices' partitions.
   */
  async commit(slices: readonly LogSlice[]): Promise<Positions> {
    const moves: Move[] = [];
    const folds = this.#targets.map((target) => this.#fold(target, slices, moves));
    if (moves.length > 0) await this.#write(folds, moves);
    for (const { target, partition, next } of moves) this.#checkpoints.set(checkpointKey(target, partition), next);
    return new Map(slices.map(({ partition }) => [partition, this.position(partition)]));
  }

  #fold(target: Target, slices: readonly LogSlice[], moves: Move[]): Fold {
    const fold = startFold(target.projection);
    for (const { partition, from, to, records } of slices) {
      const { nextOffset, lastEventId, recordedAt } = this.#checkpoint(target, partition);
      if (nextOffset < from)
        throw new RangeError(`Records ${nextOffset} to ${from - 1} of ${partition} were not read.`);
      const before = records[nextOffset - 1 - from];
      if (before && lastEventId !== null && idOf(before) !== lastEventId) {
        throw new LogChangedError(
          `${partition}:${nextOffset - 1} is ${idOf(before)}, but ${target.projection.name} folded ${lastEventId} ` +
            'there: the log is not the one that these tables were made from. Restore it, or rebuild from the new one.',
        );
      }
      if (nextOffset >= to) continue;
      for (const record of nextOffset === from ? records : records.slice(nextOffset - from)) {
        if (!record.event) continue;
        try {
          fold.add(record.event, record);
        } catch (cause) {
          const place = `${partition}:${record.offset} (${idOf(record)})`;
          throw new UnfoldableError(`Projection ${target.projection.name} cannot fold ${place}: ${cause}`, { cause });
        }
      }
      const last = records[records.length - 1];
      const known = last ? { lastEventId: idOf(last), recordedAt: last.recordedAt } : { lastEventId, recordedAt };
      const next = { nextOffset: to, ...known };
      moves.push({ target, partition, expected: nextOffset, next });
    }
    return fold;
  }

  async #write(folds: readonly Fold[], moves: readonly Move[]): Promise<void> {
    const large = this.#targets.some(({ projection }, index) => {
      return projection.kind === 'ledger' && (folds[index]?.size ?? 0) >= COPY_FROM_ROWS;
    });
    try {
      if (large) await this.#copyAndCommit(folds, moves).catch(unlessDuplicate(() => this.#commitAll(folds, moves)));
      else await this.#commitAll(folds, moves);
    } catch (error) {
      if (sqlState(error) === CHECKPOINT_CONFLICT)
        throw new CheckpointConflict((error as Error).message, { cause: error });
      throw error;
    }
  }

  /** One statement for everything. */
  async #commitAll(folds: readonly Fold[], moves: readonly Move[]): Promise<void> {
    await retryConflicts(() => this.#commit(this.#pool, folds, moves, () => true));
  }

  /** Ledgers by COPY, the rest by the one statement. */
  #copyAndCommit(folds: readonly Fold[], moves: readonly Move[]): Promise<void> {
    return inTransaction(this.#pool, async (client) => {
      for (const [index, { target, columns, copyIn }] of this.#statements.targets.entries()) {
        const fold = folds[index];
        if (fold && fold.size > 0 && target.projection.kind === 'ledger') await copyRows(client, copyIn, columns, fold);
      }
      await this.#commit(client, folds, moves, ({ projection }) => projection.kind !== 'ledger');
    });
  }

  async #commit(
    client: pg.Pool | pg.ClientBase,
    folds: readonly Fold[],
    moves: readonly Move[],
    includes: (target: Target) => boolean,
  ): Promise<void> {
    const arrays = this.#statements.targets.flatMap(({ target, columns }, index) =>
      toArrays(includes(target) ? (folds[index]?.rows() ?? []) : [], columns),
    );
    await client.query({ ...this.#statements.commit, values: [...moveArrays(moves), ...arrays] });
  }

  #checkpoint(target: Target, partition: number): Checkpoint {
    const checkpoint = this.#checkpoints.get(checkpointKey(target, partition));
    if (!checkpoint) throw new Error(`The checkpoints of partition ${partition} were not loaded.`);
    return checkpoint;
  }
}

/** Cheaper than an insert by two thirds at 5,000 rows. */
function copyRows(client: pg.ClientBase, copyIn: string, columns: readonly Column[], fold: Fold): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(copyIn));
    stream.once('finish', resolve);
    stream.once('error', reject);
    stream.end(toCopyText(fold.rows(), columns));
  });
}

function unlessDuplicate(instead: () => Promise<void>) {
  return (error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    return instead();
  };
}
