/** Folding a batch of events into what it adds to one projection's table: one row a key. Pure, in memory. */
import type { Event } from '../domain/messages.generated.ts';
import type { EmitRow, EventContext, Handlers, Projection, RollupTable, Row } from './define.ts';
import { mergeInto } from './merge.ts';

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
  const { emit, rows } = projection.kind === 'rollup' ? merge(projection.table, () => order) : collect();
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

interface Collected {
  emit: EmitRow;
  rows: Map<string, Row> | Row[];
}

function collect(): Collected {
  const rows: Row[] = [];
  return { rows, emit: (row) => void rows.push(row) };
}

function merge(table: RollupTable, order: () => number): Collected {
  const rows = new Map<string, Row>();
  return { rows, emit: mergeInto(rows, table, order) };
}
