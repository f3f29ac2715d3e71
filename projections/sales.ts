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
    indexes: ['"occurred_at" desc, "partition", "offset"'],
  },
  handlers: {
    SaleRecorded(sale, emit, context) {
      const gross = sumOf(sale.lines, (line) => line.gross);
      const discounts = sumOf(sale.lines, (line) => line.discount);
      const { shipping, tax } = sale;
      const total = gross - discounts + shipping + tax;
      emit(
        { id: sale.saleId, kind: 'SALE' },
        { ...common(sale, context), gross, discounts, shipping, tax, total, lines: encodeLines(sale.lines) },
      );
    },
    ReturnRecorded(given, emit, context) {
      const gross = sumOf(given.lines, (line) => line.gross);
      emit(
        { id: given.returnId, kind: 'RETURN' },
        {
          ...common(given, context),
          gross,
          discounts: 0,
          shipping: 0,
          tax: 0,
          total: gross,
          lines: encodeLines(given.lines),
        },
      );
    },
    CommandRejected: ignore,
  },
});

function common(event: SaleRecorded | ReturnRecorded, { partition, offset, recordedAt }: EventContext) {
  return {
    partition,
    offset,
    occurred_at: event.occurredAt,
    recorded_at: recordedAt,
    currency: event.currency,
    channel: event.channel,
    country: event.country,
    customer_id: event.customerId,
    units: sumOf<{ quantity: number }>(event.lines, (line) => line.quantity),
    payments: encodePayments(event.payments),
  };
}
