/** An import's result, for a person. */
import { faultReasons, type Note, skipReasons } from '../dev/import/notes.ts';
import type { ImportSummary, Tally } from '../dev/import/run-import.ts';
import { describeSeconds, formatCount } from './progress.ts';

export interface Fault {
  reason: string;
  detail: string;
  lines: number[];
}

const MOST_FAULTS = 20;

/** What went wrong, lines with the same cause together; the first 20 causes, so that a bad file can't fill the memory. */
export class FaultList {
  private readonly faults = new Map<string, Fault>();

  add({ reason, detail, line }: Note): void {
    if (!(reason in faultReasons)) return;
    const key = `${reason}: ${detail}`;
    const known = this.faults.get(key);
    if (known) known.lines.push(line);
    else if (this.faults.size < MOST_FAULTS) this.faults.set(key, { reason, detail, lines: [line] });
  }

  list(): Fault[] {
    return [...this.faults.values()];
  }
}

export function describeImport(
  path: string,
  summary: ImportSummary,
  faults: FaultList,
  options: { dryRun: boolean; report?: string | undefined },
): string {
  const { rows, seconds, notes, damage, interrupted } = summary;
  const out = [headline(path, summary, options.dryRun), ''];
  const figure = (count: number, text: string) => out.push(`${formatCount(count).padStart(10)}  ${text}`);
  figure(rows, `rows read in ${describeSeconds(seconds)} (${formatCount(rows / Math.max(seconds, 0.001))} rows/s)`);
  if (options.dryRun) figure(summary.importableRows, 'are lines of sales and returns');
  else {
    tally(figure, summary.sales, 'sales');
    tally(figure, summary.returns, 'returns');
  }
  for (const [reason, text] of Object.entries({ ...skipReasons, ...faultReasons })) {
    const count = notes[reason as keyof typeof notes];
    if (count) figure(count, `${count === 1 ? 'line' : 'lines'} left out: ${text}`);
  }
  const list = faults.list();
  if (list.length > 0) out.push('', 'To put right:', ...list.map(describeFault));
  if (list.length === MOST_FAULTS) out.push('  and maybe more.');
  if (damage) {
    out.push('', `The file is damaged after line ${formatCount(damage.afterLine)}: ${damage.message}.`);
    out.push('What comes before it is imported. Get a whole copy and import it again: nothing is counted twice.');
  }
  if (interrupted) out.push('', 'Interrupted. The same import again brings the rest.');
  if (options.report) out.push('', `Every line left out, with its number: ${options.report}`);
  else if (Object.keys(notes).length > 0)
    out.push('', 'For every line left out, with its number, add: --report lines.csv');
  return `${out.join('\n')}\n`;
}

function headline(path: string, { sales, returns, interrupted }: ImportSummary, dryRun: boolean): string {
  if (dryRun) return `Checked ${path}, sent nothing.`;
  if (interrupted) return `Imported a part of ${path}.`;
  const there = sales.alreadyThere + returns.alreadyThere;
  if (there > 0 && sales.recorded + sales.rejected + returns.recorded + returns.rejected === 0) {
    return `Nothing changed: ${path} was imported before, all of it is there already.`;
  }
  return `Imported ${path}.`;
}

function tally(
  figure: (count: number, text: string) => void,
  { recorded, alreadyThere, rejected }: Tally,
  what: string,
) {
  figure(recorded, `${what} recorded`);
  if (alreadyThere > 0) figure(alreadyThere, `${what} already there`);
  if (rejected > 0) figure(rejected, `${what} refused`);
}

function describeFault({ detail, lines }: Fault): string {
  const [first] = lines;
  const last = lines.at(-1);
  const where = lines.length === 1 ? `line ${first}` : `lines ${first}-${last}`;
  return `  ${where}: ${detail}`;
}
