import type { Logger } from '../../platform/logger.ts';
import { isConnectionLost } from '../../platform/postgres/index.ts';
import { RegistryAwayError } from '../../platform/registry/codec.ts';
import { retry } from '../../platform/retry.ts';
import { CheckpointConflict } from '../checkpoints.ts';
import { PartitionError } from '../halts.ts';
import type { LogSlice, RawSlice } from '../log-slice.ts';
import type { Positions, ReadModels } from '../read-models.ts';
import type { LiveWindowKeeper } from './live-keeper.ts';
import type { WorkerMeters } from './metrics.ts';

export interface Applier {
  readModels: ReadModels;
  liveWindow: LiveWindowKeeper;
  decode(slices: readonly RawSlice[]): Promise<LogSlice[]>;
  /** Tells readers about new positions, once they are in Postgres and Redis. A hint that may get lost. */
  announce(positions: Positions): Promise<void>;
  /** The partitions that this worker has now. */
  owned: ReadonlySet<number>;
  /** Those of them that stand still. */
  halted: ReadonlySet<number>;
  /** The partition cannot be read on. */
  onHalted(partition: number, error: Error): void;
  /** Postgres lost its last commits, or a generation joined that is behind: records are taken again from `offset`. */
  onSetBack(partition: number, offset: number): void;
  meters: WorkerMeters;
  logger: Logger;
  signal: AbortSignal;
}

/**
 * Takes one batch through: decode, Postgres in one transaction, then the live window, then the announcement. Waits for
 * a registry or a database that is away. A partition whose log has changed, or has a schema that nobody knows, halts; the
 * others go on. Rejects on what waiting does not cure. Resolves to the partitions of which something was read,
 * and to those of them of which something was new.
 */
export async function applyBatch(
  applier: Applier,
  batch: readonly RawSlice[],
): Promise<{ read: number[]; moved: number[] }> {
  const slices = await decodePatiently(applier, batch);
  const committed = await commitPatiently(applier, slices).catch((error) => {
    if (!(error instanceof PartitionError)) throw error;
    applier.onHalted(error.partition, error);
    return undefined;
  });
  if (!committed) return applyBatch(applier, batch);
  for (const { partition, stop } of slices) if (stop) applier.onHalted(partition, stop);
  const read = committed.slices.map(({ partition }) => partition);
  const moved = read.filter((partition) => committed.moved.has(partition));
  if (moved.length > 0) {
    await applier.liveWindow.apply(committed.slices);
    await applier.announce(committed.positions);
  }
  return { read, moved };
}

function decodePatiently({ decode, logger, signal }: Applier, batch: readonly RawSlice[]): Promise<LogSlice[]> {
  return retry(() => decode(batch), {
    when: (error) => error instanceof RegistryAwayError,
    onRetry: (error) => logger.warn({ err: error }, 'the schema registry does not answer; waiting for it'),
    signal,
  });
}

async function commitPatiently(applier: Applier, read: readonly LogSlice[]) {
  const { readModels, owned, halted, meters, logger, signal } = applier;
  // What was taken before its partition was set back comes again, after what is before it.
  const isNext = ({ partition, from }: LogSlice) => {
    const position = readModels.position(partition);
    return from <= position || readModels.isAcceptedLoss(partition, position, from);
  };
  let slices = read.filter(
    (slice) => owned.has(slice.partition) && !halted.has(slice.partition) && slice.records.length > 0 && isNext(slice),
  );
  let failed = false;
  const commit = async () => {
    if (failed) slices = await reloaded(applier, slices);
    const before = new Map(slices.map(({ partition }) => [partition, readModels.position(partition)]));
    const positions = await meters.measuredCommit(slices, () => readModels.commit(slices));
    const moved = new Set(
      read.map(({ partition }) => partition).filter((one) => positions.get(one) !== before.get(one)),
    );
    return { slices, positions, moved };
  };
  return retry(commit, {
    when: (error) => error instanceof CheckpointConflict || isConnectionLost(error),
    onRetry(error) {
      failed = true;
      if (error instanceof CheckpointConflict) meters.conflict();
      logger.warn({ err: error }, 'batch not committed; loading the checkpoints again');
    },
    signal,
    firstWaitMs: 5,
  });
}

/** After a commit that failed or may have succeeded: what is left to do, by the checkpoints that the database has. */
async function reloaded(applier: Applier, slices: readonly LogSlice[]): Promise<LogSlice[]> {
  const reached = new Map(slices.map(({ partition, from }) => [partition, from]));
  const behind = await reload(applier, reached);
  return slices.filter(({ partition }) => applier.owned.has(partition) && !behind.has(partition));
}

/**
 * Loads generations and checkpoints again. Where they reach less far than what was `reached` (as far as was committed,
 * unless given), records are taken again from there. Gives those partitions.
 */
export async function reload(
  { readModels, liveWindow, owned, onSetBack }: Applier,
  reached: ReadonlyMap<number, number> = new Map(),
): Promise<Set<number>> {
  const before = new Map([...owned].map((partition) => [partition, readModels.position(partition)]));
  const positions = await readModels.load([...owned]);
  const behind = new Set<number>();
  for (const [partition, position] of positions) {
    liveWindow.own(partition, readModels.windows(partition));
    if (position >= (reached.get(partition) ?? before.get(partition) ?? 0)) continue;
    behind.add(partition);
    onSetBack(partition, readModels.start(partition));
  }
  return behind;
}
