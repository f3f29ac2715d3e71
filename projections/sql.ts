/** The SQL of a projection's tables, derived from its definition. */
import type { Columns, ColumnType, Projection, Window } from './define.ts';
import { LAST_RECORDED, namesOf } from './merge.ts';

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

/** One generation of a projection or of a window. */
export interface Kept {
  projection: Projection | Window;
  schema: string;
  generation: number;
}

/** What names a generation. */
export type GenerationName = Pick<Kept, 'schema' | 'generation'> & { projection: { name: string } };

/** Whether it has a table: all but windows. */
export function isTable(kept: Kept): kept is Target {
  return kept.projection.kind !== 'window';
}

export function tableOf({ projection, schema, generation }: GenerationName): string {
  return `${quote(schema)}.${quote(`${projection.name}_g${generation}`)}`;
}

/** All columns in table order: the key first. */
export function columnsOf(projection: Projection): Column[] {
  return [...columnsIn(projection.table.key), ...columnsIn(valuesOf(projection)), ...hiddenOf(projection)];
}

/** Postgres aligns columns: with the widest first no bytes are lost between them. */
const widths: Record<Column['type'], number> = { bigint: 8, timestamptz: 8, int: 4, date: 4, text: 1 };

/** Creates the table. A rebuild fills it by COPY alone, and gives it its indexes by {@link createIndexes} afterwards. */
export function createTable(target: Target): string {
  const { projection } = target;
  // Rows of a rollup are updated again and again: room on their page keeps the updates off the index.
  const storage = projection.kind === 'rollup' ? ' with (fillfactor = 80)' : '';
  return `create table ${tableOf(target)} (${columnList(projection)})${storage}`;
}

/** Creates the key and the indexes where they are missing. */
export function createIndexes(target: Target): string[] {
  const { projection } = target;
  const table = tableOf(target);
  const indexes = projection.kind === 'ledger' ? projection.table.indexes : [];
  return [
    // An upsert asks for a unique index on the key; a primary key would be one more statement to make it idempotent.
    `create unique index if not exists ${indexName(target, 'key')} on ${table} (${keyList(projection)})`,
    ...indexes.map(
      (index, at) => `create index if not exists ${indexName(target, `i${at + 1}`)} on ${table} (${index})`,
    ),
  ];
}

/** Gives one row with `indexed`: whether the table has its key, so that rows can be merged as they come. */
export function isIndexed(target: Target): string {
  const key = `${quote(target.schema)}.${indexName(target, 'key')}`;
  return `select to_regclass('${key.replaceAll("'", "''")}') is not null as indexed`;
}

/** Makes one row of those with the same key, in a table without indexes that batches were copied into. */
export function mergeRows(target: Target): string {
  const { projection } = target;
  const table = tableOf(target);
  const keys = Object.keys(projection.table.key).map(quote);
  const columns = columnsOf(projection).map(({ name }) => quote(name));
  const same = keys.map((key) => `kept.${key} = repeated.${key}`).join(' and ');
  const values = [...keys, ...mergedValues(projection)];
  return `with repeated as (select ${keys.join(', ')} from ${table} group by ${keys.join(', ')} having count(*) > 1),
    taken as (delete from ${table} kept using repeated where ${same} returning kept.*, kept.ctid as place)
    insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from taken group by ${keys.join(', ')}`;
}

function indexName({ projection, generation }: Target, suffix: string): string {
  return quote(`${projection.name}_g${generation}_${suffix}`);
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

/** Makes the view that readers use show this generation; in `schema` when it is another one than the table's. */
export function createView(target: Target, schema = target.schema): string[] {
  const { projection } = target;
  const shown = [...columnsIn(projection.table.key), ...columnsIn(valuesOf(projection))].map(({ name }) => quote(name));
  const view = `${quote(schema)}.${quote(projection.name)}`;
  // Another version may have other columns, which "or replace" does not allow.
  return [`drop view if exists ${view}`, `create view ${view} as select ${shown.join(', ')} from ${tableOf(target)}`];
}

/**
 * Adds rows, given as one array a column from parameter `first` on, in key order (so that two writers never wait for
 * each other in a circle). Of rows of a ledger with the same key the one that was recorded first stays.
 */
export function upsert(target: Target, first = 1): string {
  const { projection } = target;
  const columns = columnsOf(projection);
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const arrays = columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ');
  const key = keyList(projection);
  const added = `from unnest(${arrays}) as added (${names}) order by ${key}`;
  const rows =
    projection.kind === 'ledger' ? `select distinct on (${key}) * ${added}, ${placeIn('added')}` : `select * ${added}`;
  return (
    `insert into ${tableOf(target)} as kept (${names}) ${rows} ` +
    `on conflict (${key}) do update set ${merges(projection)}`
  );
}

/** Leaves of rows of a ledger with the same key, in a table without its key, the one that was recorded first. */
export function removeRepeated(target: Target): string {
  const keys = Object.keys(target.projection.table.key).map(quote);
  const same = keys.map((key) => `later.${key} = first.${key}`).join(' and ');
  return `delete from ${tableOf(target)} later using ${tableOf(target)} first
    where ${same} and (${placeIn('later')}) > (${placeIn('first')})`;
}

/** What orders the rows of a ledger. */
function placeIn(row: string): string {
  return ['recorded_at', 'partition', 'offset'].map((name) => `${row}.${quote(name)}`).join(', ');
}

/** Adds rows as COPY text. Fails as a whole when one is there already. */
export function copyIn(target: Target): string {
  const names = columnsOf(target.projection).map(({ name }) => quote(name));
  return `copy ${tableOf(target)} (${names.join(', ')}) from stdin`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function merges(projection: Projection): string {
  if (projection.kind === 'ledger') {
    const sets = Object.keys(projection.table.columns).map((name) => `${quote(name)} = excluded.${quote(name)}`);
    return `${sets.join(', ')} where (${placeIn('excluded')}) < (${placeIn('kept')})`;
  }
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

/** Each column but the key's, merged over all rows of a key; of equal last ones that which was copied in last. */
function mergedValues(projection: Projection): string[] {
  if (projection.kind === 'ledger') return [];
  const { measures } = projection.table;
  const last = quote(LAST_RECORDED);
  const merged = Object.entries(measures).map(([name, { type, merge }]) =>
    merge === 'last'
      ? `(array_agg(${quote(name)} order by ${last} desc, place desc))[1]`
      : `${merge}(${quote(name)})::${sqlType(type)}`,
  );
  return [...merged, ...hiddenOf(projection).map(({ name }) => `max(${quote(name)})`)];
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
