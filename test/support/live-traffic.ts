import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '../../domain/messages.generated.ts';
import { goodsReturn, refund, sale, voiding } from './documents.ts';
import type { EventLog } from './event-log.ts';

/** Sales, returns, refunds and voids of the last hours, with ids that begin with `prefix`. */
export function documents(prefix: string, count: number): Event[] {
  return Array.from({ length: count }, (_, index) => {
    const occurredAt = Date.now() - (index % 5000) * 20_000;
    const sold = sale(`${prefix}-${index}`, { occurredAt });
    if (index % 7 === 3) return [sold, refund(sold, 'r-1', { occurredAt: Date.now() })];
    if (index % 11 === 5) return [sold, voiding(sold, { occurredAt: Date.now() })];
    return index % 5 === 4 ? [goodsReturn(`${prefix}-back-${index}`, { occurredAt })] : [sold];
  }).flat();
}

/** Appends a few documents after the other; the function returned ends that and tells how many bursts there were. */
export function keepAppending(log: EventLog, prefix: string, everyMs = 100): () => Promise<number> {
  let going = true;
  const appending = (async () => {
    let burst = 0;
    for (; going; burst += 1) {
      await log.append(documents(`${prefix}-${burst}`, 10));
      await delay(everyMs);
    }
    return burst;
  })();
  appending.catch(() => {});
  return () => {
    going = false;
    return appending;
  };
}

/** Appends many events in batches that brokers take. */
export async function appendMany(log: EventLog, events: readonly Event[]): Promise<void> {
  for (let at = 0; at < events.length; at += BATCH) await log.append(events.slice(at, at + BATCH));
}

const BATCH = 4000;
