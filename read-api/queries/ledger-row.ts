/** A row of the ledger as the GraphQL type Sale. */
import { decodeLines, decodePayments } from '../../domain/ledger.ts';
import { money, unitPrice } from '../money.ts';

/** Amounts in minor units, positive for returns too. */
export interface LedgerRow {
  id: string;
  kind: 'SALE' | 'RETURN' | 'REFUND' | 'VOID';
  partition: number;
  offset: number;
  occurredAt: Date;
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
  id, kind, partition, "offset", occurred_at as "occurredAt", recorded_at as "recordedAt", currency, channel, country,
  customer_id as "customerId", units, gross, discounts, shipping, tax, lines, payments`;

export function saleOf(row: LedgerRow) {
  const inCurrency = (minorUnits: number) => money(minorUnits, row.currency);
  const net = row.gross - row.discounts;
  const { id, kind, occurredAt, recordedAt, currency, channel, country, customerId, units } = row;
  return {
    ...{ id, kind, occurredAt, recordedAt, currency, channel, country, customerId, units },
    position: `${row.partition}:${row.offset}`,
    gross: inCurrency(row.gross),
    discounts: inCurrency(row.discounts),
    net: inCurrency(net),
    shipping: inCurrency(row.shipping),
    tax: inCurrency(row.tax),
    total: inCurrency(net + row.shipping + row.tax),
    lines: () =>
      decodeLines(row.lines).map((line) => ({
        ...line,
        unitPrice: unitPrice(line.unitPrice, currency),
        gross: inCurrency(line.gross),
        discount: inCurrency(line.discount),
      })),
    payments: () => decodePayments(row.payments).map(({ method, amount }) => ({ method, amount: inCurrency(amount) })),
  };
}
