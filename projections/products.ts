import {
  defineProjection,
  type Emit,
  type EventContext,
  ignore,
  lastText,
  type Sold,
  sum,
  takeBack,
} from './define.ts';

const key = { day: 'date', currency: 'text', channel: 'text', country: 'text', product_id: 'text' } as const;
const measures = {
  product_name: lastText,
  category: lastText,
  orders: sum,
  units: sum,
  gross: sum,
  discounts: sum,
  returns: sum,
  returned_units: sum,
  refunds: sum,
  refunded_units: sum,
};

/** Figures of each product by day in the store's time zone. A sale is an order of every product in it, once. */
export const products = defineProjection({
  name: 'products',
  version: 2,
  table: { key, measures },
  handlers: {
    SaleRecorded: count,
    SaleVoided: takeBack(count),
    SaleRefunded({ occurredAt, currency, channel, country, lines }, emit, { storeDay }) {
      const day = storeDay(occurredAt);
      for (const { productId, productName, category, quantity, amount } of lines) {
        emit(
          { day, currency, channel, country, product_id: productId },
          { product_name: productName, category, refunds: amount, refunded_units: quantity },
        );
      }
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit, { storeDay }) {
      const day = storeDay(occurredAt);
      for (const { productId, productName, category, quantity, gross } of lines) {
        emit(
          { day, currency, channel, country, product_id: productId },
          { product_name: productName, category, returns: gross, returned_units: quantity },
        );
      }
    },
    CommandRejected: ignore,
  },
});

function count(
  { occurredAt, currency, channel, country, lines }: Sold,
  emit: Emit<typeof key, typeof measures>,
  { storeDay }: EventContext,
): void {
  const day = storeDay(occurredAt);
  const counted = new Set<string>();
  for (const { productId, productName, category, quantity, gross, discount } of lines) {
    const orders = counted.has(productId) ? 0 : 1;
    counted.add(productId);
    emit(
      { day, currency, channel, country, product_id: productId },
      { product_name: productName, category, orders, units: quantity, gross, discounts: discount },
    );
  }
}
