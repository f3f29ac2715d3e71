/** The figures of a live window, as Redis holds them beside what the log says. Pure. */
import type { WindowContents } from '../../platform/live-window/contents.ts';
import type { Figures, SimpleWindow, WindowReach } from './simple-window.ts';
import type { Difference } from './verdict.ts';

/** One minute's figures in one currency, or one recent entry; undefined where a side does not have it. */
export interface ComparedFigure {
  key: Record<string, string>;
  kept: Figures | undefined;
  log: Figures | undefined;
  events: readonly string[];
}

/** All within reach that either side has: minutes in order, then recent entries by offset. */
export function figuresOf(contents: WindowContents, fold: SimpleWindow, reach: WindowReach): ComparedFigure[] {
  return [...minutesOf(contents, fold, reach), ...recentOf(contents, fold, reach)];
}

/** The figures that are not the same on both sides. */
export function differencesOf(figures: readonly ComparedFigure[]): Difference[] {
  return figures.flatMap(({ key, kept, log, events }) => {
    const names = [...new Set([...(kept?.keys() ?? []), ...(log?.keys() ?? [])])];
    const differing = names.filter((name) => !kept || !log || kept.get(name) !== log.get(name));
    const pick = (row: Figures | undefined) =>
      row ? Object.fromEntries(differing.map((name) => [name, row.get(name) ?? null])) : null;
    return differing.length > 0 ? [{ key, kept: pick(kept), log: pick(log), events }] : [];
  });
}

function minutesOf(contents: WindowContents, { minutes }: SimpleWindow, reach: WindowReach): ComparedFigure[] {
  const { partition, fields, listed } = contents;
  const held = [...fields.keys()].map((field) => field.slice(0, field.lastIndexOf('|')));
  return [...new Set([...held, ...listed, ...minutes.keys()])]
    .map((cell) => ({ cell, minute: Number(cell.split('|')[0]) }))
    .filter(({ minute }) => !(minute < reach.minute))
    .sort((a, b) => a.minute - b.minute || (a.cell < b.cell ? -1 : 1))
    .map(({ cell, minute }) => {
      const log = minutes.get(cell);
      // Readers get what is listed and nothing else; a figure of no event has no business here, listed or not.
      const isKept = listed.has(cell) || !log;
      const kept = new Map(['orders', 'net'].map((name) => [name, fields.get(`${cell}|${name}`) ?? null]));
      return {
        key: { partition: String(partition), minute: String(minute), ...startOf(minute), currency: currencyOf(cell) },
        kept: isKept ? kept : undefined,
        log: log?.values,
        events: log?.events ?? [],
      };
    });
}

/** The minute as a person reads it. */
function startOf(minute: number): { time?: string } {
  const start = new Date(minute * 60_000);
  return Number.isNaN(start.getTime()) ? {} : { time: start.toISOString() };
}

function currencyOf(cell: string): string {
  return cell.slice(cell.indexOf('|') + 1);
}

function recentOf({ partition, recent }: WindowContents, fold: SimpleWindow, reach: WindowReach): ComparedFigure[] {
  const isShown = (row: Figures) => !(Number(row.get('recordedAt')) < reach.recordedAt);
  const left = new Map([...fold.recent].filter(([, { values }]) => isShown(values)));
  const figures: ComparedFigure[] = [];
  const add = (offset: string, kept: Figures | undefined) => {
    const log = left.get(offset);
    left.delete(offset);
    const key = { partition: String(partition), recent: offset };
    figures.push({ key, kept, log: log?.values, events: log?.events ?? [] });
  };
  for (const { offset, json } of recent) {
    const kept = entryIn(json);
    if (left.has(offset) || isShown(kept)) add(offset, kept);
  }
  for (const offset of left.keys()) add(offset, undefined);
  return figures.sort((a, b) => Number(a.key.recent) - Number(b.key.recent));
}

/** A recent entry's fields as texts; of what is no entry, the text as it is. */
function entryIn(json: string): Figures {
  try {
    const fields = Object.entries(JSON.parse(json) as object);
    return new Map(fields.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]));
  } catch {
    return new Map([['text', json]]);
  }
}
