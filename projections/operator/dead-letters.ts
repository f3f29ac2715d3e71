/** Retrying and discarding parked events. */
import type pg from 'pg';
import { readRange } from '../../platform/kafka/read.ts';
import { LiveWindowWriter } from '../../platform/live-window/live-window.ts';
import { inTransaction } from '../../platform/postgres/index.ts';
import { loadAcceptedLosses } from '../accepted-losses.ts';
import { noChangeUntilEnd } from '../commit-sql.ts';
import { discard, isDiscarded } from '../discarded.ts';
import { startFold } from '../fold.ts';
import { foldRecords } from '../fold-records.ts';
import type { Also } from '../generation-changes.ts';
import { listGenerations } from '../generations.ts';
import { digestOf, type FoldedRecord, identityOf, isDigest } from '../log-slice.ts';
import { findOperation, reportProgress } from '../operations.ts';
import { listParked, type ParkedEvent, type ParkedFilter, unpark } from '../parked.ts';
import { toArrays } from '../rows.ts';
import { columnsOf, isTable, type Kept, quote, upsert } from '../sql.ts';
import { type Execute, type Execution, OperationError } from './execution.ts';
import { everything } from './names.ts';

/**
 * Folds parked events in, in the order of the log, each in a transaction of its own. Those that fail again stay, and so
 * do those that the log has lost or has another event in the place of, which are named. `retried` is what this operation folded in, also before it was resumed.
 */
export const retryParked: Execute = async (given, execution) => {
  const { pool, names, operation } = execution;
  const progress = (await findOperation(pool, names.postgres.read, operation))?.progress;
  let retried = progress?.done ?? 0;
  const events = await listParked(pool, names.postgres.read, filterIn(given));
  if (events.length === 0 && !progress) throw nothingParked();
  const total = retried + events.length;
  const records = await readParked(events, execution);
  const lost = new Set<string>();
  const replaced = new Set<string>();
  let left = 0;
  for (const event of events) {
    const kept = await keptOf(event, execution);
    const found = records.get(placeOf(event));
    const record = found && isSame(event, found) ? found.record : undefined;
    if (!record) (found ? replaced : lost).add(placeOf(event));
    // The count is written where the event is folded in, so that whoever resumes this goes on counting.
    const count = (client: pg.ClientBase) =>
      reportProgress(client, names.postgres.read, operation, { step: 'retrying', done: retried + 1, total });
    const result = kept && record ? await foldIn(kept, event, record, { ...execution, count }) : 'stays';
    if (result === 'folded in') retried += 1;
    if (result === 'stays') left += 1;
  }
  return { retried, left, ...named('lost', lost), ...named('replaced', replaced) };
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
  if (events.length === 0) throw nothingParked();
  return events;
}

function nothingParked(): OperationError {
  return new OperationError('nothing like this is parked');
}

function filterIn(given: Readonly<Record<string, unknown>>): ParkedFilter {
  const filter: ParkedFilter = {};
  for (const name of ['projection', 'failure', 'place'] as const) {
    const value = given[name];
    if (typeof value === 'string') filter[name] = value;
  }
  return filter;
}

/** The records of the events, by place: one pass over each partition's stretch of the log. What the log has lost is missing. */
async function readParked(
  events: readonly ParkedEvent[],
  { kafka, ranges: log, logger, names, pool, decode }: Execution,
) {
  const topic = names.topics.events;
  const ranges = await log.read();
  const there = events.filter(({ partition, offset }) => {
    const { low, high } = ranges.get(partition) ?? { low: 0, high: 0 };
    return low <= offset && offset < high;
  });
  const wanted = new Set(there.map(placeOf));
  const from = new Map<number, number>();
  const to = new Map<number, number>();
  for (const { partition, offset } of there) {
    from.set(partition, Math.min(from.get(partition) ?? offset, offset));
    to.set(partition, Math.max(to.get(partition) ?? 0, offset + 1));
  }
  const found = new Map<string, Found>();
  await readRange({
    kafka,
    logger,
    topic,
    from,
    to,
    isAcceptedLoss: await loadAcceptedLosses(pool, names.postgres.read),
    async onRecords(partition, records) {
      const picked = records.filter(({ offset }) => wanted.has(`${partition}:${offset}`));
      for (const record of picked) {
        for (const slice of await decode([{ partition, records: [record] }])) {
          for (const one of slice.records) found.set(placeOf(one), { record: one, digest: digestOf(record) });
        }
      }
    },
  });
  return found;
}

/** A record that stands where a parked event stood. */
interface Found {
  record: FoldedRecord;
  digest: string;
}

/**
 * Whether it is that event: another log may stand in the place of the one that was. Of an event that was known by its id
 * nobody can tell once it can not be decoded any more.
 */
function isSame({ event }: ParkedEvent, { record, digest }: Found): boolean {
  if (event === null || event === digest || event === identityOf(record)) return true;
  return record.failure !== undefined && !isDigest(event);
}

/** Places under a name, if there are any. */
function named(name: string, places: ReadonlySet<string>): Record<string, string[]> {
  return places.size > 0 ? { [name]: [...places] } : {};
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

/** `gone`: it was not parked any more, since somebody else has folded it in or discarded it. */
type Result = 'folded in' | 'stays' | 'gone';

type Folding = Execution & { count(client: pg.ClientBase): Promise<void> };

async function foldIn(kept: Kept, event: ParkedEvent, record: FoldedRecord, execution: Folding): Promise<Result> {
  if (!isTable(kept)) {
    if (record.failure) return 'stays';
    // A window without a fence is folded anew from the log, with what was missing. The fence goes before the event leaves
    // the list, so that no window without it is held to be complete; and once more after, since it may be back by then.
    const writer = new LiveWindowWriter(execution.redis, execution.names.redisPrefix);
    const invalidate = () => writer.invalidate(kept.generation, event.partition);
    const result = await takeOut(kept, event, execution, invalidate);
    await invalidate();
    return result;
  }
  const fold = startFold(kept.projection);
  if (foldRecords(fold, [record], undefined).length > 0) return 'stays';
  return takeOut(kept, event, execution, async (client) => {
    await client.query({ text: upsert(kept), values: toArrays(fold.rows(), columnsOf(kept.projection)) });
  });
}

/** Takes an event out of the parked ones, with `work` unless it is parked no more or was discarded. */
function takeOut(kept: Kept, event: ParkedEvent, { pool, count }: Folding, work: Also): Promise<Result> {
  return inTransaction(pool, async (client) => {
    await client.query(noChangeUntilEnd(kept.schema));
    // Nobody else writes to this generation's partition meanwhile, nor retries or discards the same event.
    await client.query(
      `select from ${quote(kept.schema)}.checkpoints
       where projection = $1 and generation = $2 and partition = $3 for update`,
      [kept.projection.name, kept.generation, event.partition],
    );
    if (!(await unpark(client, kept.schema, event))) return 'gone';
    if (await isDiscarded(client, kept.schema, event)) return 'gone';
    await work(client);
    await count(client);
    return 'folded in';
  });
}

function placeOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}:${offset}`;
}
