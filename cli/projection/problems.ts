/** What is not as it should be with the read models, in words that say what to do. */
import { type AcceptedLoss, describeLoss } from '../../projections/accepted-losses.ts';
import type { Halt } from '../../projections/halts.ts';
import type { Operation } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import type { GenerationStanding } from '../../projections/status.ts';
import { formatCount } from '../progress.ts';

export interface Findings {
  generations: readonly GenerationStanding[];
  halts: readonly Halt[];
  /** Losses that were accepted. */
  losses: readonly AcceptedLoss[];
  /** Projection workers that run. */
  workers: number;
  /** Whether an operator runs. */
  operator: boolean;
  /** Operations that wait or are under way. */
  operations: readonly Operation[];
}

const START = 'Start everything with: npm start';

/** One line each; none when all is well. */
export function problemsOf({ generations, halts, losses, workers, operator, operations }: Findings): string[] {
  const live = generations.filter(({ status }) => status === 'live');
  return [
    ...(workers === 0 ? [`No projection worker runs: all figures stand still. ${START}`] : []),
    ...halts.map(describeHalt),
    ...everything.flatMap((projection) => outdated(projection, live, operations)),
    ...parked(live),
    ...live.flatMap((one) => differing(one, losses)),
    ...(operator ? [] : [`No operator runs: rebuilds and all else that is asked of it wait. ${START}`]),
  ];
}

/** What was accepted as lost, and how much of it the live figures lack: nothing is to be done about it. */
export function describeLosses({ generations, losses }: Pick<Findings, 'generations' | 'losses'>): string[] {
  if (losses.length === 0) return [];
  const accepted = losses.map((one) => `${describeLoss(one)} (${one.reason})`);
  const lacking = generations.filter(({ status, lost }) => status === 'live' && lost > 0);
  const counts = lacking.map(({ projection, lost }) => `${projection} ${formatCount(lost)}`);
  const lack =
    counts.length > 0 ? `Figures lack of it: ${counts.join(', ')}` : 'Figures lack nothing of it until a rebuild';
  return [`Accepted as lost: ${accepted.join(', ')}. ${lack}.`];
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

function differing({ projection, verified }: GenerationStanding, losses: readonly AcceptedLoss[]): string[] {
  if (!verified || verified.differences === 0) return [];
  const found = `${formatCount(verified.differences)} rows of ${projection} differed from the log`;
  const earlier = losses.filter(({ acceptedAt }) => acceptedAt <= verified.at).map(describeLoss);
  const why = earlier.length > 0 ? ` The log has lost ${earlier.join(', ')}, which may be why.` : '';
  return [`${found} on ${verified.at.toISOString()}.${why} Rebuild it: sales projection rebuild ${projection}`];
}

function projectionsIn({ projections }: Operation['arguments']): string[] {
  return Array.isArray(projections) ? projections.map(String) : [];
}
