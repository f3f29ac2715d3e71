/** Operations: each inserts its request and follows it. */
import { setTimeout as delay } from 'node:timers/promises';
import { DevError } from '../../dev/dev-error.ts';
import {
  findOperation,
  listOperations,
  type Operation,
  type OperationKind,
  requestOperation,
} from '../../projections/operations.ts';
import { exitCodes } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { createProgress, type Progress } from '../progress.ts';
import { table } from '../table.ts';
import { describeOutcome } from './outcome.ts';
import { predict } from './predict.ts';
import { chosen, type Named, type Session, withSession } from './session.ts';
import { vectorOf } from './vector.ts';

interface RebuildOptions extends Named {
  promote: boolean;
  throttle?: number;
  dryRun?: boolean;
}

const POLL_MS = 200;
/** After this long without an operator the reason is more likely that none runs. */
const UNTAKEN_MS = 5000;
/** What those change that do not swap tables, or not at once, and where to see what came of it. */
const advice: Partial<Record<OperationKind, string>> = {
  'dlq-retry': 'See what is still parked: sales dlq list',
  'dlq-discard': 'See what is parked: sales dlq list',
  'accept-loss': 'See what has halted: sales projection status',
};

export async function rebuild(names: string[], options: RebuildOptions): Promise<void> {
  const given = {
    projections: chosen(names, options).map(({ name }) => name),
    promote: options.promote,
    ...(options.throttle && { throttleMs: options.throttle }),
  };
  if (options.dryRun) return withSession((session) => predict(session, given.projections, options));
  return request('rebuild', given, options);
}

export function promote(names: string[], options: Named): Promise<void> {
  return request('promote', { projections: chosen(names, options).map(({ name }) => name) }, options);
}

export function rollback(names: string[], options: Named): Promise<void> {
  return request('rollback', { projections: chosen(names, options).map(({ name }) => name) }, options);
}

export function drop(names: string[], options: Named): Promise<void> {
  return request('drop', { projections: chosen(names, options).map(({ name }) => name) }, options);
}

export function asOf(moment: string, { label, ...options }: Named & { label: string }): Promise<void> {
  const vector = vectorOf(moment);
  if (!vector && Number.isNaN(Date.parse(moment))) {
    throw new DevError(`${moment} is neither a time nor a vector.`, 'Such as 2026-01-31T12:00:00Z, or 0:120,1:98.');
  }
  return request('as-of', { label, ...(vector ? { vector: Object.fromEntries(vector) } : { time: moment }) }, options);
}

export function dropAsOf(label: string, options: Named): Promise<void> {
  return request('drop-as-of', { label }, options);
}

export function acceptLoss(partition: number, { reason, ...options }: Named & { reason: string }): Promise<void> {
  return request('accept-loss', { partition, reason }, options);
}

export function operations({ json }: Named): Promise<void> {
  return withSession(async ({ pool, names }) => {
    const found = await listOperations(pool, names.postgres.read, 20);
    if (json) process.stdout.write(`${JSON.stringify({ operations: found })}\n`);
    else if (found.length === 0) process.stdout.write('Nothing was asked for yet.\n');
    else process.stdout.write(table(['id', 'what', 'of', 'status', 'asked at', 'result'], found.map(rowOf)));
  });
}

/** Asks for an operation and follows it to its end. Interrupting this does not interrupt the operation. */
export function request(kind: OperationKind, given: Record<string, unknown>, { json }: Named): Promise<void> {
  return withSession(async (session) => {
    const { pool, names } = session;
    const id = await requestOperation(pool, names.postgres.read, kind, given);
    const progress = createProgress({ label: kind, unit: 'events', json });
    const signal = interruptible(() =>
      progress.say(`${kind} ${id} goes on without this. See what becomes of it: sales projection operations`),
    );
    const operation = await follow(session, id, progress, signal).finally(() => progress.stop());
    if (!operation) {
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (operation.status === 'failed') {
      const problem = `${kind} ${id} failed: ${operation.outcome?.error}`.replace(/[.!?]?$/, (end) => end || '.');
      throw new DevError(problem, advice[kind] ?? 'Nothing that is live was changed.');
    }
    process.stdout.write(json ? `${JSON.stringify({ id, ...operation.outcome })}\n` : describeOutcome(operation));
  });
}

/** Resolves to the operation when it has ended, to undefined when this is interrupted before. */
async function follow(
  { pool, names }: Session,
  id: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Operation | undefined> {
  const asked = Date.now();
  let said = '';
  let warned = false;
  while (!signal.aborted) {
    const operation = await findOperation(pool, names.postgres.read, id);
    if (!operation) throw new DevError(`Operation ${id} is gone.`, 'Ask again.');
    if (operation.status === 'done' || operation.status === 'failed') return operation;
    const { step = '', done, total } = operation.progress ?? {};
    if (step !== said) progress.say(`${step[0]?.toUpperCase() ?? ''}${step.slice(1)}.`);
    said = step;
    if (done !== undefined && total !== undefined) progress.update(done, total);
    if (operation.status === 'queued' && !warned && Date.now() - asked > UNTAKEN_MS) {
      progress.say(`No operator has taken operation ${id} yet: it runs with npm start. The request stays.`);
      warned = true;
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

function rowOf({ id, kind, arguments: given, status, requestedAt, progress, outcome }: Operation): string[] {
  const of = Array.isArray(given.projections) ? given.projections.join(', ') : '';
  const result = outcome ? (outcome.error ?? 'done') : (progress?.step ?? '');
  return [String(id), kind, of, status, requestedAt.toISOString().slice(0, 19), String(result).slice(0, 100)];
}

/** For commands that end with a finding. */
export function endIncomplete(): void {
  process.exitCode = exitCodes.incomplete;
}
