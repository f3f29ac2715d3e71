/**
 * Rebuild: new tables beside the live ones, filled from the log, kept level by the workers, proven against the log, and
 * only then live. Killed at any moment, it goes on where it was.
 */
import { inTransaction } from '../../platform/postgres/index.ts';
import { createGeneration, dropGenerations, handOver, listGenerations, promote } from '../generations.ts';
import { complete } from '../rebuild/complete.ts';
import { fill } from '../rebuild/fill.ts';
import { isTable, type Kept, type Target } from '../sql.ts';
import type { Execute, Execution } from './execution.ts';
import { emptyWindows, untilWindowsAreWhole } from './live-windows.ts';
import { projectionsIn, withStatus } from './names.ts';
import { proveAll } from './prove.ts';
import { createThrottle } from './throttle.ts';

/** What the log may grow by while the last part is folded, in events: the workers take it from there. */
const CLOSE = 2000;
const ROUNDS = 10;

/** `projections`: names; `promote`: false to leave the new generation ready; `throttleMs`: how far live figures may lag. */
export const rebuild: Execute = async (given, execution) => {
  const { names, pool } = execution;
  const schema = names.postgres.read;
  const wanted = projectionsIn(given);
  const started = Date.now();
  const generations = await startOrResume(wanted, execution);
  const targets = generations.filter(isTable);
  const events = await fillTables(targets, given.throttleMs, execution);
  await handOver(pool, schema, targets);
  await untilWindowsAreWhole(generations, execution);
  const proofs = await proveAll(generations, execution);
  const outcome = {
    generations: Object.fromEntries(generations.map(({ projection, generation }) => [projection.name, generation])),
    events,
    seconds: (Date.now() - started) / 1000,
    verified: proofs,
  };
  if (given.promote === false) return { ...outcome, promoted: false };
  execution.report({ step: 'promoting' });
  await promote(pool, schema, generations);
  return { ...outcome, promoted: true };
};

/** One generation a projection that is not live yet: a rebuild that was killed left it, or it is new. */
async function startOrResume(wanted: readonly Kept['projection'][], execution: Execution): Promise<Kept[]> {
  const { config, names, pool, report } = execution;
  const schema = names.postgres.read;
  report({ step: 'preparing' });
  const all = await listGenerations(pool, schema);
  const left: Kept[] = [];
  const generations: Kept[] = [];
  for (const projection of wanted) {
    const building = withStatus(
      all.filter(({ label }) => label === null),
      schema,
      projection,
      'building',
    );
    const stale = all.filter(
      ({ projection: name, status, label, generation }) =>
        name === projection.name &&
        label === null &&
        ['ready', 'building'].includes(status) &&
        generation !== building?.generation,
    );
    for (const { generation } of stale) left.push({ projection, schema, generation });
    if (building) generations.push(building);
  }
  if (left.length > 0) await dropGenerations(pool, schema, left);
  const fresh = wanted.filter((projection) => !generations.some((one) => one.projection === projection));
  const created = await inTransaction(pool, async (client) => {
    const made: Kept[] = [];
    for (const projection of fresh) {
      // Whoever keeps the window fills it from the log as well: a window without a fence is one that was lost.
      const status = projection.kind === 'window' ? 'ready' : 'building';
      made.push(await createGeneration(client, schema, projection, { status, partitions: config.partitions }));
    }
    return made;
  });
  await emptyWindows(created, execution);
  return [...generations, ...created];
}

/** Resolves to the number of events below which all tables are filled. */
async function fillTables(targets: readonly Target[], throttleMs: unknown, execution: Execution): Promise<number> {
  if (targets.length === 0) return 0;
  const { kafka, pool, logger, decode, names, report } = execution;
  const throttle = typeof throttleMs === 'number' ? createThrottle(execution, throttleMs) : undefined;
  const options = {
    kafka,
    pool,
    logger,
    decode,
    topic: names.topics.events,
    ...(throttle && { mayGoOn: throttle }),
    onProgress: (done: number, total: number) => report({ step: 'folding the log', done, total }),
  };
  let reached = total(await fill(targets, options));
  report({ step: 'indexing' });
  for (const target of targets) await complete(pool, target);
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = reached;
    reached = total(await fill(targets, options));
    if (reached - before < CLOSE) break;
  }
  return reached;
}

function total(vector: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const next of vector.values()) sum += next;
  return sum;
}
