/** Who buys at the demo store: 1,000 customers, each at home in one country. */
import { createRandom, weighted } from './random.ts';

export interface Customer {
  customerId: string;
  /** ISO 3166 alpha-2. */
  country: string;
  /** How often this customer buys, compared with the others. */
  loyalty: number;
}

export const CUSTOMERS = 1000;

/** The store is at home in the United States and ships to nine more countries. */
const drawCountry = weighted([
  ['US', 52],
  ['CA', 10],
  ['GB', 10],
  ['DE', 8],
  ['FR', 6],
  ['AU', 5],
  ['NL', 3],
  ['JP', 3],
  ['ES', 2],
  ['BR', 1],
]);

export function createCustomers(seed: number): Customer[] {
  const random = createRandom(seed);
  return Array.from({ length: CUSTOMERS }, (_, index) => ({
    customerId: `customer-${String(index + 1).padStart(4, '0')}`,
    country: drawCountry(random),
    // A few buy often, most now and then.
    loyalty: 0.2 + random.next() ** 4 * 6,
  }));
}
