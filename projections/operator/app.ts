/**
 * The operator: takes what was asked for and does it, one operation a projection at a time. It holds an advisory lock
 * for each projection that it works on, which its death frees: what it left is resumed by the next one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Registry } from '../../platform/metrics.ts';
import { isConnectionLost } from '../../platform/postgres/index.ts';
import {
  beginOperation,
  finishOperation,
  type Operation,
  type OperationKind,
  type OperationProgress,
  openOperations,
  reportProgress,
  requestOperation,
} from '../operations.ts';
import { acceptLoss } from './accept-loss.ts';
import { asOf, dropAsOf } from './as-of.ts';
import { discardParked, retryParked } from './dead-letters.ts';
import { type Execute, type Execution, OperationError } from './execution.ts';
import { createOperatorMeters, type OperationOutcome } from './metrics.ts';
import { outdatedProjections } from './names.ts';
import { announceOperator } from './presence.ts';
import { rebuild } from './rebuild.ts';
import { drop, promote, rollback } from './swap.ts';

export type OperatorOptions = Omit<Execution, 'report' | 'signal'> & {
  /** The operator cannot go on. End the process. */
  onFailure(error: unknown): void;
};

export interface Operator {
  metrics: Registry;
  stop(): Promise<void>;
}

const POLL_MS = 500;
const REPORT_MS = 500;

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
  const { pool, names, logger, onFailure } = options;
  const schema = names.postgres.read;
  const stopping = new AbortController();
  const running = new Map<number, Promise<void>>();
  const meters = createOperatorMeters(pool, schema);
  // Its locks live as long as this connection.
  const locks = await pool.connect();
  locks.on('error', (error) => onFailure(error));
  await announceOperator(locks, schema);

  async function take(operation: Operation, open: readonly Operation[]): Promise<void> {
    const wanted = projectionNames(operation);
    const first = open.find(({ id, ...other }) => id < operation.id && shares(projectionNames(other), wanted));
    if (first && operation.status === 'queued') return refuse(operation, first);
    if (!(await lockAll(locks, schema, wanted))) return;
    const work = execute(operation).finally(async () => {
      running.delete(operation.id);
      await unlockAll(locks, schema, wanted);
    });
    running.set(operation.id, work);
  }

  async function refuse(operation: Operation, first: Operation): Promise<void> {
    const since = (first.startedAt ?? first.requestedAt).toISOString();
    const error =
      `${first.kind} ${first.id} of ${projectionNames(first).join(', ')} is under way since ${since}` +
      `${first.progress ? ` (${first.progress.step})` : ''}. Wait until it is done.`;
    await finishOperation(pool, schema, operation.id, 'failed', { error });
    meters.ended(operation, 'failed');
  }

  async function execute(operation: Operation): Promise<void> {
    const { id, kind } = operation;
    let ended: OperationOutcome | undefined;
    meters.begun(operation);
    const reporter = createReporter((progress) => reportProgress(pool, schema, id, progress));
    try {
      await beginOperation(pool, schema, id);
      logger.info({ operation: id, kind, arguments: operation.arguments }, 'operation begins');
      const executor = executors[kind] ?? unknown;
      const outcome = await executor(operation.arguments, {
        ...options,
        report(progress) {
          meters.progressed(id, progress);
          reporter.report(progress);
        },
        signal: stopping.signal,
      });
      await reporter.settled();
      await finishOperation(pool, schema, id, 'done', outcome);
      ended = 'done';
      logger.info({ operation: id, kind, outcome }, 'operation done');
    } catch (error) {
      // What was interrupted is resumed, by this operator or by the next one.
      if (stopping.signal.aborted || isConnectionLost(error)) return;
      await reporter.settled();
      logger.error({ err: error, operation: id, kind }, 'operation failed');
      await finishOperation(pool, schema, id, 'failed', {
        error: error instanceof Error ? error.message : String(error),
      });
      ended = 'failed';
    } finally {
      meters.ended(operation, ended);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const open = await openOperations(pool, schema).catch((error) => {
        if (!isConnectionLost(error)) throw error;
        return [];
      });
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
    },
  };
}

/** A request of another version of the code. */
const unknown: Execute = async () => {
  throw new OperationError('this version of the operator does not know this kind of operation');
};

function projectionNames(operation: Pick<Operation, 'arguments'>): string[] {
  const { projections } = operation.arguments;
  return Array.isArray(projections) ? projections.map(String).sort() : [];
}

function shares(some: readonly string[], others: readonly string[]): boolean {
  return some.some((name) => others.includes(name));
}

/** All or none. */
async function lockAll(client: pg.ClientBase, schema: string, names: readonly string[]): Promise<boolean> {
  for (const [index, name] of names.entries()) {
    const { rows } = await client.query('select pg_try_advisory_lock(hashtext($1)) as locked', [`${schema} ${name}`]);
    if (rows[0].locked) continue;
    await unlockAll(client, schema, names.slice(0, index));
    return false;
  }
  return true;
}

async function unlockAll(client: pg.ClientBase, schema: string, names: readonly string[]): Promise<void> {
  for (const name of names) await client.query('select pg_advisory_unlock(hashtext($1))', [`${schema} ${name}`]);
}

/** Writes the newest progress, at most twice a second. */
function createReporter(write: (progress: OperationProgress) => Promise<void>) {
  let newest: OperationProgress | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isBusy = false;

  async function writeNewest(): Promise<void> {
    while (newest) {
      const progress = newest;
      newest = undefined;
      await write(progress).catch(() => {});
      await delay(REPORT_MS);
    }
    isBusy = false;
  }

  return {
    report(progress: OperationProgress): void {
      newest = progress;
      if (isBusy) return;
      isBusy = true;
      writing = writeNewest();
    },
    async settled(): Promise<void> {
      newest = undefined;
      await writing;
    },
  };
}
