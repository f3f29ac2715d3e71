/** The live windows of generations: waiting until one is whole, and removing those whose generation is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import { listGenerations } from '../generations.ts';
import { liveWindow } from '../live.ts';
import { type Kept, quote } from '../sql.ts';
import type { Execution } from './execution.ts';

const POLL_MS = 200;

/** Resolves when the windows among the generations have, in Redis, all that their checkpoints say. */
export async function untilWindowsAreWhole(generations: readonly Kept[], execution: Execution): Promise<void> {
  const { redis, names, config, report, signal, pool, logger } = execution;
  const writer = new LiveWindowWriter(redis, names.redisPrefix);
  for (const { projection, generation } of generations) {
    if (projection.kind !== 'window') continue;
    report({ step: 'filling the live window' });
    const places = Array.from({ length: config.partitions }, (_, partition) => ({ generation, partition }));
    for (;;) {
      const { rows } = await pool.query<{ partition: number; next_offset: number }>(
        `select partition, next_offset from ${quote(names.postgres.read)}.checkpoints
         where projection = $1 and generation = $2`,
        [projection.name, generation],
      );
      // A Redis that is away is waited for.
      const fences = await writer.fences(places).catch((error) => {
        logger.warn({ err: error }, 'Redis does not answer; waiting for it');
        return [];
      });
      if (rows.every(({ partition, next_offset }) => (fences[partition] ?? -1) >= next_offset)) break;
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

/**
 * Removes the windows of generations that were dropped. Whoever drops one may die before its window is gone, and only a
 * generation next to those that there are can have been left: its number is the next that is given.
 */
export async function dropLeftWindows({
  pool,
  redis,
  names,
  config,
  logger,
}: Pick<Execution, 'pool' | 'redis' | 'names' | 'config' | 'logger'>): Promise<void> {
  const all = await listGenerations(pool, names.postgres.read);
  const kept = new Set(all.filter((one) => one.projection === liveWindow.name).map((one) => one.generation));
  const writer = new LiveWindowWriter(redis, names.redisPrefix);
  for (let generation = 1; generation <= Math.max(0, ...kept) + 1; generation += 1) {
    if (kept.has(generation)) continue;
    await writer
      .drop(generation, config.partitions)
      .catch((error) =>
        logger.warn({ err: error, generation }, 'a live window was left; it is removed at the next start'),
      );
  }
}
