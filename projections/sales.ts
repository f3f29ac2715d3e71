import { encodeLines, encodePayments } from '../domain/ledger.ts';
import type { ReturnRecorded, SaleRecorded } from '../domain/messages.generated.ts';
import { sumOf } from '../domain/money.ts';
import { defineLedger, type EventContext, ignore } from './define.ts';

/** The ledger: every sale and every return with its lines. Amounts in minor units, positive for returns too. */
export const sales = defineLedger({
  name: 'sales',
  version: 1,
  table: {
    key: { id: 'text', kind: 'text' },
    columns: {
      partition: 'int',
      offset: 'bigint',
      occurred_at: 'timestamptz',
      recorded_at: 'timestamptz',
      currency: 'text',
      channel: 'text',
      country: 'text',
      customer_id: 'text null',
      units: 'bigint',
      gross: 'bigint',
      discounts: 'bigint',
      shipping: 'bigint',
      tax: 'bigint',
      total: 'bigint',
      lines: 'text',
      payments: 'text',
    },
    // Sales of the same instant are few: what orders them is sorted when it is read.
    indexes: ['"occurred_at" desc'],
  },
  handlers: {
    SaleRecorded(sale, emit, context) {
      const { shipping, tax } = sale;
      const discounts = sumOf(sale.lines, (line) => line.discount);
      emit(row(sale.saleId, 'SALE', sale, context, { discounts, shipping, tax }));
    },
    ReturnRecorded(given, emit, context) {
      emit(row(given.returnId, 'RETURN', given, context, { discounts: 0, shipping: 0, tax: 0 }));
    },
    CommandRejected: ignore,
  },
});

/** One literal, without spreading: at ten thousand rows a second, spreading is what costs. */
function row(
  id: string,
  kind: 'SALE' | 'RETURN',
  { occurredAt, currency, channel, country, customerId, lines, payments }: SaleRecorded | ReturnRecorded,
  { partition, offset, recordedAt }: EventContext,
  { discounts, shipping, tax }: { discounts: number; shipping: number; tax: number },
) {
  const gross = sumOf<{ gross: number }>(lines, (line) => line.gross);
  return {
    id,
    kind,
    partition,
    offset,
    occurred_at: occurredAt,
    recorded_at: recordedAt,
    currency,
    channel,
    country,
    customer_id: customerId,
    units: sumOf<{ quantity: number }>(lines, (line) => line.quantity),
    gross,
    discounts,
    shipping,
    tax,
    total: gross - discounts + shipping + tax,
    lines: encodeLines(lines),
    payments: encodePayments(payments),
  };
}
