import { defineProjection, ignore, lastText, sum } from './define.ts';

/** Figures of each product by day in the store's time zone. A sale is an order of every product in it, once. */
export const products = defineProjection({
  name: 'products',
  version: 1,
  table: {
    key: { day: 'date', currency: 'text', channel: 'text', country: 'text', product_id: 'text' },
    measures: {
      product_name: lastText,
      category: lastText,
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
    SaleRecorded({ occurredAt, currency, channel, country, lines }, emit, { storeDay }) {
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
    },
    ReturnRecorded({ occurredAt, currency, channel, country, lines }, emit, { storeDay }) {
      const day = storeDay(occurredAt);
      for (const { productId, productName, category, quantity, gross } of lines) {
        emit(
          { day, currency, channel, country, product_id: productId },
          { product_name: productName, category, returns: gross, return_units: quantity },
        );
      }
    },
    CommandRejected: ignore,
  },
});
