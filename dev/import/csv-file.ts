/**
 * Reads a CSV file, gzipped or plain, row by row with line numbers, and brings in what is readable of a damaged one.
 * A row is one line: fields hold no line breaks.
 */
import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { DevError } from '../dev-error.ts';
import { UNCLOSED, UnclosedLines } from './unclosed-lines.ts';

export interface CsvRow {
  /** Line in the (decompressed) file, counted from 1, header included. */
  line: number;
  fields: string[];
  /** Why the row cannot be read; its fields are the line cut at the commas then. */
  problem?: string;
}

export interface CsvFile {
  /** Size on disk, in bytes. */
  size: number;
  /** How much of it was read so far, in bytes. */
  bytesRead: number;
  /** Set once all rows are out, when the file could not be read to its end. */
  damage: { afterLine: number; message: string } | undefined;
  /** Rows in order, in batches, the header row first. Read it once. */
  rows: AsyncIterable<CsvRow[]>;
}

/** In bytes. A longer one is no row of a CSV file. */
const LONGEST_ROW = 1024 * 1024;

/** Throws {@link DevError} when there is no such file. */
export async function openCsv(path: string): Promise<CsvFile> {
  const { size } = await statOf(path);
  const file: CsvFile = { size, bytesRead: 0, damage: undefined, rows: rowsOf() };
  return file;

  async function* rowsOf(): AsyncGenerator<CsvRow[]> {
    let batch: CsvRow[] = [];
    let line = 0;
    const unclosed = new UnclosedLines();
    const parser = parse({
      bom: true,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: LONGEST_ROW,
      on_record: (fields: string[], { lines }) => {
        line = lines;
        const raw = unclosed.take(fields);
        batch.push(raw === undefined ? { line, fields } : { line, fields: raw.split(','), problem: UNCLOSED });
        return null;
      },
    });
    parser.resume();
    let damage: Error | undefined;
    const damaged = (error: Error) => {
      damage ??= error;
    };
    for await (const chunk of wholeLines(decompressed(counted()), damaged)) {
      const error = await feed(parser, unclosed.sealed(chunk));
      if (error) damaged(error);
      if (error) break;
      yield batch;
      batch = [];
    }
    if (!parser.destroyed) {
      const error = await finish(parser);
      if (error) damaged(error);
    }
    if (damage) file.damage = { afterLine: line, message: describe(damage) };
    if (batch.length > 0) yield batch;
  }

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(path, { highWaterMark: 128 * 1024 })) {
      file.bytesRead += chunk.length;
      yield chunk;
    }
  }
}

async function statOf(path: string): Promise<Stats> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (cause) {
    throw new DevError(`Cannot read ${path}: there is no such file.`, 'Check the path.', { cause });
  }
  if (!stats.isFile()) throw new DevError(`Cannot read ${path}: it is not a file.`, 'Give the path of a CSV file.');
  return stats;
}

/** Known by its first two bytes, not by the file's name. Throws what zlib says, after everything before it is out. */
async function* decompressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let gunzip: Transform | undefined;
  let inflated: Buffer[] = [];
  let first = true;
  for await (const chunk of chunks) {
    if (first && chunk[0] === 0x1f && chunk[1] === 0x8b) {
      gunzip = createGunzip();
      gunzip.on('data', (data: Buffer) => inflated.push(data));
    }
    first = false;
    if (!gunzip) {
      yield chunk;
      continue;
    }
    const error = await feed(gunzip, chunk);
    yield* inflated;
    inflated = [];
    if (error) throw error;
  }
  if (!gunzip) return;
  const error = await finish(gunzip);
  yield* inflated;
  if (error) throw error;
}

/** Holds each chunk back to its last line break, so that damage never leaves half a line that looks like a whole one. */
async function* wholeLines(chunks: AsyncIterable<Buffer>, damaged: (error: Error) => void): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      const end = chunk.lastIndexOf(0x0a) + 1;
      if (end > 0) yield Buffer.concat([rest, chunk.subarray(0, end)]);
      rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk]);
    }
  } catch (error) {
    damaged(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (rest.length > 0) yield rest;
}

/** Resolves when the chunk has gone through, with the error that it met, if any. */
function feed(transform: Transform, chunk: Buffer): Promise<Error | undefined> {
  return settle(transform, (done) => transform.write(chunk, done));
}

function finish(transform: Transform): Promise<Error | undefined> {
  return settle(transform, (done) => {
    transform.once('end', done);
    transform.end();
  });
}

function settle(transform: Transform, act: (done: (error?: Error | null) => void) => void): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const settled = (error?: Error | null) => {
      // A failing stream calls back before it emits: whoever listens last would crash the process.
      if (!error) transform.off('error', settled);
      resolve(error ?? undefined);
    };
    transform.on('error', settled);
    act(settled);
  });
}

function describe(error: Error & { code?: string }): string {
  if (error.code === 'Z_BUF_ERROR') return 'the gzip file is cut off (truncated)';
  if (error.code?.startsWith('Z_')) return `the gzip file is corrupt (${error.message})`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') return 'a line is longer than any row, 1 MB';
  return error.message;
}
