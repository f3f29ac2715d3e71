/**
 * The second opinion on a projection: one event at a time, one row at a time, every number a bigint. It shares with the
 * engine what the projection means (its handlers) and nothing of how the engine keeps it: no batches, no merging of
 * deltas, no SQL, no checkpoints.
 */
import { createHash } from 'node:crypto';
import type { Event } from '../../domain/messages.generated.ts';
import type { EmitRow, EventContext, Measure, Projection, Row, Value } from '../define.ts';
import { LAST_RECORDED } from '../merge.ts';

/** A row as text, in order of the columns; null where there is no value. Times are milliseconds since 1970 UTC. */
export type PlainRow = readonly (string | null)[];

/** Where an event stands in the log. */
type Place = Pick<EventContext, 'partition' | 'offset' | 'recordedAt'>;

export class SimpleFold {
  readonly #projection: Projection;
  readonly #columns: readonly string[];
  readonly #includes: (key: string) => boolean;
  /** By {@link keyOf}; sums are bigints. */
  readonly #rows = new Map<string, readonly Value[]>();
  /** Of a ledger's rows digests say as much, in little memory. */
  readonly #digests = new Map<string, { digest: string; place: Place }>();

  /**
   * `columns` are all of the table. Keeps only the keys that `includes` names, so that a table too large for memory can
   * be folded part by part.
   */
  constructor(projection: Projection, columns: readonly string[], includes: (key: string) => boolean = () => true) {
    this.#projection = projection;
    this.#columns = columns;
    this.#includes = includes;
  }

  /** Events of all partitions may come in any order, those of one in the order of their offsets. */
  add(event: Event, context: EventContext): void {
    for (const { key, row, measures } of emitted(this.#projection, event, context)) {
      if (!this.#includes(key)) continue;
      if (this.#projection.kind === 'ledger') this.#addFirst(key, row, context);
      else this.#addTo(key, row, measures, this.#projection.table.measures, context);
    }
  }

  /** Whether the log says the same of this key; it is forgotten then. */
  take(key: string, row: PlainRow): boolean {
    if (this.#projection.kind === 'ledger') {
      const expected = this.#digests.get(key);
      this.#digests.delete(key);
      return expected?.digest === digestOf(row);
    }
    const expected = this.rowOf(key);
    this.#rows.delete(key);
    return expected?.every((value, index) => value === (row[index] ?? null)) ?? false;
  }

  /** Keys that were not taken. */
  *left(): Generator<string> {
    yield* this.#rows.keys();
    yield* this.#digests.keys();
  }

  /** What the log says of a key of a rollup. */
  rowOf(key: string): PlainRow | undefined {
    return this.#rows.get(key)?.map(textOf);
  }

  #addFirst(key: string, row: Row, { partition, offset, recordedAt }: EventContext): void {
    const before = this.#digests.get(key);
    const place = { partition, offset, recordedAt };
    if (before && !isBefore(place, before.place)) return;
    this.#digests.set(key, { digest: digestOf(plain(row, this.#columns)), place });
  }

  #addTo(key: string, row: Row, given: Row, measures: Readonly<Record<string, Measure>>, context: EventContext): void {
    const before = this.#rows.get(key) ?? [];
    const recorded = BigInt(context.recordedAt) * 256n + BigInt(context.partition);
    const isLast = recorded >= BigInt(before[this.#columns.indexOf(LAST_RECORDED)] ?? -1);
    const after = this.#columns.map((name, index) => {
      const kept = before[index] ?? null;
      const merge = measures[name]?.merge;
      if (merge === 'sum') return BigInt(kept ?? 0) + BigInt(given[name] ?? 0);
      if (merge === 'last') return isLast ? (given[name] ?? null) : kept;
      if (merge) return extreme(merge, kept, given[name] ?? null);
      if (name === LAST_RECORDED) return isLast ? recorded : kept;
      return row[name] ?? null;
    });
    this.#rows.set(key, after);
  }
}

/** Whether an event was recorded before another one: by append time, partition, offset. */
export function isBefore(one: Place, other: Place): boolean {
  if (one.recordedAt !== other.recordedAt) return one.recordedAt < other.recordedAt;
  return one.partition === other.partition ? one.offset < other.offset : one.partition < other.partition;
}

function extreme(merge: 'min' | 'max', kept: Value, given: Value): Value {
  if (given === null || kept === null) return kept ?? given;
  const isSmaller = BigInt(given) < BigInt(kept);
  return isSmaller === (merge === 'min') ? given : kept;
}

/** The rows that one event adds to: their keys as text, their columns and what is added. */
export function emitted(projection: Projection, event: Event, context: EventContext) {
  const keys = Object.keys(projection.table.key);
  const found: { key: string; row: Row; measures: Row }[] = [];
  const emit: EmitRow = (row, measures = {}) => found.push({ key: keyOf(plain(row, keys)), row, measures });
  const handler = projection.handlers[event.type] as (
    data: Event['data'],
    emit: EmitRow,
    context: EventContext,
  ) => void;
  handler(event.data, emit, context);
  return found;
}

/** The values of the key's columns as one text. */
export function keyOf(values: PlainRow): string {
  return JSON.stringify(values);
}

/** The columns of a row as text. */
export function plain(row: Row, columns: readonly string[]): PlainRow {
  return columns.map((name) => textOf(row[name] ?? null));
}

function textOf(value: Value): string | null {
  return value === null ? null : String(value);
}

function digestOf(row: PlainRow): string {
  return createHash('md5').update(JSON.stringify(row)).digest().toString('latin1');
}
