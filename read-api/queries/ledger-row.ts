/** A row of the ledger as the GraphQL type Sale. */
import { decodeLines, decodePayments } from '../../domain/ledger.ts';
import type { Context } from '../context.ts';
import { money, unitPrice } from '../money.ts';

/** Amounts in minor units, positive whatever the kind. */
export interface LedgerRow {
  id: string;
  kind: 'SALE' | 'RETURN' | 'REFUND' | 'VOID';
  /** Empty unless it is a refund. */
  refundId: string;
  partition: number;
  offset: number;
  occurredAt: Date;
  soldAt: Date | null;
  recordedAt: Date;
  currency: string;
  channel: string;
  country: string;
  customerId: string | null;
  units: number;
  gross: number;
  discounts: number;
  shipping: number;
  tax: number;
  lines: string;
  payments: string;
}

/** The select list that gives a {@link LedgerRow}. */
export const ledgerColumns = `
  id, kind, refund_id as "refundId", partition, "offset", occurred_at as "occurredAt", sold_at as "soldAt",
  recorded_at as "recordedAt", currency, channel, country, customer_id as "customerId", units, gross, discounts,
  shipping, tax, lines, payments`;

/** Rows of the ledger as GraphQL takes them. What happened later to any of them is read at once, if it is asked for. */
export function salesOf(rows: readonly LedgerRow[], context: Context) {
  const ids = rows.filter(({ kind }) => kind === 'SALE').map(({ id }) => id);
  let read: Promise<Map<string, Later>> | undefined;
  const laterOf = async ({ id, kind }: LedgerRow): Promise<Later> => {
    if (kind !== 'SALE') return nothing;
    read ??= context.snapshot.rows<LedgerRow>(laterSql(context.schema), [ids]).then(bySale);
    return (await read).get(id) ?? nothing;
  };
  return rows.map((row) => saleOf(row, () => laterOf(row)));
}

const laterSql = (schema: string) => `
  select ${ledgerColumns} from ${schema}.sales
  where id = any($1) and kind in ('REFUND', 'VOID')
  order by occurred_at, partition, "offset"`;

/** What happened to a sale after it was recorded. */
interface Later {
  refunds: readonly LedgerRow[];
  voided?: LedgerRow;
}

const nothing: Later = { refunds: [] };

function bySale(rows: readonly LedgerRow[]): Map<string, Later> {
  const sales = new Map<string, Later>();
  for (const row of rows) {
    const known = sales.get(row.id) ?? nothing;
    sales.set(row.id, row.kind === 'VOID' ? { ...known, voided: row } : { ...known, refunds: [...known.refunds, row] });
  }
  return sales;
}

function saleOf(row: LedgerRow, later: () => Promise<Later>) {
  const inCurrency = (minorUnits: number) => money(minorUnits, row.currency);
  const { id, kind, refundId, occurredAt, soldAt, recordedAt, currency, channel, country, customerId, units } = row;
  const refunded = ({ refunds }: Later) => refunds.reduce((sum, refund) => sum + totalOf(refund), 0);
  return {
    ...{ id, kind, occurredAt, soldAt, recordedAt, currency, channel, country, customerId, units },
    refundId: refundId || null,
    position: positionOf(row),
    gross: inCurrency(row.gross),
    discounts: inCurrency(row.discounts),
    net: inCurrency(netOf(row)),
    shipping: inCurrency(row.shipping),
    tax: inCurrency(row.tax),
    total: inCurrency(totalOf(row)),
    lines: () =>
      decodeLines(row.lines).map((line) => ({
        ...line,
        unitPrice: unitPrice(line.unitPrice, currency),
        gross: inCurrency(line.gross),
        discount: inCurrency(line.discount),
      })),
    payments: () => paymentsOf(row),
    voidedAt: async () => (await later()).voided?.occurredAt ?? null,
    refunds: async () => (await later()).refunds.map(refundOf),
    refunded: async () => inCurrency(refunded(await later())),
    refundable: async () => {
      const known = await later();
      return inCurrency(kind === 'SALE' && !known.voided ? totalOf(row) - refunded(known) : 0);
    },
  };
}

function refundOf(row: LedgerRow) {
  const inCurrency = (minorUnits: number) => money(minorUnits, row.currency);
  const { refundId, occurredAt, recordedAt } = row;
  return {
    ...{ refundId, occurredAt, recordedAt },
    position: positionOf(row),
    lines: () => decodeLines(row.lines).map((line) => ({ ...line, amount: inCurrency(line.gross) })),
    net: inCurrency(netOf(row)),
    shipping: inCurrency(row.shipping),
    tax: inCurrency(row.tax),
    total: inCurrency(totalOf(row)),
    payments: () => paymentsOf(row),
  };
}

function positionOf({ partition, offset }: LedgerRow): string {
  return `${partition}:${offset}`;
}

function netOf({ gross, discounts }: LedgerRow): number {
  return gross - discounts;
}

function totalOf(row: LedgerRow): number {
  return netOf(row) + row.shipping + row.tax;
}

function paymentsOf({ payments, currency }: LedgerRow) {
  return decodePayments(payments).map(({ method, amount }) => ({ method, amount: money(amount, currency) }));
}
