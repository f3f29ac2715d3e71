import { defineProjection, ignore, sum } from './define.ts';
import { bucketOf } from './time.ts';

/** Figures of each category by 15 minutes (UTC). A sale is an order of every category in it, once. */
export const categories = defineProjection({
  name: 'categories',
  version: 1,
  table: {
    key: { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text', category: 'text' },
    measures: {
      orders: sum,
      units: sum,
      gross: sum,
      discounts: sum,
      returns: sum,
      return_units: sum,
      refunds: sum,
    },
  },
  handlers: {
    SaleRecorded({ occurredAt, currency, channel, country, lines }, emit) {
      const bucket = bucketOf(occurredAt);
      const counted = new Set<string>();
      for (const { category, quantity, gross, discount } of lines) {
        const orders = counted.has(category) ? 0 : 1;
        counted.add(category);
        emit({ bucket, currency, channel, country, category }, { orders, units: quantity, gross, discounts: discount });
      }
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { category, quantity, gross } of lines) {
        emit({ bucket, currency, channel, country, category }, { returns: gross, return_units: quantity });
      }
    },
    CommandRejected: ignore,
  },
});
