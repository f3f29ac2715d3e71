/** The SQL that commits a batch: checkpoints move, rows are added and events parked in one statement, or none of it is. */
import { createHash } from 'node:crypto';
import { type Column, columnsOf, copyIn, quote, type Target, tableOf, upsert } from './sql.ts';

/** How to commit a batch, worked out once. */
export interface Statements {
  /**
   * Moves checkpoints and adds the rows of all targets, in this order of parameters: see {@link MOVED}, what is parked, then one array
   * a column of each target, at last the epoch. One statement, so one round trip. Fails with
   * {@link CHECKPOINT_CONFLICT} when a checkpoint is not where it is expected, with {@link EPOCH_OVER} when the targets
   * are no longer those that are to be kept level.
   */
  commit: { name: string; text: string };
  /** Begins a transaction that does something before it commits a batch. */
  begin: string;
  targets: readonly { target: Target; columns: readonly Column[]; copyIn: string }[];
}

/** SQLSTATE of the errors that a moved checkpoint raises, and an epoch that is over. */
export const CHECKPOINT_CONFLICT = 'SA001';
export const EPOCH_OVER = 'SA002';

const MOVED = [
  'projection text',
  'generation int',
  'partition int',
  'expected bigint',
  'next bigint',
  'last text',
  'recorded timestamptz',
  'lost bigint',
];

export function statementsOf(schema: string, targets: readonly Target[]): Statements {
  const parked = `parked as (${insertParked(schema, MOVED.length + 1)})`;
  let first = MOVED.length + PARKED.length + 1;
  const upserts = targets.map((target, index) => {
    const text = upsert(target, first);
    first += columnsOf(target.projection).length;
    return `added${index} as (${text})`;
  });
  const ns = quote(schema);
  const check = `select ${ns}.require_moved((select count(*) from moved), cardinality($1), $${first}::bigint)`;
  return {
    commit: {
      name: `commit ${createHash('md5').update(targets.map(tableOf).join()).digest('hex')}`,
      text: `with ${[noChange(schema), movedIn(schema), parked, ...upserts].join(', ')} ${check}`,
    },
    begin: noChangeUntilEnd(schema),
    targets: targets.map((target) => ({ target, columns: columnsOf(target.projection), copyIn: copyIn(target) })),
  };
}

/**
 * Waits for a change of generations that is under way, and lets none begin before the end of the transaction. It deletes
 * nothing, but locks the table, and before any other: Postgres locks tables in the order of the statement. Without it a
 * commit and a change, see {@link lockOut}, took rows and tables in other orders, and stood still until one gave up.
 */
function noChange(schema: string): string {
  return `no_change as (delete from ${quote(schema)}.control where false)`;
}

/** Begins a transaction of several statements so. */
export function noChangeUntilEnd(schema: string): string {
  return `with ${noChange(schema)} select`;
}

/** Waits for the commits that are under way, and lets none begin before the end of the transaction. */
export function lockOut(schema: string): string {
  return `lock table ${quote(schema)}.control in exclusive mode`;
}

/** Fails the statement that calls it, and with it all that the statement did. */
export function createRequireMoved(schema: string): string {
  const ns = quote(schema);
  return `create or replace function ${ns}.require_moved(moved bigint, wanted int, known bigint) returns void
    language plpgsql as $$
    begin
      if moved <> wanted then
        raise exception '% of % checkpoints have moved', wanted - moved, wanted using errcode = '${CHECKPOINT_CONFLICT}';
      end if;
      if not exists (select from ${ns}.control where epoch = known) then
        raise exception 'generations have changed since epoch %', known using errcode = '${EPOCH_OVER}';
      end if;
    end $$`;
}

/** Moves checkpoints alone, in the order of parameters of {@link MOVED}; gives a row for each that was where expected. */
export function moveCheckpoints(schema: string): string {
  return `with ${movedIn(schema)} select * from moved`;
}

const PARKED = [
  'projection text',
  'generation int',
  'partition int',
  '"offset" bigint',
  'failure text',
  'error text',
  'event text',
];

/** Parks events, given as one array a column of {@link PARKED} from parameter `first` on. */
export function insertParked(schema: string, first = 1): string {
  const names = PARKED.map((column) => column.split(' ')[0]).join(', ');
  const arrays = PARKED.map((column, index) => `$${first + index}::${column.split(' ')[1]}[]`).join(', ');
  return `insert into ${quote(schema)}.parked (${names}) select * from unnest(${arrays}) on conflict do nothing`;
}

function movedIn(schema: string): string {
  return `moved as (
    update ${quote(schema)}.checkpoints as kept
    set next_offset = move.next, last_event_id = move.last, recorded_at = move.recorded,
      lost = kept.lost + move.lost
    from unnest(${MOVED.map((column, index) => `$${index + 1}::${column.split(' ')[1]}[]`).join(', ')})
      as move (${MOVED.map((column) => column.split(' ')[0]).join(', ')})
    where kept.projection = move.projection and kept.generation = move.generation
      and kept.partition = move.partition and kept.next_offset = move.expected
    returning kept.partition)`;
}
