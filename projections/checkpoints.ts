/** Which generations of which projections are live, and how far each has come in each partition. */
import type pg from 'pg';
import { isMissingTable } from '../platform/postgres/index.ts';
import type { Projection } from './define.ts';
import { quote, type Target } from './sql.ts';

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
  target: Target;
  partition: number;
  expected: number;
  next: Checkpoint;
}

/** Somebody else moved a checkpoint: this worker has lost a partition, or Postgres went back. Load them again. */
export class CheckpointConflict extends Error {
  override name = 'CheckpointConflict';
}

/** Names a generation's checkpoint of one partition within a process. */
export function checkpointKey({ projection, generation }: Target, partition: number): string {
  return `${projection.name}/${generation}/${partition}`;
}

interface Generation {
  projection: string;
  generation: number;
  version: number;
}

/** The live generation of every projection. Throws when one is missing or was built by another version of its code. */
export async function loadLive(pool: pg.Pool, schema: string, projections: readonly Projection[]): Promise<Target[]> {
  const query = `select projection, generation, version from ${quote(schema)}.generations where status = 'live'`;
  const { rows } = await pool.query<Generation>(query).catch((error) => {
    if (isMissingTable(error)) return { rows: [] };
    throw error;
  });
  return projections.map((projection) => {
    const live = rows.find((row) => row.projection === projection.name);
    if (!live) {
      throw new Error(
        `Projection ${projection.name} has no tables in schema ${schema} yet. Run the set-up (npm start does).`,
      );
    }
    if (live.version !== projection.version) {
      throw new Error(
        `Projection ${projection.name} was built by its version ${live.version}, and this is version ` +
          `${projection.version}: its figures would mix both. Rebuild it.`,
      );
    }
    return { projection, schema, generation: live.generation };
  });
}

/** Checkpoints by {@link checkpointKey}. Throws when one is missing. */
export async function loadCheckpoints(
  pool: pg.Pool,
  schema: string,
  targets: readonly Target[],
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
  const wanted = targets.flatMap((target) => partitions.map((partition) => checkpointKey(target, partition)));
  return new Map(
    wanted.map((key) => {
      const checkpoint = found.get(key);
      if (!checkpoint) throw new Error(`Checkpoint ${key} is missing: was SALES_PARTITIONS changed? It cannot be.`);
      return [key, checkpoint];
    }),
  );
}

/** The moves as {@link statementsOf} takes them: one array a column. */
export function moveArrays(moves: readonly Move[]): unknown[] {
  return [
    moves.map(({ target }) => target.projection.name),
    moves.map(({ target }) => target.generation),
    moves.map(({ partition }) => partition),
    moves.map(({ expected }) => expected),
    moves.map(({ next }) => next.nextOffset),
    moves.map(({ next }) => next.lastEventId),
    moves.map(({ next: { recordedAt } }) => (recordedAt === null ? null : new Date(recordedAt))),
  ];
}
