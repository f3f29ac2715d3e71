/** `sales projection rebuild --dry-run`. */
import { listOperations, type Operation } from '../../projections/operations.ts';
import { describeSeconds, formatCount } from '../progress.ts';
import type { Named, Session } from './session.ts';

/** What a rebuild makes of one processor core, until it is measured on this machine. */
const ASSUMED_PER_SECOND = 25_000;

export async function predict(
  { pool, names, logEnds }: Session,
  projections: string[],
  { json }: Named,
): Promise<void> {
  const events = [...(await logEnds()).values()].reduce((sum, end) => sum + end, 0);
  const done = await listOperations(pool, names.postgres.read, 100);
  const last = done.find((one) => isMeasured(one) && isOf(projections, one));
  const perSecond = last ? Number(last.outcome?.events) / Number(last.outcome?.seconds) : ASSUMED_PER_SECOND;
  const seconds = events / perSecond;
  const basis = last ? `as rebuild ${last.id} here` : 'assumed: these were not rebuilt here together yet';
  if (json) process.stdout.write(`${JSON.stringify({ projections, events, perSecond, seconds, basis })}\n`);
  else {
    process.stdout.write(
      `${projections.join(', ')}: ${formatCount(events)} events, about ${describeSeconds(seconds)} ` +
        `at ${formatCount(perSecond)} a second (${basis}). Nothing was changed.\n`,
    );
  }
}

function isMeasured({ kind, status, outcome }: Operation): boolean {
  return kind === 'rebuild' && status === 'done' && Number(outcome?.events) > 1000 && Number(outcome?.seconds) > 0;
}

/** One that is folded alone is several times faster than all together. */
function isOf(projections: readonly string[], { arguments: given }: Operation): boolean {
  const others = new Set(Array.isArray(given.projections) ? given.projections.map(String) : []);
  return others.size === projections.length && projections.every((name) => others.has(name));
}
