import type { Context } from '../context.ts';
import { badInput } from '../errors.ts';
import { intervalOf } from '../time/buckets.ts';
import type { LocalDate, Zone } from '../time/zone.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type LedgerRow, ledgerColumns, salesOf } from './ledger-row.ts';
import { notIncluded } from './not-included.ts';
import { checkFirst, instants } from './scope.ts';

interface Args {
  first: number;
  after?: string | null;
  from?: LocalDate | null;
  to?: LocalDate | null;
  timeZone?: Zone | null;
  currency?: string | null;
  channel?: string | null;
  country?: string | null;
  kind?: string | null;
}

/** Pages by key in the order of the ledger's index, so that page 1,000 costs what page 1 does. */
const sql = (schema: string) => `
  select ${ledgerColumns}
  from ${schema}.sales
  where ($1::timestamptz is null or occurred_at >= $1) and ($2::timestamptz is null or occurred_at < $2)
    and ($3::text is null or currency = $3) and ($4::text is null or channel = $4)
    and ($5::text is null or country = $5) and ($6::text is null or kind = $6)
    and ($7::timestamptz is null or (occurred_at <= $7 and (occurred_at < $7 or (partition, "offset") > ($8, $9))))
  order by occurred_at desc, partition, "offset"
  limit $10`;

/** Query.sales. Reads one row more than asked for, to know whether there is a next page. */
export async function sales(_: unknown, args: Args, context: Context) {
  checkFirst(args.first);
  const after = args.after ? decodeCursor(args.after) : undefined;
  const rows = await context.snapshot.rows<LedgerRow>(sql(context.schema), [
    ...edges(args),
    ...[args.currency ?? null, args.channel ?? null, args.country ?? null, args.kind ?? null],
    ...[after?.occurredAt ?? null, after?.partition ?? 0, after?.offset ?? 0],
    args.first + 1,
  ]);
  const page = rows.slice(0, args.first);
  const nodes = salesOf(page, context);
  const cursors = page.map(encodeCursor);
  return {
    edges: nodes.map((node, index) => ({ cursor: cursors[index], node })),
    nodes,
    pageInfo: {
      hasNextPage: rows.length > args.first,
      hasPreviousPage: false,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
    notIncluded: () => notIncluded(context, ['sales']),
  };
}

/** The instants of `from` and `to`; null where the range is open. */
function edges({ from, to, timeZone }: Args): [Date | null, Date | null] {
  const [first, last] = [from ?? to, to ?? from];
  if (first === undefined || first === null || last === undefined || last === null) return [null, null];
  if (!timeZone) throw badInput('timeZone is missing: from and to are days of a time zone. Give one, such as "UTC".');
  const [start, end] = instants(intervalOf(first, last, timeZone));
  return [typeof from === 'number' ? start : null, typeof to === 'number' ? end : null];
}
