/** The SQL of a projection's tables, derived from its definition. */
import type { Columns, ColumnType, Projection } from './define.ts';
import { LAST_RECORDED, namesOf } from './fold.ts';

/** A column as the database has it: `name` unquoted, `type` without null. */
export interface Column {
  name: string;
  type: Exclude<ColumnType, `${string} null`>;
}

/** One generation of a projection: the table that it is kept in. */
export interface Target {
  projection: Projection;
  /** Postgres schema of the read models. */
  schema: string;
  generation: number;
}

export function tableOf({ projection, schema, generation }: Target): string {
  return `${quote(schema)}.${quote(`${projection.name}_g${generation}`)}`;
}

/** All columns in table order: the key first. */
export function columnsOf(projection: Projection): Column[] {
  return [...columnsIn(projection.table.key), ...columnsIn(valuesOf(projection)), ...hiddenOf(projection)];
}

/** Postgres aligns columns: with the widest first no bytes are lost between them. */
const widths: Record<Column['type'], number> = { bigint: 8, timestamptz: 8, int: 4, date: 4, text: 1 };

/** Creates the table and its indexes where they are missing. */
export function createTable(target: Target): string[] {
  const { projection } = target;
  const table = tableOf(target);
  // Rows of a rollup are updated again and again: room on their page keeps the updates off the index.
  const storage = projection.kind === 'rollup' ? ' with (fillfactor = 80)' : '';
  const indexes = projection.kind === 'ledger' ? projection.table.indexes : [];
  return [
    `create table if not exists ${table} (${columnList(projection)}, primary key (${keyList(projection)}))${storage}`,
    ...indexes.map((index, position) => {
      const name = quote(`${projection.name}_g${target.generation}_i${position + 1}`);
      return `create index if not exists ${name} on ${table} (${index})`;
    }),
  ];
}

/** All columns with their constraints, in the order of the disk. */
function columnList(projection: Projection): string {
  const { key } = projection.table;
  const shown = Object.entries({ ...key, ...valuesOf(projection) });
  const columns = [...shown, ...hiddenOf(projection).map(({ name, type }) => [name, type] as const)];
  return columns
    .sort(([, a], [, b]) => widths[sqlType(b)] - widths[sqlType(a)])
    .map(([name, type]) => `${quote(name)} ${sqlType(type)}${constraint(projection, name, type)}`)
    .join(', ');
}

/** Makes the view that readers use show this generation. */
export function createView(target: Target): string {
  const { projection, schema } = target;
  const shown = [...columnsIn(projection.table.key), ...columnsIn(valuesOf(projection))].map(({ name }) => quote(name));
  const view = `${quote(schema)}.${quote(projection.name)}`;
  return `create or replace view ${view} as select ${shown.join(', ')} from ${tableOf(target)}`;
}

/**
 * Adds rows, given as one array a column from parameter `first` on, in key order (so that two writers never wait for
 * each other in a circle). Rows of a ledger that are there already are left as they are.
 */
export function upsert(target: Target, first = 1): string {
  const { projection } = target;
  const columns = columnsOf(projection);
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const arrays = columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ');
  const key = keyList(projection);
  return (
    `insert into ${tableOf(target)} as kept (${names}) ` +
    `select * from unnest(${arrays}) as added (${names}) order by ${key} ` +
    `on conflict (${key}) do ${projection.kind === 'ledger' ? 'nothing' : `update set ${merges(projection)}`}`
  );
}

/** Adds rows as COPY text. Fails as a whole when one is there already. */
export function copyIn(target: Target): string {
  const names = columnsOf(target.projection).map(({ name }) => quote(name));
  return `copy ${tableOf(target)} (${names.join(', ')}) from stdin`;
}

/** How to commit a batch, worked out once. */
export interface Statements {
  /**
   * Moves checkpoints and adds the rows of all targets, in this order of parameters: see {@link MOVED}, then one array
   * a column of each target. One statement, so one round trip. Fails with {@link CHECKPOINT_CONFLICT} when a
   * checkpoint is not where it is expected.
   */
  commit: { name: string; text: string };
  targets: readonly { target: Target; columns: readonly Column[]; copyIn: string }[];
}

