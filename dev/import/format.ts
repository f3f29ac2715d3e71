/** What an import needs to know about a kind of file. One reader reads one file. */
import type { DocumentJson } from '../command-json.ts';
import type { CsvRow } from './csv-file.ts';
import type { FaultReason, Note, SkipReason } from './notes.ts';

export interface ImportFormat {
  name: string;
  description: string;
  createReader(): FormatReader;
}

export interface FormatReader {
  /** Takes the next row, the header first. Notes are of this row. Throws DevError on a wrong header. */
  read(row: CsvRow): Note | undefined;
  /**
   * No more rows. `damaged`: the file broke off here, so that its last document may lack lines.
   * Notes are of lines that were held back.
   */
  finish(damaged: boolean): Note[];
  /** After `finish`: rows that became lines of commands. */
  readonly importableRows: number;
  /** After `finish`: one command a document, in order of appearance. */
  commands(): Iterable<DocumentJson>;
  /** The lines of the file that a command was made of. */
  linesOf(command: DocumentJson): { line: number; document: string }[];
}

/** How many rows were left out, by reason. */
export type NoteCounts = Partial<Record<SkipReason | FaultReason, number>>;
