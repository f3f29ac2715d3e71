/**
 * `sales bench commands`: the write path from HTTP to the log and back, in bulk and one by one, and where its time and
 * its CPU go. Everything runs: projections and the read API keep up meanwhile, on the same cores.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool } from '../platform/postgres/index.ts';
import { type ServiceName, type Services, serviceScripts } from '../test/support/services.ts';
import { sendBulk } from './bulk-load.ts';
import { checkLog, logEnds, type Traced } from './check-log.ts';
import { type CpuSeconds, cpuSeconds } from './cpu.ts';
import { untilCovered } from './positions.ts';
import { percentile, type Report, report, round } from './report.ts';
import { createSaleTexts } from './sales.ts';
import { now, type Sent } from './sent.ts';
import { sendSingle } from './single-load.ts';

export interface CommandsOptions {
  /** Of each measurement. */
  seconds: number;
  rounds: number;
  /** Single commands a second. */
  rate: number;
  onProgress(text: string): void;
}

const STREAMS = 4;
const IN_FLIGHT = 3000;

type Kind = 'bulk' | 'single';

export async function benchCommands(config: Config, services: Services, options: CommandsOptions): Promise<Report> {
  const pool = createPool(config, { applicationName: 'bench', max: 1 });
  const rounds: Record<string, number>[] = [];
  while (rounds.length < options.rounds) {
    const bulk = await measure('bulk', config, services, pool, options);
    const figures = { ...bulk, ...(await measure('single', config, services, pool, options)) };
    rounds.push(figures);
    options.onProgress(
      `round ${rounds.length} of ${options.rounds}: ${figures.bulkPerSecond} commands/s in bulk; ` +
        `one by one p50 ${figures.singleP50Ms} ms, p99 ${figures.singleP99Ms} ms`,
    );
  }
  await pool.end();
  const names = Object.keys(rounds[0] ?? {});
  return report('commands', Object.fromEntries(names.map((name) => [name, medianOf(rounds.map((one) => one[name]))])));
}

/** One measurement under load of one kind, after half as long under the same load to warm up. */
async function measure(
  kind: Kind,
  config: Config,
  services: Services,
  pool: pg.Pool,
  { seconds, rate }: CommandsOptions,
): Promise<Record<string, number>> {
  const from = await logEnds(config);
  const start = now() + seconds * 500;
  const end = start + seconds * 1000;
  const cpu = Promise.all([cpuAt(services, start), cpuAt(services, end)]);
  const sent = await send(kind, services, rate, end);
  const [before, after] = await cpu;
  await untilCovered(pool, namesOf(config.namespace).postgres.read, (await logEnds(config)).events);
  const behindMs = now() - end;
  const traced = (await checkLog(config, from, sent)).filter(({ at }) => at >= start);
  const answered = sent.filter(({ answeredAt }) => answeredAt >= start && answeredAt < end).length;
  const figures = {
    PerSecond: round(answered / seconds),
    ...percentiles('', traced, ({ at, answeredAt }) => answeredAt - at),
    ...percentiles('ToCommand', traced, ({ at, commandAt }) => commandAt - at),
    ...percentiles('ToEvent', traced, ({ commandAt, eventAt }) => eventAt - commandAt),
    ...percentiles('ToAnswer', traced, ({ eventAt, answeredAt }) => answeredAt - eventAt),
    ReadModelsLevelAfterMs: round(behindMs),
    ...cpuFigures(before, after, answered),
  };
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${kind}${name}`, value]));
}

function send(kind: Kind, { commandsUrl }: Services, rate: number, end: number): Promise<Sent[]> {
  const run = randomUUID().slice(0, 8);
  const text = createSaleTexts({ typed: kind === 'bulk' });
  let count = 0;
  const next = () => {
    if (now() >= end) return undefined;
    count += 1;
    const saleId = `${run}-${count}`;
    return { saleId, line: text(saleId) };
  };
  if (kind === 'bulk') return sendBulk(commandsUrl, { streams: STREAMS, inFlight: IN_FLIGHT, next });
  return sendSingle(commandsUrl, { rate, next });
}

async function cpuAt(services: Services, time: number): Promise<CpuSeconds> {
  await delay(time - now());
  const names = Object.keys(serviceScripts) as ServiceName[];
  return cpuSeconds({ ...Object.fromEntries(names.map((name) => [name, services.pidOf(name)])), client: process.pid });
}

function percentiles(stage: string, traced: readonly Traced[], of: (one: Traced) => number): Record<string, number> {
  const times = traced.map(of).sort((a, b) => a - b);
  return {
    [`${stage}P50Ms`]: round(percentile(times, 0.5), 1),
    [`${stage}P99Ms`]: round(percentile(times, 0.99), 1),
  };
}

/** Microseconds of CPU a command, by process. */
function cpuFigures(before: CpuSeconds, after: CpuSeconds, commands: number): Record<string, number> {
  const spent = [...after].map(([name, seconds]): [string, number] => [name, seconds - (before.get(name) ?? 0)]);
  const all = spent.reduce((sum, [, seconds]) => sum + seconds, 0);
  return Object.fromEntries(
    [['all', all] as const, ...spent].map(([name, seconds]) => [
      `CpuMicros.${name}`,
      round((seconds / commands) * 1e6),
    ]),
  );
}

function medianOf(values: readonly (number | undefined)[]): number {
  const sorted = values.map(Number).sort((a, b) => a - b);
  return percentile(sorted, 0.5);
}
