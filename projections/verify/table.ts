/**
 * Proof of a generation: its table, at the one position vector of a consistent snapshot, against {@link SimpleFold} of
 * the log up to that vector, row by row and column by column, while everything goes on.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { EventContext } from '../define.ts';
import { loadLacking } from '../parked.ts';
import { columnsOf, type Kept, quote, type Target, tableOf } from '../sql.ts';
import { counted, placeOf, readLog } from './log.ts';
import { emitted, isBefore, keyOf, type PlainRow, plain, SimpleFold } from './simple-fold.ts';
import { type Difference, MAX_EVENTS, type Vector, type Verdict, type VerifyOptions } from './verdict.ts';

const FETCH_ROWS = 5000;
/** Rows that are held in memory at a time, about 50 MB; a larger table is verified in parts, each in one pass over the log. */
const ROWS_IN_MEMORY = { rollup: 100_000, ledger: 300_000 };

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
  const { projection } = target;
  const columns = columnsOf(projection).map(({ name }) => name);
  const keyLength = Object.keys(projection.table.key).length;
  const vector = await vectorOf(client, target);
  const lacking = await loadLacking(client, target);
  const parts = Math.max(1, Math.ceil((await countRows(client, target)) / ROWS_IN_MEMORY[projection.kind]));
  const verdict: Verdict = { vector, rows: 0, events: 0, differences: 0, first: undefined };
  let first: { key: string; table: PlainRow | undefined } | undefined;
  const differs = (key: string, table: PlainRow | undefined) => {
    verdict.differences += 1;
    if (!first || key < first.key) first = { key, table };
  };
  for (let part = 0; part < parts; part += 1) {
    const includes = (key: string) => parts === 1 || partOf(key, parts) === part;
    const fold = new SimpleFold(projection, columns, includes);
    verdict.events = await readLog({ to: vector }, target.schema, options, (slice) => {
      for (const record of counted(slice, lacking)) fold.add(record.event, record);
    });
    await eachRow(client, target, (row) => {
      const key = keyOf(row.slice(0, keyLength));
      if (!includes(key)) return;
      verdict.rows += 1;
      if (!fold.take(key, row)) differs(key, row);
    });
    for (const key of fold.left()) differs(key, undefined);
  }
  if (first) {
    const { log, events } = await logOf(first.key, target, { vector, lacking, columns }, options);
    verdict.first = { ...describe(target, columns, first.table, log), events };
  }
  return verdict;
}

/** What the log says of one key, and the events that touch it. */
async function logOf(
  key: string,
  { projection, schema }: Target,
  { vector, lacking, columns }: { vector: Vector; lacking: ReadonlySet<string>; columns: readonly string[] },
  options: VerifyOptions,
): Promise<{ log: PlainRow | undefined; events: string[] }> {
  const fold = new SimpleFold(projection, columns, (one) => one === key);
  const touching: { partition: number; offset: number }[] = [];
  let written: { row: PlainRow; place: EventContext } | undefined;
  await readLog({ to: vector }, schema, options, (slice) => {
    for (const record of counted(slice, lacking)) {
      const found = emitted(projection, record.event, record).find((one) => one.key === key);
      if (!found) continue;
      if (!written || isBefore(record, written.place)) written = { row: plain(found.row, columns), place: record };
      fold.add(record.event, record);
      touching.push({ partition: record.partition, offset: record.offset });
    }
  });
  touching.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  const log = projection.kind === 'ledger' ? written?.row : fold.rowOf(key);
  return { log, events: touching.slice(0, MAX_EVENTS).map(placeOf) };
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
    for (const values of rows) onRow(values);
    if (rows.length < FETCH_ROWS) break;
  }
  await client.query('close verified');
}

function describe(
  { projection }: Target,
  columns: readonly string[],
  table: PlainRow | undefined,
  log: PlainRow | undefined,
): Omit<Difference, 'events'> {
  const keyLength = Object.keys(projection.table.key).length;
  const named = (row: PlainRow | undefined, picks: (index: number) => boolean) =>
    Object.fromEntries(columns.flatMap((name, index) => (picks(index) ? [[name, row?.[index] ?? null]] : [])));
  const differs = (index: number) =>
    index >= keyLength && (!table || !log || (table[index] ?? null) !== (log[index] ?? null));
  return {
    key: named(table ?? log, (index) => index < keyLength),
    kept: table ? named(table, differs) : null,
    log: log ? named(log, differs) : null,
  };
}

function partOf(key: string, parts: number): number {
  return createHash('md5').update(key).digest().readUInt32BE(0) % parts;
}
