import { encodeLines, encodePayments } from '../domain/ledger.ts';
import type { Payment, RefundLine } from '../domain/messages.generated.ts';
import { sumOf } from '../domain/money.ts';
import { defineLedger, type EventContext, ignore } from './define.ts';

/**
 * The ledger: a row for every sale, return, refund and void, with its lines. A sale's refunds and void have its id.
 * Amounts are positive whatever the kind, in minor units; the kind says which way they count. A refund's `gross` is what
 * it gives back of the lines, a void's columns are those of its sale. SALE, RETURN and REFUND count at `occurred_at`,
 * VOID at `sold_at`.
 */
export const sales = defineLedger({
  name: 'sales',
  version: 2,
  table: {
    key: { id: 'text', kind: 'text', refund_id: 'text' },
    columns: {
      partition: 'int',
      offset: 'bigint',
      occurred_at: 'timestamptz',
      recorded_at: 'timestamptz',
      // When the sale took place that was refunded or voided.
      sold_at: 'timestamptz null',
      currency: 'text',
      channel: 'text',
      country: 'text',
      customer_id: 'text null',
      units: 'bigint',
      gross: 'bigint',
      discounts: 'bigint',
      shipping: 'bigint',
      tax: 'bigint',
      lines: 'text',
      payments: 'text',
    },
    // Sales of the same instant are few: what orders them is sorted when it is read.
    indexes: ['"occurred_at" desc'],
  },
  handlers: {
    SaleRecorded: (sale, emit, context) => emit(row('SALE', sale.saleId, sale, sale.lines, context)),
    SaleVoided: (voided, emit, context) => emit(row('VOID', voided.saleId, voided, voided.lines, context)),
    SaleRefunded(refund, emit, context) {
      emit(row('REFUND', refund.saleId, refund, refund.lines.map(ledgerLine), context));
    },
    ReturnRecorded: (given, emit, context) => emit(row('RETURN', given.returnId, given, given.lines, context)),
    CommandRejected: ignore,
  },
});

interface Entry {
  refundId?: string;
  occurredAt: number;
  soldAt?: number;
  currency: string;
  channel: string;
  country: string;
  customerId: string | null;
  shipping?: number;
  tax?: number;
  payments: readonly Payment[];
}

type Line = Parameters<typeof encodeLines>[0][number];

/** One literal, without spreading: at ten thousand rows a second, spreading is what costs. */
function row(
  kind: 'SALE' | 'RETURN' | 'REFUND' | 'VOID',
  id: string,
  { refundId = '', occurredAt, soldAt, currency, channel, country, customerId, shipping = 0, tax = 0, payments }: Entry,
  lines: readonly Line[],
  { partition, offset, recordedAt }: EventContext,
) {
  return {
    id,
    kind,
    refund_id: refundId,
    partition,
    offset,
    occurred_at: occurredAt,
    recorded_at: recordedAt,
    sold_at: soldAt ?? null,
    currency,
    channel,
    country,
    customer_id: customerId,
    units: sumOf(lines, (line) => line.quantity),
    gross: sumOf(lines, (line) => line.gross),
    discounts: sumOf(lines, (line) => line.discount ?? 0),
    shipping,
    tax,
    lines: encodeLines(lines),
    payments: encodePayments(payments),
  };
}

/** A refund gives back amounts, not pieces at a price. */
function ledgerLine({ lineId, productId, productName, category, quantity, amount }: RefundLine): Line {
  return { lineId, productId, productName, category, quantity, unitPrice: 0, gross: amount };
}
