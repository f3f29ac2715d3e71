/** How far each generation has come in each partition. */
import type pg from 'pg';
import { moveCheckpoints } from './commit-sql.ts';
import { type Kept, quote } from './sql.ts';

export interface Checkpoint {
  /** Everything below is folded in. */
  nextOffset: number;
  /** {@link idOf} of the record just below `nextOffset`; null when nothing was read yet. */
  lastEventId: string | null;
  /** When that record was written to the log, milliseconds since 1970 UTC. */
  recordedAt: number | null;
}

/** One step of one generation in one partition. */
export interface Move {
  kept: Kept;
  partition: number;
  expected: number;
  next: Checkpoint;
  /** Records on the way that the log has lost, which was accepted. */
  lost: number;
}

/**
 * Somebody else moved a checkpoint (this worker has lost a partition, or Postgres went back), or other generations are to
 * be kept level now. Load them again.
 */
export class CheckpointConflict extends Error {
  override name = 'CheckpointConflict';
}

/** Names a generation's checkpoint of one partition within a process. */
export function checkpointKey({ projection, generation }: Kept, partition: number): string {
  return `${projection.name}/${generation}/${partition}`;
}

/** Checkpoints by {@link checkpointKey}. Throws when one is missing. */
export async function loadCheckpoints(
  pool: pg.Pool | pg.ClientBase,
  schema: string,
  generations: readonly Kept[],
  partitions: readonly number[],
): Promise<Map<string, Checkpoint>> {
  const { rows } = await pool.query(
    `select projection || '/' || generation || '/' || partition as key, next_offset, last_event_id, recorded_at
     from ${quote(schema)}.checkpoints where partition = any($1)`,
    [partitions],
  );
  const found = new Map<string, Checkpoint>(
    rows.map(({ key, next_offset, last_event_id, recorded_at }) => [
      key,
      { nextOffset: next_offset, lastEventId: last_event_id, recordedAt: recorded_at?.getTime() ?? null },
    ]),
  );
  const wanted = generations.flatMap((kept) => partitions.map((partition) => checkpointKey(kept, partition)));
  return new Map(
    wanted.map((key) => {
      const checkpoint = found.get(key);
      if (!checkpoint) throw new Error(`Checkpoint ${key} is missing: was SALES_PARTITIONS changed? It cannot be.`);
      return [key, checkpoint];
    }),
  );
}

/** The next offset of each partition that a generation reaches. */
export async function loadVector(
  client: pg.Pool | pg.ClientBase,
  { projection, generation, schema }: Kept,
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ partition: number; next_offset: number }>(
    `select partition, next_offset from ${quote(schema)}.checkpoints where projection = $1 and generation = $2`,
    [projection.name, generation],
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, next_offset]));
}

/** Moves checkpoints in a transaction of one's own. Throws {@link CheckpointConflict} when one is elsewhere than expected. */
export async function moveAll(client: pg.ClientBase, schema: string, moves: readonly Move[]): Promise<void> {
  const { rowCount } = await client.query(moveCheckpoints(schema), moveArrays(moves));
  if (rowCount !== moves.length) {
    throw new CheckpointConflict(`${moves.length - (rowCount ?? 0)} of ${moves.length} checkpoints have moved`);
  }
}

/** The moves as {@link statementsOf} takes them: one array a column. */
export function moveArrays(moves: readonly Move[]): unknown[] {
  return [
    moves.map(({ kept }) => kept.projection.name),
    moves.map(({ kept }) => kept.generation),
    moves.map(({ partition }) => partition),
    moves.map(({ expected }) => expected),
    moves.map(({ next }) => next.nextOffset),
    moves.map(({ next }) => next.lastEventId),
    moves.map(({ next: { recordedAt } }) => (recordedAt === null ? null : new Date(recordedAt))),
    moves.map(({ lost }) => lost),
  ];
}
