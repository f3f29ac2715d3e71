/**
 * Merging what events emit into one row a key. The function that does it is made as source code from the table's
 * definition, so that every projection has its own with its columns in it: one for all of them, which looks each name
 * up, took most of the time of a rebuild.
 */
import type { EmitRow, Measures, Merge, RollupTable, Row, Value } from './define.ts';

/** A column beside `last` measures: `recordedOrder` (`fold.ts`) of the event that they come from. */
export const LAST_RECORDED = 'last_recorded';

/** Merges into `rows`, by the text of the key. `order` is when the event at hand was recorded. */
type MakeEmit = (rows: Map<string, Row>, order: () => number, addExactly: (a: Value, b: Value) => Value) => EmitRow;

const made = new WeakMap<RollupTable, MakeEmit>();

export function mergeInto(rows: Map<string, Row>, table: RollupTable, order: () => number): EmitRow {
  let make = made.get(table);
  if (!make) {
    make = new Function('rows', 'order', 'addExactly', `'use strict'; return ${sourceOf(table)}`) as MakeEmit;
    made.set(table, make);
  }
  return make(rows, order, addExactly);
}

function sourceOf({ key, measures }: RollupTable): string {
  const keys = Object.keys(key);
  const lasts = namesOf(measures, 'last');
  const blank = [
    ...keys.map((name) => `${text(name)}: key${at(name)}`),
    ...Object.entries(measures).map(([name, { merge }]) => `${text(name)}: ${merge === 'sum' ? 0 : null}`),
    ...(lasts.length > 0 ? [`${text(LAST_RECORDED)}: -1`] : []),
  ];
  return `(key, given) => {
    const id = ${keys.map((name) => `key${at(name)}`).join(" + '\\u0000' + ")} + '';
    let row = rows.get(id);
    if (row === undefined) {
      row = { ${blank.join(', ')} };
      rows.set(id, row);
    }
    ${namesOf(measures, 'sum').map(sum).join('\n')}
    ${namesOf(measures, 'min').map(extreme('<')).join('\n')}
    ${namesOf(measures, 'max').map(extreme('>')).join('\n')}
    ${lasts.length > 0 ? last(lasts) : ''}
  }`;
}

function sum(name: string): string {
  return `{
    const value = given${at(name)};
    if (value) {
      const kept = row${at(name)};
      const total = typeof kept === 'number' ? kept + value : NaN;
      row${at(name)} = Number.isSafeInteger(total) ? total : addExactly(kept, value);
    }
  }`;
}

function extreme(beats: '<' | '>') {
  return (name: string) => `{
    const value = given${at(name)};
    const kept = row${at(name)};
    if (typeof value === 'number' && (kept === null || value ${beats} kept)) row${at(name)} = value;
  }`;
}

function last(names: readonly string[]): string {
  const recorded = `row${at(LAST_RECORDED)}`;
  return `if (order() >= ${recorded}) {
    ${names.map((name) => `row${at(name)} = given${at(name)} ?? null;`).join(' ')}
    ${recorded} = order();
  }`;
}

function at(name: string): string {
  return `[${text(name)}]`;
}

function text(name: string): string {
  return JSON.stringify(name);
}

export function namesOf(measures: Measures, ...merges: Merge[]): string[] {
  return Object.keys(measures).filter((name) => merges.some((merge) => measures[name]?.merge === merge));
}

/** Adds whole numbers without losing a digit: what passes 2^53 goes on as a bigint. */
export function addExactly(a: Value, b: Value): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = a + b;
    if (Number.isSafeInteger(result)) return result;
  }
  return BigInt(a ?? 0) + BigInt(b ?? 0);
}
