/**
 * `sales bench latency`: from the command sent to the first live update that covers its position, received, at a
 * steady rate. Both ends are clients of the public interfaces in this process, so one clock measures.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sendCommands } from '../dev/command-client.ts';
import { createPacing } from '../dev/simulator/pacing.ts';
import type { Services } from '../test/support/services.ts';
import { type LiveUpdate, subscribeLive } from './live-client.ts';
import { percentile, type Report, report, round } from './report.ts';
import { createSales } from './sales.ts';

export interface LatencyOptions {
  /** Commands a second. */
  rate: number;
  seconds: number;
  onProgress(text: string): void;
}

/** At most: it need not take longer than what it is for. */
const WARM_UP_SECONDS = 5;

export async function benchLatency(services: Services, options: LatencyOptions): Promise<Report> {
  const updates: LiveUpdate[] = [];
  const live = await subscribeLive(services.graphqlUrl, 10, (update) => updates.push(update));
  const warmUp = Math.min(WARM_UP_SECONDS, options.seconds);
  options.onProgress(`warming up for ${warmUp} s`);
  await send(services, { ...options, seconds: warmUp });
  options.onProgress(`measuring for ${options.seconds} s`);
  const sent = await send(services, options);
  await delay(1000);
  live.close();
  const latencies = sent.map((one) => coveredAt(updates, one.position) - one.sentAt).sort((a, b) => a - b);
  const lost = latencies.filter(Number.isNaN).length;
  if (lost > 0) throw new Error(`${lost} sales were never covered by a live update`);
  const answers = sent.map((one) => one.answeredAt - one.sentAt).sort((a, b) => a - b);
  return report('latency', {
    p50Ms: round(percentile(latencies, 0.5), 1),
    p99Ms: round(percentile(latencies, 0.99), 1),
    maxMs: round(latencies[latencies.length - 1] ?? 0, 1),
    answerP50Ms: round(percentile(answers, 0.5), 1),
    answerP99Ms: round(percentile(answers, 0.99), 1),
    ratePerSecond: round(sent.length / options.seconds),
    updates: updates.length,
  });
}

interface Sent {
  sentAt: number;
  answeredAt: number;
  position: string;
}

async function send({ commandsUrl }: Services, { rate, seconds }: { rate: number; seconds: number }): Promise<Sent[]> {
  const next = createSales();
  const sentAt: number[] = [];
  async function* source() {
    const start = performance.now();
    const pacing = createPacing({ perSecond: rate, start });
    while (performance.now() - start < seconds * 1000) {
      for (let due = pacing.take(performance.now()); due > 0; due -= 1) {
        sentAt.push(performance.now());
        yield next();
      }
      await delay(Math.max(1, pacing.wait(performance.now())));
    }
  }
  const sent: Sent[] = [];
  for await (const { outcome } of sendCommands(commandsUrl, source(), { maxInFlight: rate * 10 })) {
    if (outcome.outcome !== 'accepted') throw new Error(`a sale was not accepted: ${JSON.stringify(outcome)}`);
    sent.push({ sentAt: sentAt[sent.length] ?? 0, answeredAt: performance.now(), position: outcome.position });
  }
  return sent;
}

/** When the first update arrived that covers this position; updates are in order and positions never go back. */
function coveredAt(updates: readonly LiveUpdate[], position: string): number {
  const [partition = 0, offset = 0] = position.split(':').map(Number);
  let low = 0;
  let high = updates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((updates[middle]?.positions.get(partition) ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return updates[low]?.receivedAt ?? Number.NaN;
}
