/** Imports a file through the command API: reads it, sends what it holds, and sums up what became of it. */
import { sendCommands } from '../command-client.ts';
import { type DocumentJson, describeProblem, domainIdOf, type Outcome } from '../command-json.ts';
import { openCsv } from './csv-file.ts';
import type { FormatReader, ImportFormat, NoteCounts } from './format.ts';
import { faultReasons, type Note } from './notes.ts';

export interface ImportOptions {
  path: string;
  format: ImportFormat;
  /** Base URL of the command API. */
  commandsUrl: string;
  apiKey?: string | undefined;
  /** Reads and checks, sends nothing. */
  dryRun?: boolean;
  /** Ends early; what was sent stays, and the same import again brings the rest. */
  signal?: AbortSignal;
  observer: ImportObserver;
}

/** What an import tells while it runs. */
export interface ImportObserver {
  /** `fraction` of the file is read, from 0 to 1. */
  reading(rows: number, fraction: number): void;
  sending(rowsDone: number, rows: number): void;
  /** A line that is not in the log, as soon as that is known. */
  note(note: Note): void;
  retry(reason: string, delayMs: number): void;
}

export interface Tally {
  recorded: number;
  alreadyThere: number;
  rejected: number;
}

export interface ImportSummary {
  /** Rows read, header apart. */
  rows: number;
  /** Rows that are lines of sales and returns. */
  importableRows: number;
  sales: Tally;
  returns: Tally;
  /** Rows that are not in the log, by reason. */
  notes: NoteCounts;
  /** The file could not be read to its end. */
  damage?: { afterLine: number; message: string };
  interrupted: boolean;
  seconds: number;
}

export async function runImport(options: ImportOptions): Promise<ImportSummary> {
  const start = performance.now();
  const { format, observer, signal } = options;
  const notes: NoteCounts = {};
  const note = (one: Note) => {
    notes[one.reason] = (notes[one.reason] ?? 0) + 1;
    observer.note(one);
  };
  const reader = format.createReader();
  const { rows, damage, cutShort } = await readAll(options, reader, note);
  const sales: Tally = { recorded: 0, alreadyThere: 0, rejected: 0 };
  const returns: Tally = { recorded: 0, alreadyThere: 0, rejected: 0 };
  let rowsDone = 0;
  if (!options.dryRun && !signal?.aborted) {
    const sending = { apiKey: options.apiKey, signal, onRetry: observer.retry };
    for await (const { command, outcome } of sendCommands(options.commandsUrl, reader.commands(), sending)) {
      count(command.type === 'RecordSale' ? sales : returns, outcome);
      if (outcome.outcome !== 'accepted') rejectedLines(reader, command, outcome).forEach(note);
      rowsDone += command.lines.length;
      observer.sending(rowsDone, reader.importableRows);
    }
  }
  return {
    rows,
    importableRows: reader.importableRows,
    sales,
    returns,
    notes,
    ...(damage ? { damage } : {}),
    interrupted: cutShort || (signal?.aborted === true && rowsDone < reader.importableRows),
    seconds: (performance.now() - start) / 1000,
  };
}

/** Whether everything that the file holds is in the log now. */
export function isComplete({ notes, damage, interrupted }: ImportSummary): boolean {
  return !damage && !interrupted && !Object.keys(notes).some((reason) => reason in faultReasons);
}

async function readAll(
  { path, observer, signal }: ImportOptions,
  reader: FormatReader,
  note: (note: Note) => void,
): Promise<{ rows: number; damage?: ImportSummary['damage']; cutShort: boolean }> {
  const file = await openCsv(path);
  // The header is none.
  let rows = -1;
  for await (const batch of file.rows) {
    if (signal?.aborted) return { rows: Math.max(rows, 0), cutShort: true };
    for (const row of batch) {
      rows += 1;
      const found = reader.read(row);
      if (found) note(found);
    }
    observer.reading(Math.max(rows, 0), file.bytesRead / file.size);
  }
  reader.finish(file.damage !== undefined).forEach(note);
  return { rows: Math.max(rows, 0), damage: file.damage, cutShort: false };
}

function count(tally: Tally, outcome: Outcome): void {
  if (outcome.outcome !== 'accepted') tally.rejected += 1;
  else if (outcome.repeated) tally.alreadyThere += 1;
  else tally.recorded += 1;
}

function rejectedLines(
  reader: FormatReader,
  command: DocumentJson,
  outcome: Exclude<Outcome, { outcome: 'accepted' }>,
): Note[] {
  const why = outcome.outcome === 'rejected' ? `${outcome.code}: ${outcome.detail}` : describeProblem(outcome.problem);
  const detail = `${domainIdOf(command)}: ${why}`;
  return reader.linesOf(command).map(({ line, document }) => ({ line, invoice: document, reason: 'rejected', detail }));
}
