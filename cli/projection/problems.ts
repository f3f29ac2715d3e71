/** What is not as it should be with the read models, in words that say what to do. */
import type { Halt } from '../../projections/halts.ts';
import type { Operation } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import type { GenerationStanding } from '../../projections/status.ts';
import { formatCount } from '../progress.ts';

export interface Findings {
  generations: readonly GenerationStanding[];
  halts: readonly Halt[];
  /** Projection workers that run. */
  workers: number;
  /** Whether an operator runs. */
  operator: boolean;
  /** Operations that wait or are under way. */
  operations: readonly Operation[];
}

const START = 'Start everything with: npm start';

/** One line each; none when all is well. */
export function problemsOf({ generations, halts, workers, operator, operations }: Findings): string[] {
  const live = generations.filter(({ status }) => status === 'live');
  return [
    ...(workers === 0 ? [`No projection worker runs: all figures stand still. ${START}`] : []),
    ...halts.map(describeHalt),
    ...everything.flatMap((projection) => outdated(projection, live, operations)),
    ...parked(live),
    ...live.flatMap(differing),
    ...(operator ? [] : [`No operator runs: rebuilds and all else that is asked of it wait. ${START}`]),
  ];
}

/** Of an operation that waits or is under way. */
export function describeOperation({ id, kind, status, progress, arguments: given }: Operation): string {
  const of = projectionsIn(given);
  const name = `${kind} ${id}${of.length > 0 ? ` of ${of.join(', ')}` : ''}`;
  if (status === 'queued') return `Waiting: ${name}`;
  const { step = 'beginning', done, total } = progress ?? {};
  const count =
    done === undefined || total === undefined ? '' : `, ${formatCount(done)} of ${formatCount(total)} events`;
  return `Under way: ${name}: ${step}${count}`;
}

function describeHalt({ partition, since, detail, lost }: Halt): string {
  const advice = lost
    ? `Or go on without what is gone: sales projection accept-loss ${partition} --reason "…"`
    : 'It goes on by itself when the cause is gone.';
  return `Partition ${partition} has halted since ${since.toISOString()}: ${detail.replace(/\.?$/, '.')} ${advice}`;
}

function outdated(
  { name, version }: { name: string; version: number },
  live: readonly GenerationStanding[],
  operations: readonly Operation[],
): string[] {
  const made = live.find(({ projection }) => projection === name)?.version;
  if (made === version) return [];
  const rebuild = operations.find(({ kind, arguments: given }) => {
    return kind === 'rebuild' && projectionsIn(given).includes(name);
  });
  const advice = rebuild ? `Rebuild ${rebuild.id} will mend that.` : `Rebuild it: sales projection rebuild ${name}`;
  if (made === undefined) return [`${name} is new and has no tables yet. ${advice}`];
  return [
    `The figures of ${name} stand still: version ${made} of its code made them, and this is version ${version}. ${advice}`,
  ];
}

function parked(live: readonly GenerationStanding[]): string[] {
  const lacking = live.filter(({ parked: count }) => count > 0);
  if (lacking.length === 0) return [];
  const counts = lacking.map(({ projection, parked: count }) => `${projection} ${formatCount(count)}`);
  return [`Figures lack events that could not be folded: ${counts.join(', ')}. See which: sales dlq list`];
}

function differing({ projection, verified }: GenerationStanding): string[] {
  if (!verified || verified.differences === 0) return [];
  const found = `${formatCount(verified.differences)} rows of ${projection} differed from the log`;
  return [`${found} on ${verified.at.toISOString()}. Rebuild it: sales projection rebuild ${projection}`];
}

function projectionsIn({ projections }: Operation['arguments']): string[] {
  return Array.isArray(projections) ? projections.map(String) : [];
}
