/**
 * Time travel: tables as they stood where the log stood at some moment, under a label, in a schema of views that looks
 * like the live one to whoever reads.
 */
import type pg from 'pg';
import { asOfSchema, isLabel } from '../../platform/names.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { projections } from '../catalogue.ts';
import { dropGenerations, freeze } from '../generation-changes.ts';
import { createGeneration, type Generation, listGenerations, lockGenerations, requireThere } from '../generations.ts';
import { complete } from '../rebuild/complete.ts';
import { fill } from '../rebuild/fill.ts';
import { createView, quote, type Target } from '../sql.ts';
import { type Execute, type Execution, isPassing, OperationError } from './execution.ts';
import { vectorIn } from './moment.ts';
import { proveAll } from './prove.ts';

/** Each is a full set of tables. */
const MOST = 5;

/** `label`; and `time` or `vector`, as in `moment.ts`. */
export const asOf: Execute = async (given, execution) => {
  const { names, pool, logger } = execution;
  const schema = names.postgres.read;
  const label = labelIn(given);
  // Before there are tables: what can't be done makes none.
  const vector = await vectorIn(given, execution);
  const targets = await startOrResume(label, vector, execution);
  return make(label, vector, targets, execution).catch(async (error) => {
    // What was interrupted is resumed with the tables as they are.
    if (execution.signal.aborted || isPassing(error)) throw error;
    await requireThere(pool, schema, targets);
    await dropGenerations(pool, schema, targets).catch((err) =>
      logger.warn({ err, label }, 'left to be dropped later'),
    );
    throw error;
  });
};

async function make(
  label: string,
  vector: ReadonlyMap<number, number>,
  targets: readonly Target[],
  execution: Execution,
): Promise<Record<string, unknown>> {
  const { names, pool, kafka, logger, decode, report } = execution;
  const schema = names.postgres.read;
  const options = { kafka, pool, logger, decode, topic: names.topics.events };
  const onProgress = (done: number, total: number) => report({ step: 'folding the log', done, total });
  await fill(targets, { ...options, onProgress }, vector);
  report({ step: 'indexing' });
  for (const target of targets) await complete(pool, target);
  const verified = await proveAll(targets, execution, `Nothing is kept under ${label}.`);
  const outcome = { label, vector: Object.fromEntries(vector), verified };
  await inTransaction(pool, async (client) => {
    const facade = asOfSchema(names, label);
    await client.query(`create schema if not exists ${quote(facade)}`);
    for (const target of targets) for (const statement of createView(target, facade)) await client.query(statement);
    for (const table of ['generations', 'checkpoints', 'parked', 'verifications', 'discarded', 'halts']) {
      await client.query(`drop view if exists ${quote(facade)}.${table}`);
    }
    const ns = quote(schema);
    await client.query(`create view ${quote(facade)}.generations as
      select projection, generation, version, label, 'live'::text as status from ${ns}.generations where label = '${label}'`);
    for (const table of ['checkpoints', 'parked', 'verifications']) {
      await client.query(`create view ${quote(facade)}.${table} as select kept.* from ${ns}.${table} kept
        join ${ns}.generations using (projection, generation) where label = '${label}'`);
    }
    await client.query(`create view ${quote(facade)}.discarded as select kept.* from ${ns}.discarded kept
      where not exists (select from ${ns}.generations own where label = '${label}'
        and own.projection = kept.projection and own.generation = any(kept.passed_by))`);
    await client.query(`create view ${quote(facade)}.halts as select * from ${ns}.halts where false`);
    await freeze(client, targets);
    await execution.finish(client, outcome);
  });
  return outcome;
}

/** `label`. */
export const dropAsOf: Execute = async (given, { pool, names, finish }) => {
  const schema = names.postgres.read;
  const label = labelIn(given);
  const own = (await listGenerations(pool, schema)).filter((one) => one.label === label);
  if (own.length === 0) throw new OperationError(`there is nothing labelled ${label}`);
  await pool.query(`drop schema if exists ${quote(asOfSchema(names, label))} cascade`);
  await dropGenerations(pool, schema, targetsOf(own, schema), (client) => finish(client, { dropped: label }));
  return { dropped: label };
};

function labelIn({ label }: Readonly<Record<string, unknown>>): string {
  if (typeof label === 'string' && isLabel(label)) return label;
  throw new OperationError(`a label has lower-case letters, digits and _, begins with a letter, and has at most 28`);
}

/** Empty tables under the label, or what this operation made before it was interrupted. */
async function startOrResume(
  label: string,
  to: ReadonlyMap<number, number>,
  { pool, names, config, operation }: Execution,
): Promise<Target[]> {
  const schema = names.postgres.read;
  await dropFailed(pool, schema);
  return inTransaction(pool, async (client) => {
    await lockGenerations(client, schema);
    const all = await listGenerations(client, schema);
    const own = all.filter((one) => one.label === label);
    if (own.some(({ status }) => status === 'as_of')) {
      throw new OperationError(`${label} is there already; drop it first, or choose another label`);
    }
    if (own.some((one) => one.operation === operation)) return targetsOf(own, schema);
    const labels = new Set(all.flatMap((one) => one.label ?? []));
    if (labels.size >= MOST) {
      throw new OperationError(`there are ${labels.size} already (${[...labels].join(', ')}); drop one of them first`);
    }
    const targets: Target[] = [];
    for (const projection of projections) {
      const options = { status: 'building', label, operation, partitions: config.partitions, to } as const;
      targets.push(await createGeneration(client, schema, projection, options));
    }
    return targets;
  });
}

/** What operations left that failed when their tables could not be dropped: nobody finishes it, and it takes up a place. */
async function dropFailed(pool: pg.Pool, schema: string): Promise<void> {
  const ns = quote(schema);
  // One statement: what is being made, and by which open operation, as of one moment.
  const { rows } = await pool.query<Pick<Generation, 'projection' | 'generation'>>(
    `select projection, generation from ${ns}.generations where label is not null and status = 'building'
       and not exists (select from ${ns}.operations o where o.id = operation and o.status in ('queued', 'running'))`,
  );
  if (rows.length > 0) await dropGenerations(pool, schema, targetsOf(rows, schema));
}

function targetsOf(generations: readonly Pick<Generation, 'projection' | 'generation'>[], schema: string): Target[] {
  return generations.flatMap(({ projection: name, generation }) => {
    const projection = projections.find((one) => one.name === name);
    return projection ? [{ projection, schema, generation }] : [];
  });
}
