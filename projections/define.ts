/**
 * What a projection is: a name, a version, a table, and for every event what it adds to which key. Tables, upserts,
 * folding, checkpoints and rebuilds are derived from this by the worker; a projection does no I/O.
 */
import type { Event, SaleRecorded, SaleVoided } from '../domain/messages.generated.ts';

export type EventType = Event['type'];
export type EventData<T extends EventType> = Extract<Event, { type: T }>['data'];

/** `timestamptz` values are milliseconds since 1970 UTC; `date` values are `YYYY-MM-DD`. */
export type ColumnType = 'text' | 'bigint' | 'int' | 'timestamptz' | 'date' | 'text null' | 'timestamptz null';
export type Columns = Readonly<Record<string, ColumnType>>;

/**
 * How two deltas of one key become one. All of them commute, so partitions can be folded apart:
 * `sum` adds; `min` and `max` compare; `last` keeps what was recorded last (by append time, partition, offset).
 */
export type Merge = 'sum' | 'min' | 'max' | 'last';
export type Measure =
  | { type: 'bigint'; merge: 'sum' }
  | { type: 'bigint' | 'timestamptz'; merge: 'min' | 'max' }
  | { type: 'text' | 'bigint' | 'timestamptz'; merge: 'last' };
export type Measures = Readonly<Record<string, Measure>>;

/** One row a key; what events add to it is merged. */
export interface RollupTable {
  key: Columns;
  measures: Measures;
}

/** Where an event stands in the log, as columns. */
export type Place = { readonly partition: 'int'; readonly offset: 'bigint'; readonly recorded_at: 'timestamptz' };

/** One row an event; of several with the same key the one that was recorded first (by append time, partition, offset). */
export interface LedgerTable {
  key: Columns;
  columns: Columns & Place;
  /** Each a list of quoted columns, as in `create index … (…)`. */
  indexes: readonly string[];
}

export type Value = string | number | bigint | null;
export type Row = Readonly<Record<string, Value>>;

type ValueOf<T extends ColumnType> = T extends `${infer V extends ColumnType} null`
  ? ValueOf<V> | null
  : T extends 'text' | 'date'
    ? string
    : number;
type RowOf<C extends Columns> = { [K in keyof C]: ValueOf<C[K]> };
type LastOf<M extends Measures> = { [K in keyof M as M[K]['merge'] extends 'last' ? K : never]: ValueOf<M[K]['type']> };
type OthersOf<M extends Measures> = { [K in keyof M as M[K]['merge'] extends 'last' ? never : K]?: number };

/** Adds to the row of `key`. Sums that are left out are 0; every `last` measure must be given. */
export type Emit<K extends Columns = Columns, M extends Measures = Measures> = (
  key: RowOf<K>,
  measures: OthersOf<M> & LastOf<M>,
) => void;
/** Writes a row. */
export type EmitOnce<K extends Columns, C extends Columns> = (row: RowOf<K> & RowOf<C>) => void;

/** Where an event stands in the log, and what the installation's settings say about time. */
export interface EventContext {
  partition: number;
  offset: number;
  /** The broker's append time, milliseconds since 1970 UTC. */
  recordedAt: number;
  /** The calendar day (`YYYY-MM-DD`) of a moment (milliseconds since 1970 UTC) in the store's time zone. */
  storeDay(moment: number): string;
}

/** What to do for each event; one that is missing is a type error. Pure, and throws only on what it cannot fold. */
export type Handlers<E> = {
  readonly [T in EventType]: (event: EventData<T>, emit: E, context: EventContext) => void;
};

/** How the worker emits, whatever the table: a key and its measures, or a whole row of a ledger. */
export type EmitRow = (key: Row, measures?: Row) => void;

interface ProjectionBase {
  /** Of the projection, its view, its GraphQL type and its subscription. */
  name: string;
  /** Raise it when the table or what a handler emits changes: the projection must be rebuilt then. */
  version: number;
  handlers: Handlers<EmitRow>;
}
export type Rollup = ProjectionBase & { kind: 'rollup'; table: RollupTable };
export type Ledger = ProjectionBase & { kind: 'ledger'; table: LedgerTable };
/** Has a table, which the engine derives from the definition. */
export type Projection = Rollup | Ledger;
/** Is kept elsewhere; its checkpoints lie with all others. */
export interface Window {
  kind: 'window';
  name: string;
  version: number;
}

/** A projection that keeps merged figures by key. */
export function defineProjection<const K extends Columns, const M extends Measures>(definition: {
  name: string;
  version: number;
  table: { key: K; measures: M };
  handlers: Handlers<Emit<K, M>>;
}): Rollup {
  return { kind: 'rollup', ...definition, handlers: definition.handlers as Handlers<EmitRow> };
}

/** A projection that keeps one row for each event of some types. */
export function defineLedger<const K extends Columns, const C extends Columns & Place>(definition: {
  name: string;
  version: number;
  table: { key: K; columns: C; indexes: readonly string[] };
  handlers: Handlers<EmitOnce<K, C>>;
}): Ledger {
  return { kind: 'ledger', ...definition, handlers: definition.handlers as Handlers<EmitRow> };
}

/** A whole number that events add up: quantities, counts, minor units. */
export const sum = { type: 'bigint', merge: 'sum' } as const;
/** The text that was recorded last. */
export const lastText = { type: 'text', merge: 'last' } as const;

/** An event that a projection deliberately does not count. */
export const ignore = (): void => {};

/** What a sale and its void have in common. */
export type Sold = Pick<
  SaleRecorded,
  'occurredAt' | 'currency' | 'channel' | 'country' | 'customerId' | 'lines' | 'shipping' | 'tax' | 'payments'
>;

/** Measures of which every event can be taken back: sums, and texts that stay as they are. */
type Reversible = Readonly<Record<string, typeof sum | typeof lastText>>;

/** The handler of a void: it takes back, on the sale's own date, whatever `count` adds for the sale. */
export function takeBack<K extends Columns, M extends Reversible>(
  count: (sale: Sold, emit: Emit<K, M>, context: EventContext) => void,
): (voided: SaleVoided, emit: Emit<K, M>, context: EventContext) => void {
  return (voided, emit, context) => {
    const sale = { ...voided, occurredAt: voided.soldAt };
    count(sale, (key, measures) => emit(key, negated(measures)), context);
  };
}

function negated<T extends object>(measures: T): T {
  const entries = Object.entries(measures).map(([name, value]) => [name, typeof value === 'number' ? -value : value]);
  return Object.fromEntries(entries) as T;
}
