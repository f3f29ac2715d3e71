/** Losses of the log that an operator has accepted. */
import type pg from 'pg';
import type { Lost } from '../platform/kafka/log-lost.ts';
import { isMissingTable } from '../platform/postgres/index.ts';
import { quote } from './sql.ts';

export async function createAcceptedLossesTable(client: pg.ClientBase, schema: string): Promise<void> {
  await client.query(`create table if not exists ${quote(schema)}.accepted_losses (
    id bigint generated always as identity primary key, partition int not null, lost_from bigint not null,
    lost_to bigint not null, reason text not null, accepted_at timestamptz not null default now())`);
}

/** Within the transaction that moves on without it. */
export async function recordAcceptedLoss(
  client: pg.ClientBase,
  schema: string,
  { partition, from, to, reason }: Omit<AcceptedLoss, 'acceptedAt'>,
): Promise<void> {
  await client.query(
    `insert into ${quote(schema)}.accepted_losses (partition, lost_from, lost_to, reason) values ($1, $2, $3, $4)`,
    [partition, from, to, reason],
  );
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

/** How many records of a partition below `next` its log has lost, each counted once. Losses of an earlier log don't count. */
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

/** How many records a partition's earlier logs had beyond the end of the one in their place, as far as that ends below `next`. */
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