/** SQLSTATE of the error that a moved checkpoint raises. */
export const CHECKPOINT_CONFLICT = 'SA001';

const MOVED = [
  'projection text',
  'generation int',
  'partition int',
  'expected bigint',
  'next bigint',
  'last text',
  'recorded timestamptz',
];

export function statementsOf(schema: string, targets: readonly Target[]): Statements {
  let first = MOVED.length + 1;
  const upserts = targets.map((target, index) => {
    const text = upsert(target, first);
    first += columnsOf(target.projection).length;
    return `added${index} as (${text})`;
  });
  const ns = quote(schema);
  const moved = `moved as (
    update ${ns}.checkpoints as kept set next_offset = move.next, last_event_id = move.last, recorded_at = move.recorded
    from unnest(${MOVED.map((column, index) => `$${index + 1}::${column.split(' ')[1]}[]`).join(', ')})
      as move (${MOVED.map((column) => column.split(' ')[0]).join(', ')})
    where kept.projection = move.projection and kept.generation = move.generation
      and kept.partition = move.partition and kept.next_offset = move.expected
    returning kept.partition)`;
  const check = `select ${ns}.require_moved((select count(*) from moved), cardinality($1))`;
  return {
    commit: {
      name: `commit ${targets.map(tableOf).join()}`.slice(0, 60),
      text: `with ${[moved, ...upserts].join(', ')} ${check}`,
    },
    targets: targets.map((target) => ({ target, columns: columnsOf(target.projection), copyIn: copyIn(target) })),
  };
}

/** Fails the statement that calls it, and with it all that the statement did. */
export function createRequireMoved(schema: string): string {
  return `create or replace function ${quote(schema)}.require_moved(moved bigint, wanted int) returns void language plpgsql as $$
    begin
      if moved <> wanted then
        raise exception '% of % checkpoints have moved', wanted - moved, wanted using errcode = '${CHECKPOINT_CONFLICT}';
      end if;
    end $$`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function merges(projection: Projection): string {
  if (projection.kind === 'ledger') return '';
  const { measures } = projection.table;
  const newer = `excluded.${quote(LAST_RECORDED)} >= kept.${quote(LAST_RECORDED)}`;
  const sets = Object.entries(measures).map(([name, { merge }]) => {
    const column = quote(name);
    if (merge === 'sum') return `${column} = kept.${column} + excluded.${column}`;
    if (merge === 'min') return `${column} = least(kept.${column}, excluded.${column})`;
    if (merge === 'max') return `${column} = greatest(kept.${column}, excluded.${column})`;
    return `${column} = case when ${newer} then excluded.${column} else kept.${column} end`;
  });
  for (const { name } of hiddenOf(projection)) {
    sets.push(`${quote(name)} = greatest(kept.${quote(name)}, excluded.${quote(name)})`);
  }
  return sets.join(', ');
}

function constraint(projection: Projection, name: string, type: ColumnType): string {
  if (type !== sqlType(type)) return '';
  const merge = projection.kind === 'rollup' ? projection.table.measures[name]?.merge : undefined;
  if (merge === 'sum') return ' not null default 0';
  // A smallest, largest or last value is missing until there is one.
  return merge ? '' : ' not null';
}

function valuesOf(projection: Projection): Columns {
  if (projection.kind === 'ledger') return projection.table.columns;
  return Object.fromEntries(Object.entries(projection.table.measures).map(([name, { type }]) => [name, type]));
}

function hiddenOf(projection: Projection): Column[] {
  const needed = projection.kind === 'rollup' && namesOf(projection.table.measures, 'last').length > 0;
  return needed ? [{ name: LAST_RECORDED, type: 'bigint' }] : [];
}

function columnsIn(columns: Columns): Column[] {
  return Object.entries(columns).map(([name, type]) => ({ name, type: sqlType(type) }));
}

function sqlType(type: ColumnType): Column['type'] {
  return type.replace(/ null$/, '') as Column['type'];
}

function keyList(projection: Projection): string {
  return Object.keys(projection.table.key).map(quote).join(', ');
}
