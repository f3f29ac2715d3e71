/** What a process counts and measures, for Prometheus. Names begin with `sales_`; time is in seconds. */
import type { ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds of latencies: from what a quick server needs to what counts as lost. */
export const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Memory, CPU time, event loop and garbage collection of this process. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** A counter that is kept elsewhere, as a plain number, and read when somebody asks. */
export function counterOf(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** Does `work` and notes how long it took, whether or not it succeeded. */
export async function timed<T>(histogram: { startTimer(): () => void }, work: () => Promise<T>): Promise<T> {
  const end = histogram.startTimer();
  try {
    return await work();
  } finally {
    end();
  }
}

/** Answers with all that was counted, in Prometheus' text format. */
export async function sendMetrics(response: ServerResponse, registries: readonly Registry[]): Promise<void> {
  const all = Registry.merge([...registries]);
  const text = await all.metrics();
  response.writeHead(200, { 'content-type': all.contentType, 'cache-control': 'no-store' });
  response.end(text);
}
