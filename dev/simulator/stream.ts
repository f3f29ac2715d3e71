/** A live stream of sales, with a few returns, refunds and voids, at a steady rate, happening now. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandJson, RecordSaleJson, VoidSaleJson } from '../command-json.ts';
import { seedCustomers } from '../seed/dataset.ts';
import { createRandom, type Random, weighted } from '../seed/random.ts';
import { composeRefund, composeReturn, composeSale } from '../seed/store.ts';
import type { Pacing } from './pacing.ts';

export interface StreamOptions {
  /** Part of every id, so that two runs never meet. */
  runId: string;
  currency: string;
  /** Seed of the random numbers. */
  seed: number;
  pacing: Pacing;
  /** Ends the stream. */
  signal: AbortSignal;
  /** Same clock as the pacing's. */
  now: () => number;
}

/** One command in fifty is the return of something just bought. */
const RETURN_SHARE = 0.02;
const RECENT_SALES = 200;

/** Of all sales. */
const REFUND_SHARE = 0.02;
const VOID_SHARE = 0.003;
/** What takes hours in a shop is shown after so long; the sale is decided by then. */
const LATER_MS = 15_000;

/** Timers are no finer; what is due within one tick goes out together. */
const SHORTEST_WAIT_MS = 4;

export async function* liveStream({ pacing, signal, now, ...options }: StreamOptions): AsyncGenerator<CommandJson> {
  const compose = composer(options);
  while (!signal.aborted) {
    for (let due = pacing.take(now()); due > 0 && !signal.aborted; due -= 1) yield compose(Date.now());
    const wait = Math.max(SHORTEST_WAIT_MS, pacing.wait(now()));
    await sleep(wait, undefined, { signal }).catch(() => {});
  }
}

type Fate = 'refund' | 'void';

/** Makes the next command; `occurredAt` in ms since 1970 UTC. */
export function composer({ runId, currency, seed }: Pick<StreamOptions, 'runId' | 'currency' | 'seed'>) {
  const random = createRandom(seed);
  const drawCustomer = weighted(seedCustomers().map((customer) => [customer, customer.loyalty]));
  const recent: RecordSaleJson[] = [];
  const later: { due: number; sale: RecordSaleJson; fate: Fate }[] = [];
  let count = 0;
  return (occurredAt: number): CommandJson => {
    count += 1;
    const id = `${runId}-${count}`;
    const [first] = later;
    if (first && first.due <= occurredAt) {
      later.shift();
      const { sale, fate } = first;
      return fate === 'void' ? voidOf(sale, occurredAt) : composeRefund(random, { id, occurredAt }, sale);
    }
    if (recent.length > 0 && random.chance(RETURN_SHARE)) {
      return composeReturn(random, { id, occurredAt }, random.pick(recent));
    }
    const sale = composeSale(random, { id, occurredAt, currency, customer: drawCustomer(random) });
    recent.push(sale);
    if (recent.length > RECENT_SALES) recent.shift();
    const fate = drawFate(random);
    if (fate) later.push({ due: occurredAt + LATER_MS, sale, fate });
    return sale;
  };
}

/** What will happen to a sale; undefined for nearly all. */
function drawFate(random: Random): Fate | undefined {
  const drawn = random.next();
  if (drawn < VOID_SHARE) return 'void';
  return drawn < VOID_SHARE + REFUND_SHARE ? 'refund' : undefined;
}

function voidOf({ saleId }: RecordSaleJson, occurredAt: number): VoidSaleJson {
  return { type: 'VoidSale', saleId, occurredAt: new Date(occurredAt).toISOString() };
}
