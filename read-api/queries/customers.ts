import type { Context } from '../context.ts';
import { averageOrderValue, money, type NetParts, netFields } from '../money.ts';
import { intervalOf } from '../time/buckets.ts';
import type { LocalDate, Zone } from '../time/zone.ts';
import { decodeCustomerCursor, encodeCustomerCursor } from './cursor.ts';
import { notIncluded } from './not-included.ts';
import { checkFirst } from './scope.ts';

interface Args {
  currency: string;
  first: number;
  after?: string | null;
}

interface Row extends NetParts {
  id: string;
  /** Minor units. */
  minorNet: number;
  /** Missing while the event of the only purchase is parked. */
  firstPurchaseAt: Date | null;
  lastPurchaseAt: Date | null;
  orders: number;
  units: number;
  returnedUnits: number;
  refundedUnits: number;
}

const sql = (schema: string) => `
  select * from (
    select customer_id as id, gross - discounts - "returns" - refunds as "minorNet", gross, discounts, "returns",
      refunds, orders, units, returned_units as "returnedUnits", refunded_units as "refundedUnits",
      first_purchase as "firstPurchaseAt", last_purchase as "lastPurchaseAt"
    from ${schema}.customers
    where currency = $1 and orders > 0) as listed
  where $2::bigint is null or "minorNet" < $2 or ("minorNet" = $2 and id > $3)
  order by "minorNet" desc, id
  limit $4`;

/** Query.customers. Reads one row more than asked for, to know whether there is a next page. */
export async function customers(_: unknown, { currency, first, after }: Args, context: Context) {
  checkFirst(first);
  const place = after ? decodeCustomerCursor(after) : undefined;
  const parameters = [currency, place?.net ?? null, place?.id ?? null, first + 1];
  const rows = await context.snapshot.rows<Row>(sql(context.schema), parameters);
  const page = rows.slice(0, first);
  const nodes = page.map((row) => customerOf(row, currency));
  const cursors = page.map(({ id, minorNet }) => encodeCustomerCursor({ net: minorNet, id }));
  return {
    edges: nodes.map((node, index) => ({ cursor: cursors[index], node })),
    nodes,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: false,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
    notIncluded: () => notIncluded(context, ['customers']),
  };
}

function customerOf(row: Row, currency: string) {
  const average = averageOrderValue(row);
  return {
    ...row,
    ...netFields(row, currency),
    averageOrderValue: average === undefined ? null : money(average, currency),
    isNew({ from, to, timeZone }: { from: LocalDate; to: LocalDate; timeZone: Zone }) {
      const range = intervalOf(from, to, timeZone);
      const at = row.firstPurchaseAt?.getTime();
      return at !== undefined && range.from <= at && at < range.to;
    },
  };
}
