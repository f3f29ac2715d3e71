import { sumOf } from '../domain/money.ts';
import { defineProjection, type Emit, ignore, type Sold, sum, takeBack } from './define.ts';

const key = { currency: 'text', customer_id: 'text' } as const;
const sums = {
  orders: sum,
  units: sum,
  gross: sum,
  discounts: sum,
  returns: sum,
  returned_units: sum,
  refunds: sum,
  refunded_units: sum,
};
const measures = {
  ...sums,
  first_purchase: { type: 'timestamptz', merge: 'min' },
  last_purchase: { type: 'timestamptz', merge: 'max' },
} as const;

/**
 * What each known customer has bought and given back, ever, in one currency. First and last purchase are of recorded
 * sales, voided or not: a smallest value cannot be taken back. Readers pass over customers without an order left.
 */
export const customers = defineProjection({
  name: 'customers',
  version: 1,
  table: { key, measures },
  handlers: {
    SaleRecorded(sale, emit) {
      count(sale, emit);
      const { currency, customerId, occurredAt } = sale;
      if (customerId === null) return;
      emit({ currency, customer_id: customerId }, { first_purchase: occurredAt, last_purchase: occurredAt });
    },
    SaleVoided: takeBack(count),
    SaleRefunded({ currency, customerId, lines }, emit) {
      if (customerId === null) return;
      emit(
        { currency, customer_id: customerId },
        { refunds: sumOf(lines, (line) => line.amount), refunded_units: sumOf(lines, (line) => line.quantity) },
      );
    },
    ReturnRecorded({ currency, customerId, lines }, emit) {
      if (customerId === null) return;
      emit(
        { currency, customer_id: customerId },
        { returns: sumOf(lines, (line) => line.gross), returned_units: sumOf(lines, (line) => line.quantity) },
      );
    },
    CommandRejected: ignore,
  },
});

function count({ currency, customerId, lines }: Sold, emit: Emit<typeof key, typeof sums>): void {
  if (customerId === null) return;
  emit(
    { currency, customer_id: customerId },
    {
      orders: 1,
      units: sumOf(lines, (line) => line.quantity),
      gross: sumOf(lines, (line) => line.gross),
      discounts: sumOf(lines, (line) => line.discount),
    },
  );
}
