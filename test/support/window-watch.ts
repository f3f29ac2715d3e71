/** Reads live windows again and again, and proves afterwards that every answer was right or said that it is rebuilt. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { sumOf } from '../../domain/money.ts';
import type { Recorded } from './naive-fold.ts';
import { type Bench, windowGeneration } from './projection-worker.ts';
import { until } from './services.ts';

interface Seen {
  partition: number;
  /** Null: it said that it is being rebuilt. */
  fence: number | null;
  orders: number;
  net: number;
}

export interface WindowWatch {
  /** Resolves to the time, in ms since now, at which every window had all that the log has now. */
  healed(withinMs: number): Promise<number>;
  /** Ends it and checks all answers against the log. Resolves to how many there were, and how many of "rebuilding". */
  finish(): Promise<{ answers: number; rebuilding: number }>;
}

const READ_EVERY_MS = 100;

/** All sales of the log must lie within the window and stay there, and be in one currency. */
export async function watchWindows({ reader, pool, schema, log, config }: Bench): Promise<WindowWatch> {
  const generation = await windowGeneration(pool, schema);
  const seen: Seen[] = [];
  const newest = new Map<number, number | null>();
  let watching = true;

  async function read(partition: number): Promise<void> {
    // A Redis that is away gives no answer.
    const slice = await reader.read(generation, partition).catch(() => undefined);
    if (!slice) {
      newest.set(partition, null);
      return;
    }
    const { fence, minutes } = slice;
    newest.set(partition, fence);
    const orders = sumOf(minutes, (minute) => minute.orders);
    seen.push({ partition, fence, orders, net: sumOf(minutes, (minute) => minute.net) });
  }

  const watched = (async () => {
    while (watching) {
      for (let partition = 0; partition < config.partitions; partition += 1) await read(partition);
      await delay(READ_EVERY_MS);
    }
  })();

  return {
    async healed(withinMs) {
      const started = performance.now();
      const ends = await log.ends();
      newest.clear();
      await until(
        'the windows are healed',
        () => [...ends].every(([partition, end]) => (newest.get(partition) ?? -1) >= end),
        withinMs,
      );
      return performance.now() - started;
    },
    async finish() {
      watching = false;
      await watched;
      const right = figuresByFence(await log.read());
      for (const { partition, fence, orders, net } of seen) {
        if (fence === null) expect({ orders, net }).to.deep.equal({ orders: 0, net: 0 });
        else expect({ orders, net }, `${partition} up to ${fence}`).to.deep.equal(right(partition, fence));
      }
      return { answers: seen.length, rebuilding: seen.filter(({ fence }) => fence === null).length };
    },
  };
}

/** What a window is to say, whose fence is there. */
function figuresByFence(log: readonly Recorded[]) {
  const sums = new Map<number, { orders: number; net: number }[]>();
  for (const { event, partition, offset } of [...log].sort((a, b) => a.offset - b.offset)) {
    if (event.type !== 'SaleRecorded') throw new Error('only sales are expected');
    const before = sums.get(partition) ?? [{ orders: 0, net: 0 }];
    const last = before[offset] ?? { orders: 0, net: 0 };
    const net = sumOf(event.data.lines, ({ gross, discount }) => gross - discount);
    before.push({ orders: last.orders + 1, net: last.net + net });
    sums.set(partition, before);
  }
  return (partition: number, fence: number) => sums.get(partition)?.[fence];
}
