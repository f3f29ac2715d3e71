/** `sales projection list` and `status`. */
import { setTimeout as delay } from 'node:timers/promises';
import { listAcceptedLosses } from '../../projections/accepted-losses.ts';
import { listHalts } from '../../projections/halts.ts';
import { openOperations } from '../../projections/operations.ts';
import { everything } from '../../projections/operator/names.ts';
import { isOperatorRunning } from '../../projections/operator/presence.ts';
import { type GenerationStanding, standings } from '../../projections/status.ts';
import { formatCount } from '../progress.ts';
import { table } from '../table.ts';
import { describeLosses, describeOperation, type Findings, problemsOf } from './problems.ts';
import { endIncomplete } from './request.ts';
import { type Named, noReadModels, type Session, withSession } from './session.ts';

const SAMPLE_MS = 1000;

interface Standing extends GenerationStanding {
  /** Of the last second. */
  eventsPerSecond: number;
}

export function list({ json }: Named): Promise<void> {
  return withSession(async ({ pool, names, config }) => {
    const found = await standings(pool, names.postgres.read, new Map(), Date.now());
    if (found.length === 0) throw noReadModels(config.namespace);
    const generations = found.map(({ projection, generation, version, status, label, verified }) => {
      return { projection, generation, version, status, label, verified };
    });
    if (json) process.stdout.write(`${JSON.stringify({ generations })}\n`);
    else
      process.stdout.write(table(['projection', 'generation', 'status', 'version', 'verified'], found.map(shortRow)));
  });
}

/** Ends with exit code 3 when something is not as it should be. */
export function status({ json }: Named): Promise<void> {
  return withSession(async (session) => {
    const { pool, names } = session;
    const schema = names.postgres.read;
    const { ends, generations } = await sample(session);
    const findings: Findings = {
      generations,
      halts: await listHalts(pool, schema),
      losses: await listAcceptedLosses(pool, schema),
      workers: await session.countWorkers(),
      operator: await isOperatorRunning(pool, schema),
      operations: await openOperations(pool, schema),
    };
    const problems = problemsOf(findings);
    if (json) process.stdout.write(`${JSON.stringify({ head: Object.fromEntries(ends), ...findings, problems })}\n`);
    else {
      const lines = [...problems, ...describeLosses(findings), ...findings.operations.map(describeOperation)];
      process.stdout.write(describe(generations, ends) + lines.map((line) => `\n${line}\n`).join(''));
    }
    if (problems.length > 0) endIncomplete();
  });
}

async function sample({ pool, names, logEnds }: Session) {
  const read = async (ends: ReadonlyMap<number, number>) => standings(pool, names.postgres.read, ends, Date.now());
  const before = await read(await logEnds());
  await delay(SAMPLE_MS);
  const ends = await logEnds();
  const generations = (await read(ends)).map((one): Standing => {
    const reached = reach(before.find(same(one)) ?? one);
    return { ...one, eventsPerSecond: Math.round(((reach(one) - reached) * 1000) / SAMPLE_MS) };
  });
  return { ends, generations };
}

function describe(generations: readonly Standing[], ends: ReadonlyMap<number, number>): string {
  const head = [...ends.values()].reduce((sum, end) => sum + end, 0);
  const heading = ['projection', 'generation', 'status', 'events', 'lag', 'lag s', 'events/s', 'parked', 'verified'];
  const rows = generations.map((one) => [
    one.projection,
    String(one.generation),
    statusOf(one),
    `${formatCount(reach(one))} of ${formatCount(head)}`,
    formatCount(one.lagEvents),
    // Of the age of what it lacks nothing is known before it has anything.
    reach(one) === 0 && one.lagEvents > 0 ? '-' : String(one.lagSeconds),
    formatCount(one.eventsPerSecond),
    lackedBy(one),
    verifiedOf(one),
  ]);
  return table(heading, rows);
}

function lackedBy({ parked, discarded, lost }: GenerationStanding): string {
  const more = [...(discarded > 0 ? [`${discarded} discarded`] : []), ...(lost > 0 ? [`${lost} lost`] : [])];
  return more.length > 0 ? `${parked} (${more.join(', ')})` : String(parked);
}

function same(one: GenerationStanding) {
  return ({ projection, generation }: GenerationStanding) =>
    projection === one.projection && generation === one.generation;
}

function reach({ positions }: GenerationStanding): number {
  return Object.values(positions).reduce((sum, next) => sum + next, 0);
}

function shortRow(one: GenerationStanding): string[] {
  return [one.projection, String(one.generation), statusOf(one), String(one.version), verifiedOf(one)];
}

/** Says when the tables were made by another version of the code: they stand still. */
function statusOf({ projection, status, label, version }: GenerationStanding): string {
  const isOutdated = kindOf(projection)?.version !== version && status !== 'as_of';
  return `${status.replace('_', '-')}${label ? ` ${label}` : ''}${isOutdated ? ', outdated' : ''}`;
}

function verifiedOf({ verified }: GenerationStanding): string {
  if (!verified) return 'never';
  const upTo = Object.values(verified.positions).reduce((sum, next) => sum + next, 0);
  const finding = verified.differences === 0 ? 'equal' : `${verified.differences} DIFFER`;
  return `${finding}, ${formatCount(upTo)} events, ${verified.at.toISOString().slice(0, 19)}`;
}

function kindOf(name: string) {
  return everything.find((projection) => projection.name === name);
}
