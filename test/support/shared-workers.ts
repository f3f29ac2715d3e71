/** Projection workers as processes that share the partitions of a bench, and an eye on what they commit. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createKafka, withAdmin } from '../../platform/kafka/client.ts';
import { namesOf } from '../../platform/names.ts';
import { startProjectionProcess } from './projection-process.ts';
import { type Bench, checkpointsOf } from './projection-worker.ts';
import type { ServiceProcess } from './service-process.ts';
import { until } from './services.ts';
import type { StatementFault } from './statement-faults.ts';

const SETTLES_WITHIN_MS = 40_000;

/** Starts workers, one of them with a fault if one is given, and waits until they share the partitions. */
export async function startWorkers(bench: Bench, count: number, fault?: StatementFault): Promise<ServiceProcess[]> {
  const settings = { SALES_LOG_LEVEL: 'info' };
  const workers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startProjectionProcess(bench.config, 'projection-worker', index === 0 ? fault : undefined, settings),
    ),
  );
  await untilMembers(bench, count);
  return workers;
}

/** Waits until the group has so many members, and each has its partitions. */
export async function untilMembers({ config }: Bench, count: number): Promise<void> {
  const groupId = namesOf(config.namespace).groups.projections;
  await withAdmin(createKafka(config, 'test'), (admin) =>
    until(
      `${count} workers share the partitions`,
      async () => {
        const { groups } = await admin.describeGroups([groupId]);
        return groups[0]?.state === 'Stable' && groups[0].members.length === count;
      },
      SETTLES_WITHIN_MS,
    ),
  );
}

/** The partitions that a worker got last, as it says. */
export function partitionsOf(worker: ServiceProcess): number[] {
  const lines = worker
    .output()
    .split('\n')
    .filter((line) => line.includes('partitions assigned'));
  return Object.keys(JSON.parse(lines[lines.length - 1] ?? '{"positions":{}}').positions).map(Number);
}

/** Waits until events that are appended from now on are in the tables; resolves to how long that took, in ms. */
export async function untilMovedOn(bench: Bench, partitions: readonly number[]): Promise<number> {
  const started = performance.now();
  const ends = await bench.log.ends();
  await until(
    `partitions ${partitions.join()} move on`,
    async () => {
      const checkpoints = await checkpointsOf(bench);
      return partitions.every((partition) => (checkpoints.get(partition) ?? 0) > (ends.get(partition) ?? 0));
    },
    SETTLES_WITHIN_MS,
  );
  return performance.now() - started;
}

/** Looks at all checkpoints again and again; the function returned ends that, and throws if one went back. */
export function watchCheckpoints({ pool, schema }: Bench): () => Promise<void> {
  let watching = true;
  const highest = new Map<string, number>();
  const watched = (async () => {
    while (watching) {
      const { rows } = await pool.query<{ key: string; next: number }>(
        `select projection || '/' || generation || '/' || partition as key, next_offset as next from ${schema}.checkpoints`,
      );
      for (const { key, next } of rows) {
        expect(next, `checkpoint ${key}`).to.be.at.least(highest.get(key) ?? 0);
        highest.set(key, next);
      }
      await delay(20);
    }
  })();
  watched.catch(() => {});
  return () => {
    watching = false;
    return watched;
  };
}
