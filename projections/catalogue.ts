import { categories } from './categories.ts';
import { channels } from './channels.ts';
import { countries } from './countries.ts';
import { customers } from './customers.ts';
import type { Projection } from './define.ts';
import { paymentMethods } from './payment-methods.ts';
import { products } from './products.ts';
import { revenue } from './revenue.ts';
import { sales } from './sales.ts';

/** Every projection there is. */
export const projections: readonly Projection[] = [
  sales,
  revenue,
  categories,
  channels,
  countries,
  customers,
  paymentMethods,
  products,
];
