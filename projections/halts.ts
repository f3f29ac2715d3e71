/** Partitions that cannot be read on, for everybody to see. */
import type pg from 'pg';
import { LogLostError, type Lost } from '../platform/kafka/log-lost.ts';
import { isMissingTable } from '../platform/postgres/index.ts';
import { quote } from './sql.ts';

/** What is wrong with a partition of the log, found in its records. */
export class PartitionError extends Error {
  override name = 'PartitionError';
  readonly partition: number;
  /** What would be given up by going on. */
  readonly lost: Lost | undefined;

  constructor(partition: number, message: string, { lost, ...options }: ErrorOptions & { lost?: Lost } = {}) {
    super(message, options);
    this.partition = partition;
    this.lost = lost;
  }
}

export interface Halt {
  partition: number;
  /** The kind of error. */
  reason: string;
  /** What is wrong, and what to do. */
  detail: string;
  since: Date;
  /** What would be given up by accepting the loss, when it is one. */
  lost: Lost | null;
}

export async function createHaltsTable(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`create table if not exists ${quote(schema)}.halts (
    partition int primary key, reason text not null, detail text not null, lost_from bigint, lost_to bigint,
    since timestamptz not null default now())`);
}

/** Notes that a partition stands still; since when is kept. */
export async function recordHalt(pool: pg.Pool, schema: string, partition: number, error: Error): Promise<void> {
  const lost = error instanceof LogLostError || error instanceof PartitionError ? error.lost : undefined;
  await pool.query(
    `insert into ${quote(schema)}.halts (partition, reason, detail, lost_from, lost_to) values ($1, $2, $3, $4, $5)
     on conflict (partition) do update set reason = $2, detail = $3, lost_from = $4, lost_to = $5`,
    [partition, error.name, error.message, lost?.from ?? null, lost?.to ?? null],
  );
}

/** Notes that a partition goes on. */
export async function clearHalt(pool: pg.Pool | pg.ClientBase, schema: string, partition: number): Promise<void> {
  await pool.query(`delete from ${quote(schema)}.halts where partition = $1`, [partition]);
}

/** The partitions that stand still. Empty when there are no tables yet. */
export async function listHalts(pool: pg.Pool | pg.ClientBase, schema: string): Promise<Halt[]> {
  const { rows } = await pool
    .query(`select partition, reason, detail, since, lost_from, lost_to from ${quote(schema)}.halts order by partition`)
    .catch((error) => {
      if (isMissingTable(error)) return { rows: [] };
      throw error;
    });
  return rows.map(({ partition, reason, detail, since, lost_from, lost_to }) => ({
    partition,
    reason,
    detail,
    since,
    lost: lost_from === null ? null : { from: lost_from, to: lost_to },
  }));
}
