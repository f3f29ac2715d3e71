import { defineProjection, type Emit, ignore, type Sold, sum, takeBack } from './define.ts';
import { bucketOf } from './time.ts';

const key = { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text', method: 'text' } as const;
const measures = { payments: sum, amount: sum, returns: sum, return_count: sum, refunds: sum, refund_count: sum };

/** What was paid and given back by each method, by 15 minutes (UTC), in minor units, with shipping and tax. */
export const paymentMethods = defineProjection({
  name: 'payment_methods',
  version: 2,
  table: { key, measures },
  handlers: {
    SaleRecorded: count,
    SaleVoided: takeBack(count),
    SaleRefunded({ occurredAt, currency, channel, country, payments }, emit) {
      const bucket = bucketOf(occurredAt);
      for (const { method, amount } of payments) {
        emit({ bucket, currency, channel, country, method }, { refunds: amount, refund_count: 1 });
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

function count(
  { occurredAt, currency, channel, country, payments }: Sold,
  emit: Emit<typeof key, typeof measures>,
): void {
  const bucket = bucketOf(occurredAt);
  for (const { method, amount } of payments) {
    emit({ bucket, currency, channel, country, method }, { payments: 1, amount });
  }
}
