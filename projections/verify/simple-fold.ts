/**
 * The second opinion on a projection: one event at a time, one row at a time, every number a bigint. It shares with the
 * engine what the projection means (its handlers) and nothing of how the engine keeps it: no batches, no merging of
 * deltas, no SQL, no checkpoints.
 */
import type { Event } from '../../domain/messages.generated.ts';
import type { EmitRow, EventContext, Measure, Projection, Row, Value } from '../define.ts';
import { LAST_RECORDED } from '../merge.ts';

/** A row as text, column by column; null where there is no value. Times are milliseconds since 1970 UTC. */
export type PlainRow = Map<string, string | null>;

export class SimpleFold {
  /** By {@link keyOf}. */
  readonly rows = new Map<string, PlainRow>();
  readonly #projection: Projection;
  readonly #includes: (key: string) => boolean;

  /** Keeps only the keys that `includes` names, so that a table too large for memory can be folded part by part. */
  constructor(projection: Projection, includes: (key: string) => boolean = () => true) {
    this.#projection = projection;
    this.#includes = includes;
  }

  /** Events of all partitions may come in any order, those of one in the order of their offsets. */
  add(event: Event, context: EventContext): void {
    for (const { key, row, measures } of emitted(this.#projection, event, context)) {
      if (!this.#includes(key)) continue;
      if (this.#projection.kind === 'ledger') this.#addOnce(key, row);
      else this.#addTo(key, row, measures, this.#projection.table.measures, context);
    }
  }

  #addOnce(key: string, row: Row): void {
    if (!this.rows.has(key)) this.rows.set(key, plain(row));
  }

  #addTo(key: string, row: Row, given: Row, measures: Readonly<Record<string, Measure>>, context: EventContext): void {
    const before = this.rows.get(key) ?? plain(row);
    const after: PlainRow = new Map(before);
    const recorded = BigInt(context.recordedAt) * 256n + BigInt(context.partition);
    const isLast = recorded >= BigInt(before.get(LAST_RECORDED) ?? -1);
    let hasLast = false;
    for (const [name, { merge }] of Object.entries(measures)) {
      const kept = before.get(name) ?? null;
      const value = given[name] ?? null;
      if (merge === 'sum') {
        after.set(name, String(BigInt(kept ?? 0) + BigInt(value ?? 0)));
      } else if (merge === 'last') {
        hasLast = true;
        after.set(name, isLast ? textOf(value) : kept);
      } else if (value === null || kept === null) {
        after.set(name, kept ?? textOf(value));
      } else {
        const isSmaller = BigInt(value) < BigInt(kept);
        after.set(name, isSmaller === (merge === 'min') ? textOf(value) : kept);
      }
    }
    if (hasLast && isLast) after.set(LAST_RECORDED, String(recorded));
    this.rows.set(key, after);
  }
}

/** The rows that one event adds to: their keys as text, their columns and what is added. */
export function emitted(projection: Projection, event: Event, context: EventContext) {
  const found: { key: string; row: Row; measures: Row }[] = [];
  const emit: EmitRow = (row, measures = {}) => found.push({ key: keyOf(projection, plain(row)), row, measures });
  const handler = projection.handlers[event.type] as (
    data: Event['data'],
    emit: EmitRow,
    context: EventContext,
  ) => void;
  handler(event.data, emit, context);
  return found;
}

/** The key columns of a row as one text. */
export function keyOf({ table }: Projection, row: PlainRow): string {
  return JSON.stringify(Object.keys(table.key).map((name) => row.get(name) ?? null));
}

function plain(row: Row): PlainRow {
  return new Map(Object.entries(row).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: Value): string | null {
  return value === null ? null : String(value);
}
