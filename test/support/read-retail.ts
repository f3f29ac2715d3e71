/** Reads a file the way an import does, without sending anything. */
import type { DocumentJson } from '../../dev/command-json.ts';
import { type CsvFile, openCsv } from '../../dev/import/csv-file.ts';
import type { Note } from '../../dev/import/notes.ts';
import { uciOnlineRetail } from '../../dev/import/uci-online-retail/format.ts';

export interface ReadFile {
  commands: DocumentJson[];
  notes: Note[];
  /** Header apart. */
  rows: number;
  damage: CsvFile['damage'];
}

export async function readRetail(path: string): Promise<ReadFile> {
  const file = await openCsv(path);
  const reader = uciOnlineRetail.createReader();
  const notes: Note[] = [];
  let rows = -1;
  for await (const batch of file.rows) {
    for (const row of batch) {
      rows += 1;
      const note = reader.read(row);
      if (note) notes.push(note);
    }
  }
  notes.push(...reader.finish(file.damage !== undefined));
  return { commands: [...reader.commands()], notes, rows, damage: file.damage };
}
