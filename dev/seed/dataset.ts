/**
 * The demo's past: 10,000 sales of the 90 days before an anchor time, about 14.8 million dollars in all, and some
 * returns. The same anchor and time zone give the same commands, to the byte; the amounts don't depend on either.
 */
import type { DocumentJson, RecordSaleJson } from '../command-json.ts';
import { drawMoments } from './calendar.ts';
import { type Customer, createCustomers } from './customers.ts';
import { createRandom, type Random, shuffle, weighted } from './random.ts';
import { composeReturn, composeSale } from './store.ts';

export interface Anchor {
  /** The end of the past, milliseconds since 1970 UTC. */
  at: number;
  /** IANA zone of the store's rhythm. */
  timeZone: string;
}

export const SEED_SALES = 10_000;
export const SEED_DAYS = 90;
export const SEED_CURRENCY = 'USD';
/** One sale in a hundred has a piece come back. */
const SALES_A_RETURN = 100;
const DAY_MS = 24 * 3_600_000;

/** Streams of random numbers of their own, so that a change to one thing doesn't change the others. */
const seeds = { customers: 1, buyers: 2, moments: 3, sales: 4, returns: 5 };

export function seedCustomers(): Customer[] {
  return createCustomers(seeds.customers);
}

/** All commands in order of time. */
export function* seedCommands({ at, timeZone }: Anchor): Generator<DocumentJson> {
  const buyers = drawBuyers(createRandom(seeds.buyers));
  const moments = drawMoments(createRandom(seeds.moments), { count: SEED_SALES, days: SEED_DAYS, end: at, timeZone });
  const [forSales, forReturns] = [createRandom(seeds.sales), createRandom(seeds.returns)];
  let sales: RecordSaleJson[] = [];
  for (const [index, occurredAt] of moments.entries()) {
    const customer = buyers[index];
    if (!customer) throw new RangeError('a sale without a buyer');
    const id = `seed-${String(index + 1).padStart(5, '0')}`;
    const sale = composeSale(forSales, { id, occurredAt, currency: SEED_CURRENCY, customer });
    yield sale;
    sales.push(sale);
    if (sales.length < SALES_A_RETURN) continue;
    yield laterReturn(forReturns, forReturns.pick(sales), at);
    sales = [];
  }
}

/** One return for every hundred sales; see {@link seedCommands}. */
export const SEED_COMMANDS = SEED_SALES + SEED_SALES / SALES_A_RETURN;

/** Within two weeks of the sale, and never after the anchor. */
function laterReturn(random: Random, sale: RecordSaleJson, end: number) {
  const soldAt = Date.parse(sale.occurredAt);
  const occurredAt = Math.min(soldAt + Math.floor((0.1 + random.next() * 14) * DAY_MS), end - 1);
  return composeReturn(random, { id: `${sale.saleId}-return`, occurredAt }, sale);
}

/** Who makes which sale: everybody at least one, the loyal ones many. */
function drawBuyers(random: Random): Customer[] {
  const customers = seedCustomers();
  const draw = weighted(customers.map((customer) => [customer, customer.loyalty]));
  const more = Array.from({ length: SEED_SALES - customers.length }, () => draw(random));
  return shuffle([...customers, ...more], random);
}
