/** What a process counts and measures, for Prometheus. Names begin with `sales_`; time is in seconds. */
import type { ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

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

/** A value that is read when somebody asks. */
export function gaugeOf(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

/** A value for each set of labels that there is when somebody asks. */
export type Labelled<L extends string> = readonly [labels: Readonly<Record<L, string | number>>, value: number];

/** Values that are read when somebody asks; those of labels that are no longer there are gone. */
export function gaugesOf<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
  read: () => readonly Labelled<L>[] | Promise<readonly Labelled<L>[]>,
): void {
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const values = await read();
      this.reset();
      for (const [labels, value] of values) this.set({ ...labels }, value);
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

/** Answers with all that was counted, in Prometheus' text format; with 500 when something can't be read now. */
export async function sendMetrics(response: ServerResponse, registries: readonly Registry[]): Promise<void> {
  const all = Registry.merge([...registries]);
  try {
    const text = await all.metrics();
    response.writeHead(200, { 'content-type': all.contentType, 'cache-control': 'no-store' }).end(text);
  } catch (error) {
    // Whoever watches must not end what is watched.
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error}\n`);
  }
}
