import { defineProjection, type Emit, ignore, type Sold, sum, takeBack } from './define.ts';
import { bucketOf } from './time.ts';

const key = { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text', category: 'text' } as const;
const measures = {
  orders: sum,
  units: sum,
  gross: sum,
  discounts: sum,
  returns: sum,
  returned_units: sum,
  refunds: sum,
  refunded_units: sum,
};

/** Figures of each category by 15 minutes (UTC). A sale is an order of every category in it, once. */
export const categories = defineProjection({
  name: 'categories',
  version: 2,
  table: { key, measures },
  handlers: {
    SaleRecorded: count,
    SaleVoided: takeBack(count),
    SaleRefunded({ occurredAt, currency, channel, country, lines }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { category, quantity, amount } of lines) {
        emit({ bucket, currency, channel, country, category }, { refunds: amount, refunded_units: quantity });
      }
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { category, quantity, gross } of lines) {
        emit({ bucket, currency, channel, country, category }, { returns: gross, returned_units: quantity });
      }
    },
    CommandRejected: ignore,
  },
});

function count({ occurredAt, currency, channel, country, lines }: Sold, emit: Emit<typeof key, typeof measures>): void {
  const bucket = bucketOf(occurredAt);
  const counted = new Set<string>();
  for (const { category, quantity, gross, discount } of lines) {
    const orders = counted.has(category) ? 0 : 1;
    counted.add(category);
    emit({ bucket, currency, channel, country, category }, { orders, units: quantity, gross, discounts: discount });
  }
}
