/** What a proof is asked of, and what comes of it. */
import type { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import type { Names } from '../../platform/names.ts';
import type { AcceptedLoss } from '../accepted-losses.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';

/** Next offset of each partition. */
export type Vector = ReadonlyMap<number, number>;

export interface Difference {
  /** Values of the key columns; of the live window, partition, minute and currency, or partition and recent entry. */
  key: Record<string, string | null>;
  /**
   * Columns that differ, as the table or the window has them and as the log says; what is missing on one side has no
   * columns there.
   */
  kept: Record<string, string | null> | null;
  log: Record<string, string | null> | null;
  /** "partition:offset" of the events that touch the key, in order of partition; at most {@link MAX_EVENTS}. */
  events: readonly string[];
}

export interface Verdict {
  vector: Vector;
  /** Rows that were compared; of the live window, minutes by currency and recent entries. */
  rows: number;
  events: number;
  differences: number;
  /** The first in order of the key. */
  first: Difference | undefined;
  /** Accepted losses that the generation was folded before: what it has of them differs from the log. */
  losses?: readonly AcceptedLoss[];
}

/** Rows of tables that are held in memory, by their kind. */
export interface RowsInMemory {
  rollup: number;
  ledger: number;
}

export interface VerifyOptions {
  kafka: Kafka;
  names: Names;
  pool: pg.Pool;
  redis: Redis;
  logger: Logger;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  onProgress?(done: number, total: number): void;
  /** Resolves when the proof may go on: it holds reading up while live figures lag. */
  mayGoOn?(): Promise<void>;
  /** The live window is read once it has these events, however long they take to come, as long as it moves. */
  at?: Vector;
  /** How long a window may be in the rebuilding before the proof is given up, milliseconds; a minute unless given. */
  patienceMs?: number;
  /** How long it may stand still below what it is to have, milliseconds. */
  standstillMs?: number;
  /** What of tables is folded at a time; a larger one takes several passes over the log. */
  rowsInMemory?: RowsInMemory;
  /** Ends that wait. */
  signal?: AbortSignal;
}

export const MAX_EVENTS = 20;
