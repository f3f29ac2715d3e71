import { sumOf } from '../domain/money.ts';
import { defineProjection, ignore, sum } from './define.ts';
import { bucketOf } from './time.ts';

/** Figures of 15 minutes (UTC), in minor units. net = gross - discounts - returns - refunds. */
export const revenue = defineProjection({
  name: 'revenue',
  version: 1,
  table: {
    key: { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text' },
    measures: {
      orders: sum,
      units: sum,
      gross: sum,
      discounts: sum,
      shipping: sum,
      tax: sum,
      returns: sum,
      return_count: sum,
      return_units: sum,
      refunds: sum,
    },
  },
  handlers: {
    SaleRecorded({ occurredAt, currency, channel, country, lines, shipping, tax }, emit) {
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
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit) {
      emit(
        { bucket: bucketOf(occurredAt), currency, channel, country },
        {
          returns: sumOf(lines, (line) => line.gross),
          return_count: 1,
          return_units: sumOf(lines, (line) => line.quantity),
        },
      );
    },
    CommandRejected: ignore,
  },
});
