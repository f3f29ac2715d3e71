/** What a projection worker counts and measures, for Prometheus (docs/operations.md says what to watch). */
import { Counter, counterOf, gaugeOf, gaugesOf, Histogram, latencyBuckets, Registry } from '../../platform/metrics.ts';
import { projections } from '../catalogue.ts';
import { liveWindow } from '../live.ts';
import type { LogSlice } from '../log-slice.ts';
import type { Lag } from './lag.ts';

/** From what a window with little in it takes to two days of a busy store. */
const REBUILD_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export interface WorkerMeters {
  registry: Registry;
  /** Commits a batch; notes what was in it and how long that took once it is in Postgres. */
  measuredCommit<T>(slices: readonly LogSlice[], commit: () => Promise<T>): Promise<T>;
  /** Checkpoints or generations were not as this worker knew them. */
  conflict(): void;
  /** Windows of one generation were folded anew. */
  windowRebuilt(milliseconds: number): void;
}

/** How one owned partition stands. */
export interface PartitionStanding extends Lag {
  partition: number;
  isHalted: boolean;
}

export interface WorkerStanding {
  partitions(): readonly PartitionStanding[];
  /** Events parked since the start, by projection. */
  parked: ReadonlyMap<string, number>;
  windowsNotWhole(): number;
}

export function createWorkerMeters(): WorkerMeters {
  const registry = new Registry();
  const registers = [registry];
  const counts = { events: 0, void: 0, conflicts: 0 };
  counterOf(registry, 'sales_projection_events_total', 'Events that were folded.', () => counts.events);
  counterOf(registry, 'sales_projection_void_total', 'Void records that were passed over.', () => counts.void);
  counterOf(
    registry,
    'sales_projection_conflicts_total',
    'Batches that found checkpoints or generations changed, and were begun again.',
    () => counts.conflicts,
  );
  const commitSeconds = new Histogram({
    name: 'sales_projection_commit_seconds',
    help: 'Transactions that took a batch and its checkpoints into Postgres.',
    buckets: latencyBuckets,
    registers,
  });
  const rebuildSeconds = new Histogram({
    name: 'sales_projection_window_rebuild_seconds',
    help: 'Live windows folded anew from the log, those of all partitions that needed it together.',
    buckets: REBUILD_BUCKETS,
    registers,
  });
  return {
    registry,
    async measuredCommit(slices, commit) {
      if (slices.length === 0) return commit();
      const end = commitSeconds.startTimer();
      const result = await commit();
      end();
      for (const { records } of slices) {
        const voids = records.filter(({ event, failure }) => !event && !failure).length;
        counts.void += voids;
        counts.events += records.length - voids;
      }
      return result;
    },
    conflict: () => {
      counts.conflicts += 1;
    },
    windowRebuilt: (milliseconds) => rebuildSeconds.observe(milliseconds / 1000),
  };
}

/** Adds what is looked at when somebody asks. */
export function addGauges(registry: Registry, { partitions, parked, windowsNotWhole }: WorkerStanding): void {
  const byPartition = (name: string, help: string, read: (one: PartitionStanding) => number | undefined) =>
    gaugesOf(registry, `sales_projection_${name}`, help, ['partition'], () =>
      partitions().flatMap((one) => {
        const value = read(one);
        return value === undefined ? [] : [[{ partition: one.partition }, value] as const];
      }),
    );
  byPartition('position', 'Next offset: all tables have what is below.', ({ position }) => position);
  byPartition('log_end', 'Where the log ends: the next offset to be written.', ({ logEnd }) => logEnd);
  byPartition('lag_events', 'Records of the log that the tables lack.', ({ lagEvents }) => lagEvents);
  byPartition('lag_seconds', 'Age of the oldest record that they lack, at most; 0: none.', (one) => one.lagSeconds);
  byPartition('halted', '1: the partition can not be read on.', ({ isHalted }) => Number(isHalted));
  const names = [...projections, liveWindow].map(({ name }) => name);
  new Counter({
    name: 'sales_projection_parked_total',
    help: 'Events that a projection could not take; one counts for each generation that lacks it.',
    labelNames: ['projection'],
    registers: [registry],
    collect() {
      this.reset();
      // With zeros, so that the first one is an increase.
      for (const projection of names) this.inc({ projection }, parked.get(projection) ?? 0);
    },
  });
  gaugeOf(
    registry,
    'sales_projection_windows_not_whole',
    'Live windows, one a partition and generation, that are not known to be level with Postgres.',
    windowsNotWhole,
  );
}
