import { readFileSync } from 'node:fs';

const MINUTE_MS = 60_000;
const WINDOW_HOURS = 48;

/** How far back the live window reaches, in milliseconds. */
export const WINDOW_MS = WINDOW_HOURS * 60 * MINUTE_MS;
/** How many of the newest ledger entries each partition keeps. */
export const KEPT_RECENT = 50;

export function minuteOf(moment: number): number {
  return Math.floor(moment / MINUTE_MS);
}

/** The first minute (since 1970 UTC) inside the window at `now` (ms). */
export function firstMinute(now: number): number {
  return minuteOf(now - WINDOW_MS);
}

/** The moment (ms since 1970 UTC) at which that minute begins: nothing older counts at `now`. */
export function startOfWindow(now: number): number {
  return firstMinute(now) * MINUTE_MS;
}

/** Keys of one partition's window; `prefix` is the namespace's (`platform/names.ts`). */
export function windowKeys(prefix: string, generation: number, partition: number) {
  const base = `${prefix}live:${generation}:${partition}:`;
  return {
    minutes: `${base}minutes`,
    touched: `${base}touched`,
    recent: `${base}recent`,
    fence: `${base}fence`,
    pruned: `${base}pruned`,
  };
}

export function script(name: 'apply' | 'read'): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}
