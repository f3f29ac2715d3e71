import { readFileSync } from 'node:fs';
import type { GraphQLSchema } from 'graphql';
import { createSchema } from 'graphql-yoga';
import type { Context } from './context.ts';
import { live } from './live/live.ts';
import { categories } from './queries/categories.ts';
import { channels } from './queries/channels.ts';
import { countries } from './queries/countries.ts';
import { currencies } from './queries/currencies.ts';
import { customerCounts } from './queries/customer-counts.ts';
import { customers } from './queries/customers.ts';
import { paymentMethods } from './queries/payment-methods.ts';
import { pipeline } from './queries/pipeline.ts';
import { positions } from './queries/positions.ts';
import { products } from './queries/products.ts';
import { revenue } from './queries/revenue.ts';
import { sale } from './queries/sale.ts';
import { sales } from './queries/sales.ts';
import { scalars } from './scalars.ts';

export const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');

/** The committed schema with a resolver for each field of Query and Subscription; all others are plain properties. */
export function buildSchema(): GraphQLSchema {
  return createSchema<Context>({
    typeDefs,
    resolvers: {
      ...scalars,
      Query: {
        revenue,
        currencies,
        categories,
        channels,
        countries,
        customers,
        customerCounts,
        paymentMethods,
        products,
        sales,
        sale,
        positions,
        pipeline,
      },
      Subscription: { live },
    },
  });
}
