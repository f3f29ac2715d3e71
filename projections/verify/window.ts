/**
 * Proof of a live window: what Redis holds of each partition, read at one moment with its fence, against
 * {@link SimpleWindow} of the log up to that fence, figure by figure, while everything goes on.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../domain/violations.ts';
import { withAdmin } from '../../platform/kafka/client.ts';
import { offsetsAt } from '../../platform/kafka/offsets.ts';
import { readContents, type WindowContents } from '../../platform/live-window/contents.ts';
import { firstMinute, WINDOW_MS } from '../../platform/live-window/keys.ts';
import { loadVector } from '../checkpoints.ts';
import { loadLacking } from '../parked.ts';
import type { Kept } from '../sql.ts';
import { StandstillWatch } from '../standstill.ts';
import { counted, readLog } from './log.ts';
import { SimpleWindow, type WindowReach } from './simple-window.ts';
import type { Vector, Verdict, VerifyOptions } from './verdict.ts';
import { differencesOf, figuresOf } from './window-figures.ts';

/** A window of 60,000 events is rebuilt in 1.4 s. */
const PATIENCE_MS = 60_000;
const POLL_MS = 100;
/** Clocks of brokers and workers may differ by this much. */
const CLOCKS_DIFFER_MS = 10 * 60_000;

/** A window says "rebuilding", and goes on saying so, or stands still before what it is to have. The message says what to do. */
export class NotWholeError extends Error {
  override name = 'NotWholeError';
}

/** What one window held when it was read, and from when on that counts. */
interface Reading {
  contents: WindowContents & { fence: number };
  reach: WindowReach;
  /** The events that it does without, "partition:offset". */
  lacking: ReadonlySet<string>;
}

export async function verifyWindow(kept: Kept, options: VerifyOptions): Promise<Verdict> {
  const readings = new Map<number, Reading>();
  for (const partition of [...(await loadVector(options.pool, kept)).keys()].sort((a, b) => a - b)) {
    readings.set(partition, await readWhole(kept, partition, options));
  }
  const vector = new Map([...readings].map(([partition, { contents }]) => [partition, contents.fence]));
  const folds = new Map([...readings].map(([partition, { reach }]) => [partition, new SimpleWindow(reach)]));
  const from = await startsOf(vector, [...readings.values()], options);
  const events = await readLog({ from, to: vector }, options, (slice) => {
    const lacking = readings.get(slice.partition)?.lacking ?? new Set();
    for (const record of counted(slice, lacking)) folds.get(slice.partition)?.add(record);
  });
  const verdict: Verdict = { vector, rows: 0, events, differences: 0, first: undefined };
  for (const [partition, { contents, reach }] of readings) {
    const figures = figuresOf(contents, folds.get(partition) ?? new SimpleWindow(reach), reach);
    const differences = differencesOf(figures);
    verdict.rows += figures.length;
    verdict.differences += differences.length;
    verdict.first ??= differences[0];
  }
  return verdict;
}

/**
 * Reads a window once it is whole. What it lacks is asked for before and after: an event that is let in meanwhile takes
 * the fence away before it leaves the list, so that a window is never read with the list of another moment.
 */
async function readWhole(kept: Kept, partition: number, options: VerifyOptions): Promise<Reading> {
  const { pool, redis, names, signal, at, patienceMs = PATIENCE_MS } = options;
  const watch = new StandstillWatch(options.standstillMs);
  let wholeAt = Date.now();
  const place = { generation: kept.generation, partition };
  for (;;) {
    const before = await loadLacking(pool, kept);
    const contents = await readContents(redis, names.redisPrefix, place);
    const now = Date.now();
    const lacking = await loadLacking(pool, kept);
    const { fence } = contents;
    const wanted = at?.get(partition) ?? 0;
    const isReached = fence !== null && fence >= wanted;
    if (isReached && [...before].every((event) => lacking.has(event))) {
      return { contents: { ...contents, fence }, reach: reachOf(contents, now), lacking };
    }
    if (fence !== null) wholeAt = now;
    if (fence !== null && !isReached && watch.standsStill('fence', fence)) {
      throw new NotWholeError(
        `The live window (generation ${kept.generation}) is at ${fence}, ${wanted} was asked for, and ${watch.describe(partition)}.`,
      );
    }
    if (now - wholeAt > patienceMs) {
      throw new NotWholeError(
        `The live window (generation ${kept.generation}) of partition ${partition} is being rebuilt and was not whole ` +
          `within ${patienceMs / 1000} seconds. Projection workers rebuild it: see that one runs (npm start starts one).`,
      );
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/**
 * What has left the window by now, or had by the clock of whoever wrote it last, does not count. No clock is so far ahead
 * that a window could say it held nothing.
 */
function reachOf({ keptFrom }: WindowContents, now: number): WindowReach {
  const left = Math.min(keptFrom, firstMinute(now + CLOCKS_DIFFER_MS));
  return { minute: Math.max(firstMinute(now), left), recordedAt: now - WINDOW_MS };
}

/** The first record of each partition that can matter to its window: none counts longer before it is recorded. */
async function startsOf(
  vector: Vector,
  readings: readonly Reading[],
  { kafka, names }: VerifyOptions,
): Promise<Vector> {
  const reach = Math.min(...readings.map(({ reach: { recordedAt } }) => recordedAt));
  const since = reach - limits.clockAhead - CLOCKS_DIFFER_MS;
  const starts = await withAdmin(kafka, (admin) => offsetsAt(admin, names.topics.events, since));
  return new Map([...vector].map(([partition, fence]) => [partition, Math.min(starts.get(partition) ?? 0, fence)]));
}
