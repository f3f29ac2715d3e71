/**
 * What operators ask for: rows that whoever may ask inserts and follows, and that the operator service takes and
 * executes. A request survives the death of both.
 */
import type pg from 'pg';
import { isMissingTable } from '../platform/postgres/index.ts';
import { quote } from './sql.ts';

export const operationKinds = [
  'rebuild',
  'promote',
  'rollback',
  'drop',
  'as-of',
  'drop-as-of',
  'dlq-retry',
  'dlq-discard',
  'accept-loss',
] as const;

export type OperationKind = (typeof operationKinds)[number];

export type OperationStatus = 'queued' | 'running' | 'done' | 'failed';

/** How far an operation is. `done` of `total` events, when it goes through the log. */
export interface OperationProgress {
  /** What it is doing, for a person. */
  step: string;
  done?: number;
  total?: number;
}

export interface Operation {
  id: number;
  kind: OperationKind;
  arguments: Readonly<Record<string, unknown>>;
  status: OperationStatus;
  progress: OperationProgress | null;
  /** What came of it; for a failed one `{ error }`. */
  outcome: Readonly<Record<string, unknown>> | null;
  requestedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

const COLUMNS = `id, kind, arguments, status, progress, outcome,
  requested_at as "requestedAt", started_at as "startedAt", finished_at as "finishedAt"`;

export async function createOperationsTable(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`create table if not exists ${quote(schema)}.operations (
    id bigint generated always as identity primary key, kind text not null, arguments jsonb not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    progress jsonb, outcome jsonb,
    requested_at timestamptz not null default now(), started_at timestamptz, finished_at timestamptz)`);
}

/** Asks for an operation; resolves to its number. */
export async function requestOperation(
  pool: pg.Pool,
  schema: string,
  kind: OperationKind,
  given: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `insert into ${quote(schema)}.operations (kind, arguments) values ($1, $2) returning id`,
    [kind, JSON.stringify(given)],
  );
  return rows[0]?.id ?? 0;
}

export async function findOperation(pool: pg.Pool, schema: string, id: number): Promise<Operation | undefined> {
  const { rows } = await pool.query<Operation>(`select ${COLUMNS} from ${quote(schema)}.operations where id = $1`, [
    id,
  ]);
  return rows[0];
}

/** The last ones, newest first. */
export async function listOperations(pool: pg.Pool, schema: string, count: number): Promise<Operation[]> {
  const query = `select ${COLUMNS} from ${quote(schema)}.operations order by id desc limit $1`;
  const { rows } = await pool.query<Operation>(query, [count]).catch((error) => {
    if (isMissingTable(error)) return { rows: [] };
    throw error;
  });
  return rows;
}

/** Those that wait or were left unfinished, oldest first. */
export async function openOperations(pool: pg.Pool, schema: string): Promise<Operation[]> {
  const { rows } = await pool.query<Operation>(
    `select ${COLUMNS} from ${quote(schema)}.operations where status in ('queued', 'running') order by id`,
  );
  return rows;
}

/** Whether it waits or was left unfinished. */
export function isOpen({ status }: Pick<Operation, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

/** Resolves to when it was begun for the first time, milliseconds since 1970 UTC. */
export async function beginOperation(pool: pg.Pool, schema: string, id: number): Promise<number> {
  const { rows } = await pool.query<{ started_at: Date }>(
    `update ${quote(schema)}.operations set status = 'running', started_at = coalesce(started_at, now())
     where id = $1 returning started_at`,
    [id],
  );
  return rows[0]?.started_at.getTime() ?? Date.now();
}

export async function reportProgress(
  pool: pg.Pool | pg.ClientBase,
  schema: string,
  id: number,
  progress: OperationProgress,
): Promise<void> {
  await pool.query(`update ${quote(schema)}.operations set progress = $2 where id = $1`, [
    id,
    JSON.stringify(progress),
  ]);
}

/** Ends an operation, unless it has ended. */
export async function finishOperation(
  client: pg.Pool | pg.ClientBase,
  schema: string,
  id: number,
  status: 'done' | 'failed',
  outcome: Readonly<Record<string, unknown>>,
): Promise<void> {
  await client.query(
    `update ${quote(schema)}.operations set status = $2, outcome = $3, finished_at = now()
     where id = $1 and status in ('queued', 'running')`,
    [id, status, JSON.stringify(outcome)],
  );
}
