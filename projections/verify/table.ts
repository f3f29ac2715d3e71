/**
 * Proof of a generation: its table, at the one position vector of a consistent snapshot, against {@link SimpleFold} of
 * the log up to that vector, row by row and column by column, while everything goes on.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { loadLacking } from '../parked.ts';
import { columnsOf, type Kept, quote, type Target, tableOf } from '../sql.ts';
import { counted, placeOf, readLog } from './log.ts';
import { emitted, keyOf, type PlainRow, SimpleFold } from './simple-fold.ts';
import { type Difference, MAX_EVENTS, type Vector, type Verdict, type VerifyOptions } from './verdict.ts';

const FETCH_ROWS = 5000;
/** Rows that are held in memory at a time; a larger table is verified in parts, each in one pass over the log. */
const ROWS_IN_MEMORY = 250_000;

/** Compares one table with the log. Rejects when the log or the database is away, or an event cannot be decoded. */
export async function verifyTable(target: Target, options: VerifyOptions): Promise<Verdict> {
  const client = await options.pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    return await compareAll(client, target, options);
  } finally {
    await client.query('rollback').catch(() => {});
    client.release();
  }
}

async function compareAll(client: pg.ClientBase, target: Target, options: VerifyOptions): Promise<Verdict> {
  const vector = await vectorOf(client, target);
  const lacking = await loadLacking(client, target);
  const parts = Math.max(1, Math.ceil((await countRows(client, target)) / ROWS_IN_MEMORY));
  const verdict: Verdict = { vector, rows: 0, events: 0, differences: 0, first: undefined };
  let firstKey: string | undefined;
  for (let part = 0; part < parts; part += 1) {
    const includes = (key: string) => parts === 1 || partOf(key, parts) === part;
    const fold = new SimpleFold(target.projection, includes);
    verdict.events = await readLog({ to: vector }, target.schema, options, (slice) => {
      for (const record of counted(slice, lacking)) fold.add(record.event, record);
    });
    const differs = (key: string, table: PlainRow | undefined, log: PlainRow | undefined) => {
      verdict.differences += 1;
      if (firstKey !== undefined && firstKey <= key) return;
      firstKey = key;
      verdict.first = describe(target, table, log);
    };
    await eachRow(client, target, (row) => {
      const key = keyOf(target.projection, row);
      if (!includes(key)) return;
      verdict.rows += 1;
      const expected = fold.rows.get(key);
      fold.rows.delete(key);
      if (!isSame(row, expected)) differs(key, row, expected);
    });
    for (const [key, row] of fold.rows) differs(key, undefined, row);
  }
  if (verdict.first && firstKey !== undefined) {
    verdict.first.events = await eventsTouching(firstKey, target, vector, options);
  }
  return verdict;
}

/** How far a generation reaches. */
export async function vectorOf(
  client: pg.Pool | pg.ClientBase,
  { projection, generation, schema }: Kept,
): Promise<Vector> {
  const { rows } = await client.query<{ partition: number; next_offset: number }>(
    `select partition, next_offset from ${quote(schema)}.checkpoints where projection = $1 and generation = $2`,
    [projection.name, generation],
  );
  return new Map(rows.map(({ partition, next_offset }) => [partition, next_offset]));
}

async function countRows(client: pg.ClientBase, target: Target): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`select count(*) as count from ${tableOf(target)}`);
  return rows[0]?.count ?? 0;
}

async function eachRow(client: pg.ClientBase, target: Target, onRow: (row: PlainRow) => void): Promise<void> {
  const columns = columnsOf(target.projection);
  const list = columns.map(({ name, type }) =>
    type === 'timestamptz' ? `(extract(epoch from ${quote(name)}) * 1000)::bigint::text` : `${quote(name)}::text`,
  );
  await client.query(`declare verified no scroll cursor for select ${list.join(', ')} from ${tableOf(target)}`);
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `fetch ${FETCH_ROWS} from verified`,
      rowMode: 'array',
    });
    for (const values of rows) onRow(new Map(columns.map(({ name }, index) => [name, values[index] ?? null])));
    if (rows.length < FETCH_ROWS) break;
  }
  await client.query('close verified');
}

async function eventsTouching(key: string, target: Target, vector: Vector, options: VerifyOptions): Promise<string[]> {
  const found: { partition: number; offset: number }[] = [];
  await readLog({ to: vector }, target.schema, options, ({ records }) => {
    for (const record of records) {
      const touches = record.event && emitted(target.projection, record.event, record).some((one) => one.key === key);
      if (touches) found.push({ partition: record.partition, offset: record.offset });
    }
  });
  found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  return found.slice(0, MAX_EVENTS).map(placeOf);
}

function isSame(table: PlainRow, log: PlainRow | undefined): boolean {
  if (!log) return false;
  for (const [name, value] of table) if (value !== (log.get(name) ?? null)) return false;
  return true;
}

function describe({ projection }: Target, table: PlainRow | undefined, log: PlainRow | undefined): Difference {
  const keyNames = Object.keys(projection.table.key);
  const row = table ?? log ?? new Map<string, string | null>();
  const differing = [...(table ?? log ?? new Map()).keys()].filter(
    (name) => !keyNames.includes(name) && (!table || !log || table.get(name) !== (log.get(name) ?? null)),
  );
  const pick = (from: PlainRow | undefined) =>
    from ? Object.fromEntries(differing.map((name) => [name, from.get(name) ?? null])) : null;
  return {
    key: Object.fromEntries(keyNames.map((name) => [name, row.get(name) ?? null])),
    kept: pick(table),
    log: pick(log),
    events: [],
  };
}

function partOf(key: string, parts: number): number {
  return createHash('md5').update(key).digest().readUInt32BE(0) % parts;
}
