/** Folding a batch of events into what it adds to one projection's table: one row a key. Pure, in memory. */
import type { Event } from '../domain/messages.generated.ts';
import type {
  EmitRow,
  EventContext,
  Handlers,
  Measures,
  Merge,
  Projection,
  RollupTable,
  Row,
  Value,
} from './define.ts';

/** A column beside `last` measures: {@link recordedOrder} of the event that they come from. */
export const LAST_RECORDED = 'last_recorded';

export interface Fold {
  /** Events of one partition must come in the order of their offsets. Throws what the handler throws, and adds nothing. */
  add(event: Event, context: EventContext): void;
  /** One row a key with the values of all columns. */
  rows(): Iterable<Row>;
  readonly size: number;
}

/** An empty batch for a projection. */
export function startFold(projection: Projection): Fold {
  let order = 0;
  let emitted: [key: Row, measures: Row | undefined][] = [];
  const hold: EmitRow = (key, measures) => void emitted.push([key, measures]);
  const { emit, rows } = projection.kind === 'rollup' ? mergeByKey(projection.table, () => order) : collect();
  return {
    add(event, context) {
      order = recordedOrder(context);
      emitted = [];
      handle(projection.handlers, event, hold, context);
      for (const [key, measures] of emitted) emit(key, measures);
    },
    rows: () => rows.values(),
    get size() {
      return 'size' in rows ? rows.size : rows.length;
    },
  };
}

/** Calls the handler of the event's type. */
export function handle<E>(handlers: Handlers<E>, { type, data }: Event, emit: E, context: EventContext): void {
  (handlers[type] as (event: Event['data'], emit: E, context: EventContext) => void)(data, emit, context);
}

/**
 * Orders events of all partitions by append time, then partition; those of one partition and millisecond are equal
 * and come in turn. Exact in a double until the year 3000, with at most 256 partitions.
 */
export function recordedOrder({ recordedAt, partition }: EventContext): number {
  return recordedAt * 256 + partition;
}

export function namesOf(measures: Measures, ...merges: Merge[]): string[] {
  return Object.keys(measures).filter((name) => merges.some((merge) => measures[name]?.merge === merge));
}

interface Collected {
  emit: EmitRow;
  rows: Map<string, Row> | Row[];
}

function collect(): Collected {
  const rows: Row[] = [];
  return { rows, emit: (row) => void rows.push(row) };
}

function mergeByKey({ key: keyColumns, measures }: RollupTable, order: () => number): Collected {
  const keys = Object.keys(keyColumns);
  const sums = namesOf(measures, 'sum');
  const extremes = namesOf(measures, 'min', 'max').map((name) => ({
    name,
    sign: measures[name]?.merge === 'min' ? -1 : 1,
  }));
  const lasts = namesOf(measures, 'last');
  const rows = new Map<string, Record<string, Value>>();

  function blank(key: Row): Record<string, Value> {
    const row: Record<string, Value> = {};
    for (const name of keys) row[name] = key[name] ?? null;
    for (const name of sums) row[name] = 0;
    for (const { name } of extremes) row[name] = null;
    for (const name of lasts) row[name] = null;
    if (lasts.length > 0) row[LAST_RECORDED] = -1;
    return row;
  }

  function emit(key: Row, given: Row = {}): void {
    let text = '';
    for (const name of keys) text += `${key[name]}\u0000`;
    let row = rows.get(text);
    if (row === undefined) {
      row = blank(key);
      rows.set(text, row);
    }
    for (const name of sums) {
      const value = given[name];
      if (value) row[name] = addExactly(row[name] ?? 0, value);
    }
    for (const { name, sign } of extremes) {
      const value = given[name];
      const kept = row[name];
      if (typeof value === 'number' && (typeof kept !== 'number' || sign * (value - kept) > 0)) row[name] = value;
    }
    if (lasts.length === 0 || order() < Number(row[LAST_RECORDED])) return;
    for (const name of lasts) row[name] = given[name] ?? null;
    row[LAST_RECORDED] = order();
  }

  return { emit, rows };
}

/** Adds whole numbers without losing a digit: what passes 2^53 goes on as a bigint. */
export function addExactly(a: Value, b: Value): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = a + b;
    if (Number.isSafeInteger(result)) return result;
  }
  return BigInt(a ?? 0) + BigInt(b ?? 0);
}
