/**
 * The operator: takes what was asked for and does it, one operation a projection or label at a time. It holds an advisory lock
 * for each operation, projection and label that it works on, which its death frees: what it left is resumed by the next one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openLogRanges } from '../../platform/kafka/log-ranges.ts';
import type { Registry } from '../../platform/metrics.ts';
import { isConnectionLost } from '../../platform/postgres/index.ts';
import {
  beginOperation,
  findOperation,
  finishOperation,
  isOpen,
  type Operation,
  type OperationKind,
  openOperations,
  reportProgress,
  requestOperation,
} from '../operations.ts';
import { acceptLoss } from './accept-loss.ts';
import { asOf, dropAsOf } from './as-of.ts';
import { discardParked, retryParked } from './dead-letters.ts';
import { exclude, subjectsOf } from './exclusion.ts';
import { type Execute, type Execution, isPassing, OperationError } from './execution.ts';
import { dropLeftWindows } from './live-windows.ts';
import { lockAll, unlockAll } from './locks.ts';
import { createOperatorMeters, type OperationOutcome } from './metrics.ts';
import { outdatedProjections } from './names.ts';
import { announceOperator } from './presence.ts';
import { rebuild } from './rebuild.ts';
import { createReporter } from './reporter.ts';
import { drop, promote, rollback } from './swap.ts';

export type OperatorOptions = Omit<Execution, 'ranges' | 'operation' | 'startedAt' | 'report' | 'finish' | 'signal'> & {
  /** The operator cannot go on. End the process. */
  onFailure(error: unknown): void;
};

export interface Operator {
  metrics: Registry;
  stop(): Promise<void>;
}

const POLL_MS = 500;

const executors: Record<OperationKind, Execute> = {
  rebuild,
  promote,
  rollback,
  drop,
  'as-of': asOf,
  'drop-as-of': dropAsOf,
  'dlq-retry': retryParked,
  'dlq-discard': discardParked,
  'accept-loss': acceptLoss,
};

export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { kafka, pool, names, logger, onFailure } = options;
  const schema = names.postgres.read;
  const stopping = new AbortController();
  const running = new Map<number, Promise<void>>();
  const meters = createOperatorMeters(pool, schema);
  // Its locks live as long as this connection.
  const locks = await pool.connect();
  locks.on('error', (error) => onFailure(error));
  await announceOperator(locks, schema);
  const ranges = openLogRanges(kafka, names.topics.events);

  async function take(operation: Operation, open: readonly Operation[]): Promise<void> {
    const first = open.find((other) => other.id < operation.id && exclude(other, operation));
    if (first && operation.status === 'queued') return refuse(operation, first);
    const needed = [`operation ${operation.id}`, ...subjectsOf(operation)];
    if (!(await lockAll(locks, schema, needed))) return;
    const work = resumeOrSkip(operation).finally(async () => {
      running.delete(operation.id);
      await unlockAll(locks, schema, needed);
    });
    running.set(operation.id, work);
  }

  /** Another operator may have done it between the look at what is open and the lock. */
  async function resumeOrSkip({ id }: Operation): Promise<void> {
    const found = await findOperation(pool, schema, id).catch(unlessConnectionLost);
    if (found && isOpen(found)) await execute(found);
  }

  async function refuse(operation: Operation, first: Operation): Promise<void> {
    const since = (first.startedAt ?? first.requestedAt).toISOString();
    const error =
      `${first.kind} ${first.id} of ${subjectsOf(first).join(', ')} is under way since ${since}` +
      `${first.progress ? ` (${first.progress.step})` : ''}. Wait until it is done.`;
    await finishOperation(pool, schema, operation.id, 'failed', { error }).catch(unlessConnectionLost);
    meters.ended(operation, 'failed');
  }

  async function execute(operation: Operation): Promise<void> {
    const { id, kind } = operation;
    let ended: OperationOutcome | undefined;
    meters.begun(operation);
    const reporter = createReporter((progress) => reportProgress(pool, schema, id, progress));
    try {
      const startedAt = await beginOperation(pool, schema, id);
      logger.info({ operation: id, kind, arguments: operation.arguments }, 'operation begins');
      const executor = executors[kind] ?? unknown;
      const outcome = await executor(operation.arguments, {
        ...options,
        ranges,
        operation: id,
        startedAt,
        report(progress) {
          meters.progressed(id, progress);
          reporter.report(progress);
        },
        finish: (client, outcome) => finishOperation(client, schema, id, 'done', outcome),
        signal: stopping.signal,
      });
      await reporter.settled();
      await finishOperation(pool, schema, id, 'done', outcome);
      ended = 'done';
      logger.info({ operation: id, kind, outcome }, 'operation done');
    } catch (error) {
      await reporter.settled();
      // What was interrupted is resumed, by this operator or by the next one.
      if (stopping.signal.aborted) return;
      if (isPassing(error))
        return logger.warn({ err: error, operation: id, kind }, 'operation interrupted; resuming it');
      logger.error({ err: error, operation: id, kind }, 'operation failed');
      const outcome = { error: error instanceof Error ? error.message : String(error) };
      await finishOperation(pool, schema, id, 'failed', outcome).catch(unlessConnectionLost);
      ended = 'failed';
    } finally {
      meters.ended(operation, ended);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const open = (await openOperations(pool, schema).catch(unlessConnectionLost)) ?? [];
      for (const operation of open) if (!running.has(operation.id)) await take(operation, open);
      await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const outdated = await outdatedProjections(pool, schema);
  if (outdated.length > 0 && options.config.autoRebuild) {
    logger.warn({ projections: outdated }, 'the code of these projections has changed: rebuilding them');
    await requestOperation(pool, schema, 'rebuild', { projections: outdated });
  } else if (outdated.length > 0) {
    logger.error(
      { projections: outdated },
      'the code of these projections has changed, and they stand still: rebuild them',
    );
  }

  await dropLeftWindows(options);
  const loop = run().catch((error) => {
    if (!stopping.signal.aborted) onFailure(error);
  });

  return {
    metrics: meters.registry,
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(running.values());
      locks.release(true);
      await ranges.close();
    },
  };
}

function unlessConnectionLost(error: unknown): undefined {
  if (!isConnectionLost(error)) throw error;
}

/** A request of another version of the code. */
const unknown: Execute = async () => {
  throw new OperationError('this version of the operator does not know this kind of operation');
};
