/** A live stream of sales, and a few returns, at a steady rate, happening now. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandJson, RecordSaleJson } from '../command-json.ts';
import { seedCustomers } from '../seed/dataset.ts';
import { createRandom, weighted } from '../seed/random.ts';
import { composeReturn, composeSale } from '../seed/store.ts';
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

/** Makes the next command; `occurredAt` in ms since 1970 UTC. */
function composer({ runId, currency, seed }: Pick<StreamOptions, 'runId' | 'currency' | 'seed'>) {
  const random = createRandom(seed);
  const drawCustomer = weighted(seedCustomers().map((customer) => [customer, customer.loyalty]));
  const recent: RecordSaleJson[] = [];
  let count = 0;
  return (occurredAt: number): CommandJson => {
    count += 1;
    const id = `${runId}-${count}`;
    if (recent.length > 0 && random.chance(RETURN_SHARE)) {
      return composeReturn(random, { id, occurredAt }, random.pick(recent));
    }
    const sale = composeSale(random, { id, occurredAt, currency, customer: drawCustomer(random) });
    recent.push(sale);
    if (recent.length > RECENT_SALES) recent.shift();
    return sale;
  };
}
