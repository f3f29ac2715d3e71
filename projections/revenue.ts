import { sumOf } from '../domain/money.ts';
import { defineProjection, type Emit, ignore, type Sold, sum, takeBack } from './define.ts';
import { bucketOf } from './time.ts';

const key = { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text' } as const;
const measures = {
  orders: sum,
  units: sum,
  gross: sum,
  discounts: sum,
  shipping: sum,
  tax: sum,
  returns: sum,
  return_count: sum,
  returned_units: sum,
  refunds: sum,
  refund_count: sum,
  refunded_units: sum,
  refunded_shipping: sum,
  refunded_tax: sum,
};

/**
 * Figures of 15 minutes (UTC), in minor units. net = gross - discounts - returns - refunds;
 * total = net + shipping - refunded_shipping + tax - refunded_tax.
 */
export const revenue = defineProjection({
  name: 'revenue',
  version: 2,
  table: { key, measures },
  handlers: {
    SaleRecorded: count,
    SaleVoided: takeBack(count),
    SaleRefunded({ occurredAt, currency, channel, country, lines, shipping, tax }, emit) {
      emit(
        { bucket: bucketOf(occurredAt), currency, channel, country },
        {
          refunds: sumOf(lines, (line) => line.amount),
          refund_count: 1,
          refunded_units: sumOf(lines, (line) => line.quantity),
          refunded_shipping: shipping,
          refunded_tax: tax,
        },
      );
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit) {
      emit(
        { bucket: bucketOf(occurredAt), currency, channel, country },
        {
          returns: sumOf(lines, (line) => line.gross),
          return_count: 1,
          returned_units: sumOf(lines, (line) => line.quantity),
        },
      );
    },
    CommandRejected: ignore,
  },
});

function count(
  { occurredAt, currency, channel, country, lines, shipping, tax }: Sold,
  emit: Emit<typeof key, typeof measures>,
): void {
  emit(
    { bucket: bucketOf(occurredAt), currency, channel, country },
    {
      orders: 1,
      units: sumOf(lines, (line) => line.quantity),
      gross: sumOf(lines, (line) => line.gross),
      discounts: sumOf(lines, (line) => line.discount),
      shipping,
      tax,
    },
  );
}
