/**
 * Rebuild: new tables beside the live ones, filled from the log, kept level by the workers, proven against the log, and
 * only then live. Killed at any moment, it goes on where it was.
 */
import type pg from 'pg';
import { inTransaction } from '../../platform/postgres/index.ts';
import { dropGenerations, handOver, promote } from '../generation-changes.ts';
import {
  createGeneration,
  type GenerationStatus,
  listGenerations,
  lockGenerations,
  requireThere,
} from '../generations.ts';
import { complete } from '../rebuild/complete.ts';
import { fill } from '../rebuild/fill.ts';
import { isTable, type Kept, quote, type Target } from '../sql.ts';
import type { Execute, Execution } from './execution.ts';
import { dropLeftWindows, untilWindowsAreWhole } from './live-windows.ts';
import { projectionsIn } from './names.ts';
import { proveAll } from './prove.ts';
import { createThrottle, type Throttle } from './throttle.ts';

/** What the log may grow by while the last part is folded, in events: the workers take it from there. */
const CLOSE = 2000;
const ROUNDS = 10;

/** `projections`: names; `promote`: false to leave the new generation ready; `throttleMs`: how far live figures may lag. */
export const rebuild: Execute = async (given, execution) => {
  const { names, pool, startedAt } = execution;
  const schema = names.postgres.read;
  const wanted = projectionsIn(given);
  const tables = await startTables(wanted, execution);
  // What is ready was handed over before this was interrupted: only the workers write to it.
  const unfilled = tables.flatMap(({ kept, status }) => (status === 'building' && isTable(kept) ? [kept] : []));
  const throttle = typeof given.throttleMs === 'number' ? createThrottle(execution, given.throttleMs) : undefined;
  await fillTables(unfilled, throttle, execution).catch(async (error) => {
    await requireThere(pool, schema, unfilled);
    throw error;
  });
  // Nobody but the workers fills windows: they begin where the live ones are, so that no worker has to go back for them.
  let windows: Started[] = [];
  await handOver(pool, schema, unfilled, async (client) => {
    windows = await startOrResume(client, wanted.filter(isWindow), 'ready', execution);
  });
  const generations = [...tables, ...windows].map(({ kept }) => kept);
  await untilWindowsAreWhole(generations, execution);
  const verified = await proveAll(generations, execution, 'It was not promoted.', throttle);
  const outcome = {
    generations: Object.fromEntries(generations.map(({ projection, generation }) => [projection.name, generation])),
    events: await countEvents(generations, execution),
    seconds: (Date.now() - startedAt) / 1000,
    verified,
  };
  if (given.promote === false) return { ...outcome, promoted: false };
  execution.report({ step: 'promoting' });
  const promoted = { ...outcome, promoted: true };
  await promote(pool, schema, generations, (client) => execution.finish(client, promoted));
  await dropLeftWindows(execution);
  return promoted;
};

interface Started {
  kept: Kept;
  status: GenerationStatus;
}

async function startTables(wanted: readonly Kept['projection'][], execution: Execution): Promise<Started[]> {
  const { names, pool, report } = execution;
  report({ step: 'preparing' });
  await dropUnfinished(wanted, execution);
  return inTransaction(pool, async (client) => {
    await lockGenerations(client, names.postgres.read);
    return startOrResume(
      client,
      wanted.filter((one) => !isWindow(one)),
      'building',
      execution,
    );
  });
}

/** One generation a projection: what this operation made before it was interrupted, or a fresh one with that status. */
async function startOrResume(
  client: pg.ClientBase,
  wanted: readonly Kept['projection'][],
  status: GenerationStatus,
  { config, names, operation }: Execution,
): Promise<Started[]> {
  const schema = names.postgres.read;
  const own = (await listGenerations(client, schema)).filter((one) => one.operation === operation);
  const options = { status, operation, partitions: config.partitions };
  const started: Started[] = [];
  for (const projection of wanted) {
    const found = own.find((one) => one.projection === projection.name && one.version === projection.version);
    started.push(
      found
        ? { kept: { projection, schema, generation: found.generation }, status: found.status }
        : { kept: await createGeneration(client, schema, projection, options), status },
    );
  }
  return started;
}

function isWindow({ kind }: Kept['projection']): boolean {
  return kind === 'window';
}

/** What other rebuilds left: they have failed, were not promoted, or were of another version of the code. */
async function dropUnfinished(wanted: readonly Kept['projection'][], execution: Execution) {
  const { names, pool, operation } = execution;
  const schema = names.postgres.read;
  const all = await listGenerations(pool, schema);
  const left = wanted.flatMap((projection) =>
    all
      .filter((one) => one.projection === projection.name && one.label === null)
      .filter((one) => ['ready', 'building'].includes(one.status))
      .filter((one) => one.operation !== operation || one.version !== projection.version)
      .map(({ generation }): Kept => ({ projection, schema, generation })),
  );
  if (left.length === 0) return;
  await dropGenerations(pool, schema, left);
  // Their numbers are given again.
  await dropLeftWindows(execution);
}

/** Folds the log into the tables, until they are so close to its end that the workers can take them over. */
async function fillTables(
  targets: readonly Target[],
  throttle: Throttle | undefined,
  execution: Execution,
): Promise<void> {
  if (targets.length === 0) return;
  const { kafka, pool, logger, decode, names, report } = execution;
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
}

/** Events that the first of the tables has. */
async function countEvents(generations: readonly Kept[], { names, pool }: Execution): Promise<number> {
  const first = generations.find(isTable);
  const { rows } = await pool.query<{ events: number }>(
    `select coalesce(sum(next_offset), 0)::bigint as events from ${quote(names.postgres.read)}.checkpoints
     where projection = $1 and generation = $2`,
    [first?.projection.name, first?.generation],
  );
  return rows[0]?.events ?? 0;
}

function total(vector: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const next of vector.values()) sum += next;
  return sum;
}
