import { defineProjection, ignore, sum } from './define.ts';
import { bucketOf } from './time.ts';

/** What was paid and given back by each method, by 15 minutes (UTC), in minor units, with shipping and tax. */
export const paymentMethods = defineProjection({
  name: 'payment_methods',
  version: 1,
  table: {
    key: { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text', method: 'text' },
    measures: { payments: sum, amount: sum, returns: sum, return_count: sum, refunds: sum },
  },
  handlers: {
    SaleRecorded({ occurredAt, currency, channel, country, payments }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { method, amount } of payments) {
        emit({ bucket, currency, channel, country, method }, { payments: 1, amount });
      }
    },
    ReturnRecorded({ occurredAt, currency, channel, country, payments }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { method, amount } of payments) {
        emit({ bucket, currency, channel, country, method }, { returns: amount, return_count: 1 });
      }
    },
    CommandRejected: ignore,
  },
});
