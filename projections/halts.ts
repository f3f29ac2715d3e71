/** Partitions that cannot be read on, for everybody to see, and losses of the log that an operator has accepted. */
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

export async function createHaltTables(client: pg.ClientBase, schema: string): Promise<void> {
  const ns = quote(schema);
  await client.query(`create table if not exists ${ns}.halts (
    partition int primary key, reason text not null, detail text not null, lost_from bigint, lost_to bigint,
    since timestamptz not null default now())`);
  await client.query(`create table if not exists ${ns}.accepted_losses (
    id bigint generated always as identity primary key, partition int not null, lost_from bigint not null,
    lost_to bigint not null, reason text not null, accepted_at timestamptz not null default now())`);
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

/** A loss that an operator has accepted: see {@link Lost}. */
export interface AcceptedLoss extends Lost {
  partition: number;
  reason: string;
  acceptedAt: Date;
}

/** All that were accepted, in order of time. Empty when there are no tables yet. */
export async function listAcceptedLosses(pool: pg.Pool | pg.ClientBase, schema: string): Promise<AcceptedLoss[]> {
  const query = `select partition, lost_from as "from", lost_to as "to", reason, accepted_at as "acceptedAt"
    from ${quote(schema)}.accepted_losses order by id`;
  const { rows } = await pool.query<AcceptedLoss>(query).catch((error) => {
    if (isMissingTable(error)) return { rows: [] };
    throw error;
  });
  return rows;
}

/** Whether another log stands in the place of the one that was, which may be shorter. */
export function isOtherLog({ from, to }: Lost): boolean {
  return to <= from;
}

/** Records of a partition below `next` that holes and a start that is gone took, each once. Those of an earlier log don't count. */
export function lostBelow(losses: readonly AcceptedLoss[], partition: number, next: number): number {
  const own = losses.filter((loss) => loss.partition === partition);
  const holes = own.slice(own.findLastIndex(isOtherLog) + 1).sort((one, other) => one.from - other.from);
  let count = 0;
  let reached = 0;
  for (const { from, to } of holes) {
    const end = Math.min(to, next);
    count += Math.max(0, end - Math.max(from, reached));
    reached = Math.max(reached, end);
  }
  return count;
}

/** Records of a partition that logs had beyond the end of the shorter ones in their places, of which a reader of `next` records is told. */
export function endsLostBelow(losses: readonly AcceptedLoss[], partition: number, next: number): number {
  const own = losses.filter((loss) => loss.partition === partition && isOtherLog(loss) && loss.to < next);
  return own.reduce((sum, { from, to }) => sum + from - to, 0);
}

/** The places of a loss as `partition:first-last`; of another log all that was before. */
export function describeLoss({ partition, from, to }: Pick<AcceptedLoss, 'partition' | 'from' | 'to'>): string {
  return isOtherLog({ from, to }) ? `${partition}:0-${from - 1}` : `${partition}:${from}-${to - 1}`;
}

/** Says of a stretch of a partition, from `from` up to but not including `to`, whether its loss was accepted. */
export type AcceptedLosses = (partition: number, from: number, to: number) => boolean;

export async function loadAcceptedLosses(pool: pg.Pool, schema: string): Promise<AcceptedLosses> {
  const losses = await listAcceptedLosses(pool, schema);
  return (partition, from, to) =>
    losses.some((loss) => loss.partition === partition && loss.from <= from && to <= loss.to);
}
