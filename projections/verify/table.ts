/**
 * Proof of tables, at the one position vector of a consistent snapshot, against {@link SimpleFold} of the log up to that
 * vector, row by row and column by column, while everything goes on.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { loadVector } from '../checkpoints.ts';
import type { EventContext } from '../define.ts';
import type { LogSlice } from '../log-slice.ts';
import { loadLacking } from '../parked.ts';
import { columnsOf, quote, type Target, tableOf } from '../sql.ts';
import { counted, placeOf, readLog } from './log.ts';
import { emitted, isBefore, keyOf, type PlainRow, plain, SimpleFold } from './simple-fold.ts';
import {
  type Difference,
  MAX_EVENTS,
  type RowsInMemory,
  type Vector,
  type Verdict,
  type VerifyOptions,
} from './verdict.ts';

const FETCH_ROWS = 5000;
/** About 50 MB. */
const ROWS_IN_MEMORY: RowsInMemory = { rollup: 100_000, ledger: 300_000 };

/** Tables that are proven together, in one pass over the log; or one that takes a pass for each of its parts. */
export interface Share {
  targets: Target[];
  parts: number;
}

/** Shares tables out so that what is folded at a time fits into memory. */
export async function shareOut(
  targets: readonly Target[],
  { pool, rowsInMemory = ROWS_IN_MEMORY }: VerifyOptions,
): Promise<Share[]> {
  const shares: Share[] = [];
  let last: { share: Share; size: number } | undefined;
  for (const target of targets) {
    const size = (await countRows(pool, target)) / rowsInMemory[target.projection.kind];
    if (size > 1) {
      shares.push({ targets: [target], parts: Math.ceil(size) });
    } else if (last && last.size + size <= 1) {
      last.share.targets.push(target);
      last.size += size;
    } else {
      last = { share: { targets: [target], parts: 1 }, size };
      shares.push(last.share);
    }
  }
  return shares;
}

/** Compares tables with the log. Rejects when the log or the database is away, or an event cannot be decoded. */
export async function verifyTables({ targets, parts }: Share, options: VerifyOptions): Promise<Map<Target, Verdict>> {
  const client = await options.pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    // Nobody drops them meanwhile.
    await client.query(`lock table ${targets.map(tableOf).join(', ')} in access share mode`);
    const proofs: TableProof[] = [];
    for (const target of targets) proofs.push(await TableProof.begin(client, target));
    const to = furthest(proofs.map(({ verdict }) => verdict.vector));
    for (let part = 0; part < parts; part += 1) {
      const inAll = (done: number, total: number) => options.onProgress?.(part * total + done, parts * total);
      for (const proof of proofs) proof.beginPart((key) => parts === 1 || partOf(key, parts) === part);
      await readLog({ to }, { ...options, onProgress: inAll }, (slice) => {
        for (const proof of proofs) proof.add(slice);
      });
      for (const proof of proofs) await proof.compare(client);
    }
    const verdicts = new Map<Target, Verdict>();
    for (const proof of proofs) verdicts.set(proof.target, await proof.end(options));
    return verdicts;
  } finally {
    await client.query('rollback').catch(() => {});
    client.release();
  }
}

class TableProof {
  readonly target: Target;
  readonly verdict: Verdict;
  readonly #lacking: ReadonlySet<string>;
  readonly #columns: readonly string[];
  #includes: (key: string) => boolean = () => true;
  #fold: SimpleFold;
  #first: { key: string; table: PlainRow | undefined } | undefined;

  private constructor(target: Target, vector: Vector, lacking: ReadonlySet<string>) {
    this.target = target;
    this.verdict = { vector, rows: 0, events: 0, differences: 0, first: undefined };
    this.#lacking = lacking;
    this.#columns = columnsOf(target.projection).map(({ name }) => name);
    this.#fold = this.#newFold();
  }

  /** `client` is in the transaction of the snapshot. */
  static async begin(client: pg.ClientBase, target: Target): Promise<TableProof> {
    return new TableProof(target, await loadVector(client, target), await loadLacking(client, target));
  }

  /** From now on these keys are folded and compared. */
  beginPart(includes: (key: string) => boolean): void {
    this.#includes = includes;
    this.#fold = this.#newFold();
    this.verdict.events = 0;
  }

  add(slice: LogSlice): void {
    const next = this.verdict.vector.get(slice.partition) ?? 0;
    this.verdict.events += Math.max(0, Math.min(slice.to, next) - slice.from);
    for (const record of counted(slice, this.#lacking, next)) this.#fold.add(record.event, record);
  }

  /** Compares the rows of the part with what was folded. */
  async compare(client: pg.ClientBase): Promise<void> {
    const keyLength = Object.keys(this.target.projection.table.key).length;
    await eachRow(client, this.target, (row) => {
      const key = keyOf(row.slice(0, keyLength));
      if (!this.#includes(key)) return;
      this.verdict.rows += 1;
      if (!this.#fold.take(key, row)) this.#differs(key, row);
    });
    for (const key of this.#fold.left()) this.#differs(key, undefined);
  }

  /** The verdict, with the events that touch the first key that differs. */
  async end(options: VerifyOptions): Promise<Verdict> {
    if (!this.#first) return this.verdict;
    const { key, table } = this.#first;
    const { log, events } = await this.#logOf(key, options);
    return { ...this.verdict, first: { ...describe(this.target, this.#columns, table, log), events } };
  }

  #newFold(): SimpleFold {
    return new SimpleFold(this.target.projection, this.#columns, this.#includes);
  }

  #differs(key: string, table: PlainRow | undefined): void {
    this.verdict.differences += 1;
    if (!this.#first || key < this.#first.key) this.#first = { key, table };
  }

  /** What the log says of one key, and the events that touch it. */
  async #logOf(key: string, options: VerifyOptions): Promise<{ log: PlainRow | undefined; events: string[] }> {
    const { projection } = this.target;
    const { vector } = this.verdict;
    const fold = new SimpleFold(projection, this.#columns, (one) => one === key);
    const touching: { partition: number; offset: number }[] = [];
    let written: { row: PlainRow; place: EventContext } | undefined;
    await readLog({ to: vector }, options, (slice) => {
      for (const record of counted(slice, this.#lacking, vector.get(slice.partition))) {
        const found = emitted(projection, record.event, record).find((one) => one.key === key);
        if (!found) continue;
        if (!written || isBefore(record, written.place))
          written = { row: plain(found.row, this.#columns), place: record };
        fold.add(record.event, record);
        touching.push({ partition: record.partition, offset: record.offset });
      }
    });
    touching.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    const log = projection.kind === 'ledger' ? written?.row : fold.rowOf(key);
    return { log, events: touching.slice(0, MAX_EVENTS).map(placeOf) };
  }
}

function furthest(vectors: readonly Vector[]): Vector {
  const all = new Map<number, number>();
  for (const vector of vectors) {
    for (const [partition, next] of vector) all.set(partition, Math.max(all.get(partition) ?? 0, next));
  }
  return all;
}

async function countRows(pool: pg.Pool, target: Target): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`select count(*) as count from ${tableOf(target)}`);
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
