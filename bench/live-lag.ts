/** From an event acknowledged by Kafka to the announcement that tables and live window have it, at a steady rate. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createPacing } from '../dev/simulator/pacing.ts';
import type { Event } from '../domain/messages.generated.ts';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool } from '../platform/postgres/index.ts';
import { findOperation, requestOperation } from '../projections/operations.ts';
import { everything } from '../projections/operator/names.ts';
import { sale } from '../test/support/documents.ts';
import { createEventLog } from '../test/support/event-log.ts';
import { startServices } from '../test/support/services.ts';
import { peakRssMb } from './memory.ts';
import { percentile, round } from './report.ts';

const RATE = 2000;
const WARM_UP_SECONDS = 5;
const SECONDS = 20;
const TICK_MS = 10;

export interface LiveLag {
  p50Ms: number;
  p99Ms: number;
  /** The most that the worker had resident. */
  rssMb: number;
  /** How often everything was rebuilt meanwhile. */
  rebuilds: number;
}

/**
 * Starts a projection worker in the namespace of `config` and stops it. With `rebuildMs` an operator rebuilds and proves
 * everything over and over meanwhile, and holds up while live figures lag more than that.
 */
export async function measureLiveLag(config: Config, { rebuildMs }: { rebuildMs?: number } = {}): Promise<LiveLag> {
  const log = await createEventLog(config);
  const services = await startServices(config, ['projection-worker', ...(rebuildMs ? (['operator'] as const) : [])]);
  const rebuilding = rebuildMs ? keepRebuilding(config, rebuildMs) : undefined;
  const listener = new pg.Client(config.postgres);
  const waiting = new Map<number, { end: number; at: number }[]>();
  const lags: number[] = [];
  let measuring = false;
  let rssMb = 0;
  let rebuilds = 0;
  try {
    await listener.connect();
    await listener.query(`listen ${namesOf(config.namespace).notifyChannel}`);
    listener.on('notification', ({ payload = '{}' }) => {
      const now = performance.now();
      const { positions = {} } = JSON.parse(payload) as { positions?: Record<string, number> };
      for (const [partition, next] of Object.entries(positions)) {
        const sent = waiting.get(Number(partition)) ?? [];
        while (sent[0] && sent[0].end <= next) {
          const { at } = sent.shift() ?? { at: now };
          if (measuring) lags.push(now - at);
        }
      }
    });
    const start = performance.now();
    const pacing = createPacing({ perSecond: RATE, start });
    let count = 0;
    while (performance.now() - start < (WARM_UP_SECONDS + SECONDS) * 1000) {
      measuring = performance.now() - start > WARM_UP_SECONDS * 1000;
      const due = pacing.take(performance.now());
      const events: Event[] = [];
      for (let index = 0; index < due; index += 1) events.push(newSale(count++));
      const before = log.next();
      await log.append(events);
      const at = performance.now();
      for (const [partition, end] of log.next()) {
        if (end > (before.get(partition) ?? 0))
          waiting.set(partition, [...(waiting.get(partition) ?? []), { end, at }]);
      }
      await delay(Math.max(1, TICK_MS - (performance.now() - at)));
    }
    await delay(1000);
    rssMb = peakRssMb(services.pidOf('projection-worker'));
    rebuilds = (await rebuilding?.stop()) ?? 0;
  } finally {
    // Asked once more where something else has failed.
    await rebuilding?.stop().catch(() => {});
    await listener.end();
    await services.stop();
    await log.close();
  }
  const sorted = lags.sort((a, b) => a - b);
  return { p50Ms: round(percentile(sorted, 0.5), 1), p99Ms: round(percentile(sorted, 0.99), 1), rssMb, rebuilds };
}

/** Asks for one rebuild of everything after the other, which is proven and goes live. */
function keepRebuilding(config: Config, throttleMs: number): { stop(): Promise<number> } {
  const pool = createPool(config, { applicationName: 'bench' });
  const schema = namesOf(config.namespace).postgres.read;
  let going = true;
  const done = (async () => {
    let rebuilds = 0;
    for (; going; rebuilds += 1) {
      const given = { projections: everything.map(({ name }) => name), throttleMs };
      const id = await requestOperation(pool, schema, 'rebuild', given);
      for (;;) {
        const found = await findOperation(pool, schema, id);
        if (found?.status === 'failed') throw new Error(`a rebuild failed: ${found.outcome?.error}`);
        if (found?.status === 'done') break;
        if (!going) return rebuilds;
        await delay(100);
      }
    }
    return rebuilds;
  })().finally(() => pool.end());
  done.catch(() => {});
  return {
    stop() {
      going = false;
      return done;
    },
  };
}

function newSale(count: number): Event {
  const lines = [1, 2, 3].map((line) => ({
    productId: `p-${(count * 7 + line) % 100}`,
    productName: `Product ${(count * 7 + line) % 100}`,
    category: `Category ${(count + line) % 6}`,
    unitPrice: 12_000_000,
  }));
  return sale(`lag-${count}`, { occurredAt: Date.now(), customerId: `c-${count % 1000}`, lines });
}
