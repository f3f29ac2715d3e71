/**
 * Time travel: tables as they stood where the log stood at some moment, under a label, in a schema of views that looks
 * like the live one to whoever reads.
 */

import { withAdmin } from '../../platform/kafka/client.ts';
import { offsetsAt, topicRanges } from '../../platform/kafka/offsets.ts';
import { asOfSchema, isLabel } from '../../platform/names.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { projections } from '../catalogue.ts';
import { createGeneration, dropGenerations, freeze, type Generation, listGenerations } from '../generations.ts';
import { complete } from '../rebuild/complete.ts';
import { fill } from '../rebuild/fill.ts';
import { createView, quote, type Target } from '../sql.ts';
import { type Execute, type Execution, OperationError } from './execution.ts';
import { proveAll } from './prove.ts';

/** Each is a full set of tables. */
const MOST = 5;

/** `label`; and `time` (ISO 8601: events recorded up to then) or `vector` (next offset of each partition). */
export const asOf: Execute = async (given, execution) => {
  const { names, pool, kafka, logger, decode, report } = execution;
  const schema = names.postgres.read;
  const label = labelIn(given);
  const targets = await startOrResume(label, execution);
  const vector = await vectorIn(given, execution);
  const options = { kafka, pool, logger, decode, topic: names.topics.events };
  const onProgress = (done: number, total: number) => report({ step: 'folding the log', done, total });
  await fill(targets, { ...options, onProgress }, vector);
  report({ step: 'indexing' });
  for (const target of targets) await complete(pool, target);
  const outcome = { label, vector: Object.fromEntries(vector), verified: await proveAll(targets, execution) };
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
    await client.query(`create view ${quote(facade)}.discarded as select * from ${ns}.discarded`);
    await client.query(`create view ${quote(facade)}.halts as select * from ${ns}.halts where false`);
    await freeze(client, targets);
    await execution.finish(client, outcome);
  });
  return outcome;
};

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
async function startOrResume(label: string, { pool, names, config, operation }: Execution): Promise<Target[]> {
  const schema = names.postgres.read;
  const all = await listGenerations(pool, schema);
  const own = all.filter((one) => one.label === label);
  if (own.some(({ status }) => status === 'as_of')) {
    throw new OperationError(`${label} is there already; drop it first, or choose another label`);
  }
  if (own.some((one) => one.operation === operation)) return targetsOf(own, schema);
  // What failed may stand beyond the moment that is asked for now.
  await dropGenerations(pool, schema, targetsOf(own, schema));
  const labels = new Set(all.flatMap((one) => one.label ?? []).filter((one) => one !== label));
  if (labels.size >= MOST) {
    throw new OperationError(`there are ${labels.size} already (${[...labels].join(', ')}); drop one of them first`);
  }
  return inTransaction(pool, async (client) => {
    const targets: Target[] = [];
    for (const projection of projections) {
      const options = { status: 'building', label, operation, partitions: config.partitions } as const;
      targets.push(await createGeneration(client, schema, projection, options));
    }
    return targets;
  });
}

function targetsOf(generations: readonly Generation[], schema: string): Target[] {
  return generations.flatMap(({ projection: name, generation }) => {
    const projection = projections.find((one) => one.name === name);
    return projection ? [{ projection, schema, generation }] : [];
  });
}

async function vectorIn(
  given: Readonly<Record<string, unknown>>,
  { kafka, names }: Execution,
): Promise<Map<number, number>> {
  const topic = names.topics.events;
  return withAdmin(kafka, async (admin) => {
    const ranges = await topicRanges(admin, topic);
    if (typeof given.time === 'string') {
      const moment = Date.parse(given.time);
      if (Number.isNaN(moment)) throw new OperationError(`${given.time} is no time`);
      return offsetsAt(admin, topic, moment + 1);
    }
    const vector = new Map(
      Object.entries(given.vector ?? {}).map(([partition, next]) => [Number(partition), Number(next)]),
    );
    for (const [partition, { high }] of ranges) {
      const next = vector.get(partition) ?? 0;
      if (!Number.isInteger(next) || next < 0 || next > high) {
        throw new OperationError(`partition ${partition} has offsets up to ${high}, and ${next} was asked for`);
      }
      vector.set(partition, next);
    }
    return vector;
  });
}
