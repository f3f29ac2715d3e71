import { sumOf } from '../domain/money.ts';
import {
  type Columns,
  defineProjection,
  type Emit,
  type Handlers,
  ignore,
  type Sold,
  sum,
  takeBack,
} from './define.ts';
import { bucketOf } from './time.ts';

/** What a rollup of whole sales adds up, in minor units. */
export const revenueMeasures = {
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

type RevenueEmit<K extends Columns> = Emit<K, typeof revenueMeasures>;
/** What events of every kind say about when and where; `bucket` is that of the time on which they count. */
interface Dimensions {
  bucket: number;
  currency: string;
  channel: string;
  country: string;
}

const key = { bucket: 'timestamptz', currency: 'text', channel: 'text', country: 'text' } as const;

/**
 * Figures of 15 minutes (UTC), in minor units. net = gross - discounts - returns - refunds;
 * total = net + shipping - refunded_shipping + tax - refunded_tax.
 */
export const revenue = defineProjection({
  name: 'revenue',
  version: 2,
  table: { key, measures: revenueMeasures },
  handlers: revenueBy<typeof key>((dimensions) => dimensions),
});

/** Handlers that add {@link revenueMeasures} to the row of the key that `keyOf` takes from an event's dimensions. */
export function revenueBy<K extends Columns>(
  keyOf: (dimensions: Dimensions) => Parameters<RevenueEmit<K>>[0],
): Handlers<RevenueEmit<K>> {
  const keyAt = ({ occurredAt, currency, channel, country }: Omit<Dimensions, 'bucket'> & { occurredAt: number }) =>
    keyOf({ bucket: bucketOf(occurredAt), currency, channel, country });

  function count(sale: Sold, emit: RevenueEmit<K>): void {
    const { lines, shipping, tax } = sale;
    emit(keyAt(sale), {
      orders: 1,
      units: sumOf(lines, (line) => line.quantity),
      gross: sumOf(lines, (line) => line.gross),
      discounts: sumOf(lines, (line) => line.discount),
      shipping,
      tax,
    });
  }

  return {
    SaleRecorded: count,
    SaleVoided: takeBack(count),
    SaleRefunded(refund, emit) {
      const { lines, shipping, tax } = refund;
      emit(keyAt(refund), {
        refunds: sumOf(lines, (line) => line.amount),
        refund_count: 1,
        refunded_units: sumOf(lines, (line) => line.quantity),
        refunded_shipping: shipping,
        refunded_tax: tax,
      });
    },
    ReturnRecorded(given, emit) {
      emit(keyAt(given), {
        returns: sumOf(given.lines, (line) => line.gross),
        return_count: 1,
        returned_units: sumOf(given.lines, (line) => line.quantity),
      });
    },
    CommandRejected: ignore,
  };
}
