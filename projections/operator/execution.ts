/** What an operation is given to work with. */
import type { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import type pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { isKafkaAway } from '../../platform/kafka/client.ts';
import type { LogRanges } from '../../platform/kafka/log-ranges.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Names } from '../../platform/names.ts';
import { isConnectionLost, isLockTimeout } from '../../platform/postgres/index.ts';
import type { Codec } from '../../platform/registry/codec.ts';
import { CheckpointConflict } from '../checkpoints.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';
import type { OperationProgress } from '../operations.ts';

export interface Execution {
  config: Pick<Config, 'partitions' | 'storeTimeZone' | 'autoRebuild'>;
  names: Names;
  kafka: Kafka;
  /** Where the log begins and ends. */
  ranges: LogRanges;
  pool: pg.Pool;
  redis: Redis;
  codec: Codec;
  logger: Logger;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  /** The number of the operation. What it makes carries it, so that it knows it again when it is resumed. */
  operation: number;
  /** When it was begun for the first time, milliseconds since 1970 UTC. */
  startedAt: number;
  /** Whoever follows the operation sees it within a second or so. */
  report(progress: OperationProgress): void;
  /**
   * Notes that it is done, in the transaction of its last change: what would do harm if it was done again (a swap, a
   * loss that is accepted) is then never resumed.
   */
  finish(client: pg.ClientBase, outcome: Readonly<Record<string, unknown>>): Promise<void>;
  /** Aborted when the operator stops: what is under way is left to be resumed. */
  signal: AbortSignal;
  /** With projection workers; minutes unless given. */
  patience?: Patience;
}

/** How long an operation waits for projection workers. */
export interface Patience {
  /** While none runs, milliseconds. */
  withoutWorkerMs: number;
  /** For a live window to be whole, milliseconds. */
  inAllMs: number;
}

/** Does what was asked for, also when it was begun before; resolves to the outcome. Throws what the requester must see. */
export type Execute = (
  given: Readonly<Record<string, unknown>>,
  execution: Execution,
) => Promise<Record<string, unknown>>;

/** It can't be done as things are. The message says why and what to do. */
export class OperationError extends Error {
  override name = 'OperationError';
}

/**
 * A database or Kafka that is away, a lock that somebody holds, or the last commit of an operator that died, which landed
 * after it was looked for.
 */
export function isPassing(error: unknown): boolean {
  return isConnectionLost(error) || isKafkaAway(error) || isLockTimeout(error) || error instanceof CheckpointConflict;
}
