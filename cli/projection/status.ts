/** `sales projection list` and `status`. */
import { setTimeout as delay } from 'node:timers/promises';
import { listHalts } from '../../projections/halts.ts';
import { everything } from '../../projections/operator/names.ts';
import { type GenerationStanding, standings } from '../../projections/status.ts';
import { formatCount } from '../progress.ts';
import { table } from '../table.ts';
import { type Named, type Session, withSession } from './session.ts';

const SAMPLE_MS = 1000;

export function list({ json }: Named): Promise<void> {
  return withSession(async (session) => {
    const found = await read(session);
    if (json) process.stdout.write(`${JSON.stringify({ generations: found })}\n`);
    else
      process.stdout.write(table(['projection', 'generation', 'status', 'version', 'verified'], found.map(shortRow)));
  });
}

export function status({ json }: Named): Promise<void> {
  return withSession(async (session) => {
    const before = await read(session);
    await delay(SAMPLE_MS);
    const ends = await session.logEnds();
    const found = (await standings(session.pool, session.names.postgres.read, ends, Date.now())).map((one) => ({
      ...one,
      eventsPerSecond: Math.round(((reach(one) - reach(before.find(same(one)) ?? one)) * 1000) / SAMPLE_MS),
    }));
    const head = [...ends.values()].reduce((sum, end) => sum + end, 0);
    const halts = await listHalts(session.pool, session.names.postgres.read);
    if (json) {
      process.stdout.write(`${JSON.stringify({ head: Object.fromEntries(ends), generations: found, halts })}\n`);
      return;
    }
    const heading = ['projection', 'generation', 'status', 'events', 'lag', 'lag s', 'events/s', 'parked', 'verified'];
    const rows = found.map((one) => [
      one.projection,
      String(one.generation),
      statusOf(one),
      `${formatCount(reach(one))} of ${formatCount(head)}`,
      formatCount(one.lagEvents),
      String(one.lagSeconds),
      formatCount(one.eventsPerSecond),
      one.discarded > 0 ? `${one.parked} (${one.discarded} discarded)` : String(one.parked),
      verifiedOf(one),
    ]);
    process.stdout.write(table(heading, rows));
    for (const { partition, since, detail } of halts) {
      process.stdout.write(`Partition ${partition} has halted since ${since.toISOString()}: ${detail}\n`);
    }
  });
}

async function read({ pool, names, logEnds }: Session): Promise<GenerationStanding[]> {
  return standings(pool, names.postgres.read, await logEnds(), Date.now());
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

/** Says when the live tables were made by another version of the code: they stand still. */
function statusOf({ projection, status, label, version }: GenerationStanding): string {
  const code = everything.find(({ name }) => name === projection)?.version;
  const behind = code !== version && status !== 'as_of' ? `, behind its code (${code ?? 'gone'}): rebuild it` : '';
  return `${status.replace('_', '-')}${label ? ` ${label}` : ''}${behind}`;
}

function verifiedOf({ verified }: GenerationStanding): string {
  if (!verified) return 'never';
  const upTo = Object.values(verified.positions).reduce((sum, next) => sum + next, 0);
  const finding = verified.differences === 0 ? 'equal' : `${verified.differences} DIFFER`;
  return `${finding}, ${formatCount(upTo)} events, ${verified.at.toISOString().slice(0, 19)}`;
}
