/** Retrying and discarding parked events. */
import { readRange } from '../../platform/kafka/read.ts';
import { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { discard } from '../discarded.ts';
import { startFold } from '../fold.ts';
import { foldRecords } from '../fold-records.ts';
import { listGenerations } from '../generations.ts';
import type { FoldedRecord } from '../log-slice.ts';
import { listParked, type ParkedEvent, type ParkedFilter, unpark } from '../parked.ts';
import { toArrays } from '../rows.ts';
import { columnsOf, isTable, type Kept, quote, upsert } from '../sql.ts';
import { type Execute, type Execution, OperationError } from './execution.ts';
import { everything } from './names.ts';

/** Folds parked events in, in the order of the log, each in a transaction of its own; those that fail again stay. */
export const retryParked: Execute = async (given, execution) => {
  const events = await chosen(given, execution);
  const records = await readParked(events, execution);
  let retried = 0;
  for (const event of events) {
    execution.report({ step: 'retrying', done: retried, total: events.length });
    const kept = await keptOf(event, execution);
    const record = records.get(placeOf(event));
    if (kept && record && (await foldIn(kept, event, record, execution))) retried += 1;
  }
  return { retried, left: events.length - retried };
};

/** Does without parked events from now on, in rebuilds too. `reason` is kept with them. */
export const discardParked: Execute = async (given, execution) => {
  const { reason } = given;
  if (typeof reason !== 'string' || reason.trim() === '') throw new OperationError('a discard needs a reason');
  const events = await chosen(given, execution);
  const schema = execution.names.postgres.read;
  return inTransaction(execution.pool, async (client) => {
    const discarded = await discard(client, schema, events, reason);
    if (discarded.length === 0) throw new OperationError('only as-of sets lack it, which stay as they are');
    const outcome = { discarded };
    await execution.finish(client, outcome);
    return outcome;
  });
};

async function chosen(given: Readonly<Record<string, unknown>>, { pool, names }: Execution): Promise<ParkedEvent[]> {
  const events = await listParked(pool, names.postgres.read, filterIn(given));
  if (events.length === 0) throw new OperationError('nothing like this is parked');
  return events;
}

function filterIn(given: Readonly<Record<string, unknown>>): ParkedFilter {
  const filter: ParkedFilter = {};
  for (const name of ['projection', 'failure', 'place'] as const) {
    const value = given[name];
    if (typeof value === 'string') filter[name] = value;
  }
  return filter;
}

/** The records of the events, by place: one pass over each partition's stretch of the log. */
async function readParked(events: readonly ParkedEvent[], { kafka, logger, names, decode }: Execution) {
  const wanted = new Set(events.map(placeOf));
  const from = new Map<number, number>();
  const to = new Map<number, number>();
  for (const { partition, offset } of events) {
    from.set(partition, Math.min(from.get(partition) ?? offset, offset));
    to.set(partition, Math.max(to.get(partition) ?? 0, offset + 1));
  }
  const found = new Map<string, FoldedRecord>();
  await readRange({
    kafka,
    logger,
    topic: names.topics.events,
    from,
    to,
    async onRecords(partition, records) {
      const picked = records.filter(({ offset }) => wanted.has(`${partition}:${offset}`));
      for (const record of picked) {
        for (const slice of await decode([{ partition, records: [record] }])) {
          for (const one of slice.records) found.set(placeOf(one), one);
        }
      }
    },
  });
  return found;
}

async function keptOf({ projection: name, generation }: ParkedEvent, { pool, names }: Execution) {
  const schema = names.postgres.read;
  const all = await listGenerations(pool, schema);
  const own = all.find((one) => one.projection === name && one.generation === generation);
  // One that is being filled belongs to its rebuild, and has no key to merge by yet.
  if (!own || own.status === 'building') return undefined;
  const projection = everything.find((one) => one.name === name && one.version === own.version);
  return projection && { projection, schema, generation };
}

/** Resolves to whether it is in now. */
async function foldIn(kept: Kept, event: ParkedEvent, record: FoldedRecord, execution: Execution): Promise<boolean> {
  const { pool, redis, names } = execution;
  if (!isTable(kept)) {
    if (record.failure) return false;
    // A window without a fence is folded anew from the log, with what was missing. The fence goes before the event leaves
    // the list, so that no window without it is held to be complete; and once more after, since it may be back by then.
    const writer = new LiveWindowWriter(redis, names.redisPrefix);
    await inTransaction(pool, async (client) => {
      await unpark(client, kept.schema, event);
      await writer.invalidate(kept.generation, event.partition);
    });
    await writer.invalidate(kept.generation, event.partition);
    return true;
  }
  const fold = startFold(kept.projection);
  if (foldRecords(fold, [record], undefined).length > 0) return false;
  await inTransaction(pool, async (client) => {
    // Nobody else writes to this generation's partition meanwhile, nor retries the same event.
    await client.query(
      `select from ${quote(kept.schema)}.checkpoints
       where projection = $1 and generation = $2 and partition = $3 for update`,
      [kept.projection.name, kept.generation, event.partition],
    );
    if (!(await unpark(client, kept.schema, event))) return;
    await client.query({ text: upsert(kept), values: toArrays(fold.rows(), columnsOf(kept.projection)) });
  });
  return true;
}

function placeOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}:${offset}`;
}
