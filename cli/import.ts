/** `sales import`: real data from a file, through the command side. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Command, Option } from 'commander';
import { DevError } from '../dev/dev-error.ts';
import type { ImportFormat } from '../dev/import/format.ts';
import type { Note } from '../dev/import/notes.ts';
import { isComplete, runImport } from '../dev/import/run-import.ts';
import { uciOnlineRetail } from '../dev/import/uci-online-retail/format.ts';
import { type ExitCode, exitCodes } from './exit.ts';
import { describeImport, FaultList } from './import-summary.ts';
import { interruptible } from './interrupt.ts';
import { createProgress } from './progress.ts';
import { commandApi, settings } from './services.ts';

const formats: ImportFormat[] = [uciOnlineRetail];

interface Options {
  format: string;
  report?: string;
  dryRun?: boolean;
  commands?: string;
  json?: boolean;
}

export function importCommand(): Command {
  return new Command('import')
    .description('Import sales and returns from a CSV file, gzipped or plain. The same import again changes nothing.')
    .argument('<file>', 'the file')
    .addOption(
      new Option('--format <name>', formats.map(({ name, description }) => `${name} (${description})`).join('; '))
        .choices(formats.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .option('--report <file>', 'write every line that is not in the log, with its number and why, as CSV')
    .option('--dry-run', 'read and check the file, send nothing')
    .option('--commands <url>', 'base URL of the command API (default: the running one)')
    .option('--json', 'one line of JSON on standard output; progress as JSON lines on standard error')
    .action(async (file: string, options: Options) => {
      process.exitCode = await importFile(file, options);
    });
}

async function importFile(path: string, options: Options): Promise<ExitCode> {
  const format = formats.find(({ name }) => name === options.format) ?? uciOnlineRetail;
  const { json, dryRun } = options;
  const commandsUrl = dryRun ? '' : await commandApi(options.commands);
  const report = options.report ? openReport(options.report) : undefined;
  const faults = new FaultList();
  const reading = createProgress({ label: 'Reading', unit: 'rows', json });
  let sending = reading;
  const signal = interruptible(() =>
    sending.say('Stopping: waiting for the answers on their way. Ctrl-C again to end at once.'),
  );
  try {
    const summary = await runImport({
      path,
      format,
      commandsUrl,
      apiKey: dryRun ? undefined : settings().apiKey,
      dryRun,
      signal,
      observer: {
        reading: (rows, fraction) => reading.update(rows, fraction > 0 ? rows / fraction : rows),
        sending: (done, total) => {
          if (sending === reading) {
            reading.stop();
            sending = createProgress({ label: 'Sending', unit: 'rows', json });
          }
          sending.update(done, total);
        },
        note: (note) => {
          report?.write(note);
          faults.add(note);
        },
        retry: (reason, delayMs) => sending.say(`Command API lost (${reason}), trying again in ${delayMs} ms.`),
      },
    });
    sending.stop();
    const complete = isComplete(summary);
    process.stdout.write(
      json
        ? `${JSON.stringify({ import: path, format: format.name, dryRun: dryRun === true, complete, ...summary, faults: faults.list() })}\n`
        : describeImport(path, summary, faults, { dryRun: dryRun === true, report: options.report }),
    );
    if (summary.interrupted) return exitCodes.interrupted;
    return complete ? exitCodes.done : exitCodes.incomplete;
  } finally {
    sending.stop();
    report?.close();
  }
}

/** CSV: line, invoice, reason, detail. */
function openReport(path: string): { write(note: Note): void; close(): void } {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (cause) {
    throw new DevError(`Cannot write the report to ${path}.`, 'Give a file in a folder that exists and is yours.', {
      cause,
    });
  }
  writeSync(file, 'line,invoice,reason,detail\n');
  return {
    write: ({ line, invoice, reason, detail }) =>
      writeSync(file, `${line},${quoted(invoice)},${reason},${quoted(detail)}\n`),
    close: () => closeSync(file),
  };
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
