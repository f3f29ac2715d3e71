/** Figures of whole sales: the sums of a rollup's rows, and the fields of the GraphQL interface RevenueFigures. */
import { averageOrderValue, money, netFields, netOf } from '../money.ts';

/** Amounts in minor units. */
export interface Figures {
  gross: number;
  discounts: number;
  returns: number;
  refunds: number;
  shipping: number;
  tax: number;
  orders: number;
  units: number;
  returnCount: number;
  returnedUnits: number;
  refundCount: number;
  refundedUnits: number;
  refundedShipping: number;
  refundedTax: number;
}

/** The select list that gives {@link Figures} of a group of rows. */
export const figuresOfRows = `
  sum(gross)::int8 as gross, sum(discounts)::int8 as discounts, sum("returns")::int8 as returns,
  sum(refunds)::int8 as refunds, sum(shipping)::int8 as shipping, sum(tax)::int8 as tax,
  sum(orders)::int8 as orders, sum(units)::int8 as units,
  sum(return_count)::int8 as "returnCount", sum(returned_units)::int8 as "returnedUnits",
  sum(refund_count)::int8 as "refundCount", sum(refunded_units)::int8 as "refundedUnits",
  sum(refunded_shipping)::int8 as "refundedShipping", sum(refunded_tax)::int8 as "refundedTax"`;

/** The fields of RevenueFigures. */
export function figureFields(figures: Figures, currency: string) {
  const { shipping, refundedShipping, tax, refundedTax } = figures;
  const { orders, units, returnCount, returnedUnits, refundCount, refundedUnits } = figures;
  const average = averageOrderValue(figures);
  return {
    ...netFields(figures, currency),
    shipping: money(shipping, currency),
    refundedShipping: money(refundedShipping, currency),
    tax: money(tax, currency),
    refundedTax: money(refundedTax, currency),
    total: money(netOf(figures) + shipping - refundedShipping + tax - refundedTax, currency),
    ...{ orders, units, returnCount, returnedUnits, refundCount, refundedUnits },
    averageOrderValue: average === undefined ? null : money(average, currency),
  };
}
