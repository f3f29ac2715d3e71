/** `sales bench replay`: how fast projections are rebuilt from the log, beside the raw limits, and how live ones keep up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../dev/environment.ts';
import { projectRoot } from '../dev/local-stack/folder.ts';
import { runtime } from '../dev/runtime.ts';
import type { Config } from '../platform/config.ts';
import { dropNamespace } from '../test/support/servers.ts';
import { settingsOf } from '../test/support/services.ts';
import { measureLiveLag } from './live-lag.ts';
import { makeLog } from './make-log.ts';
import type { ReplayMode, ReplayRun } from './replay-run.ts';
import { type Report, report, round } from './report.ts';

export interface ReplayOptions {
  events: number;
  onProgress(text: string): void;
}

/** Of a busy shop, whose rows take in many events each; and of a small one over a long time, with more rows than events. */
const DENSE_DAYS = 1;
const SPARSE_DAYS = 90;
/** How far live figures may lag while everything is rebuilt. */
const THROTTLE_MS = 200;
/** One sale in fifty is refunded, which is an event too. */
const EVENTS_PER_SALE = 1.02;

/** Makes logs in the namespace of `config` and replays them, then measures live lag in an empty one. */
export async function benchReplay(config: Config, { events, onProgress }: ReplayOptions): Promise<Report> {
  const make = async (days: number) => {
    let told = 0;
    const made = await makeLog(config, {
      sales: Math.round(events / EVENTS_PER_SALE),
      days,
      onProgress(done, total) {
        if (done - told < 200_000) return;
        told = done;
        onProgress(`log of ${days} days made: ${done} of ${total} sales`);
      },
    });
    return made.events;
  };
  const made = await make(DENSE_DAYS);
  onProgress(`${made} events; reading and decoding`);
  const decode = await run(config, 'decode');
  onProgress('rebuilding all aggregates');
  const aggregates = await run(config, 'aggregates');
  onProgress('rebuilding the ledger with its lines');
  const ledger = await run(config, 'ledger');
  onProgress('proving all of these tables');
  const proof = await run(config, 'proof');
  onProgress('COPY alone');
  const copy = await run(config, 'copy');
  await dropNamespace(config);
  await make(SPARSE_DAYS);
  onProgress('rebuilding all aggregates');
  const sparse = await run(config, 'aggregates');
  await dropNamespace(config);
  onProgress('live lag at 2,000 events a second');
  const lag = await measureLiveLag(config);
  await dropNamespace(config);
  onProgress('the same while everything is rebuilt over and over');
  const busy = await measureLiveLag(config, { rebuildMs: THROTTLE_MS });
  return report('replay', {
    events: made,
    aggregatesPerSecond: perSecond(aggregates),
    sparseAggregatesPerSecond: perSecond(sparse),
    ledgerPerSecond: perSecond(ledger),
    proofSeconds: round(proof.seconds, 1),
    decodeOnlyPerSecond: perSecond(decode),
    copyOnlyPerSecond: perSecond(copy),
    workerRssMb: round(Math.max(aggregates.rssMb, sparse.rssMb, ledger.rssMb, lag.rssMb)),
    proofRssMb: round(proof.rssMb),
    liveLagP50Ms: lag.p50Ms,
    liveLagP99Ms: lag.p99Ms,
    rebuilds: busy.rebuilds,
    rebuildingLagP50Ms: busy.p50Ms,
    rebuildingLagP99Ms: busy.p99Ms,
  });
}

function perSecond({ events, seconds }: ReplayRun): number {
  return round(events / seconds);
}

async function run(config: Config, mode: ReplayMode): Promise<ReplayRun> {
  const folder = mkdtempSync(join(tmpdir(), 'sales-bench-'));
  const output = join(folder, 'run.json');
  try {
    const child = spawn(process.execPath, [...runtime.args, 'bench/replay-run.ts', mode, output], {
      cwd: projectRoot,
      env: { ...environment, ...runtime.env, ...settingsOf(config) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the run ${mode} ended with code ${code}`);
    return JSON.parse(readFileSync(output, 'utf8')) as ReplayRun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
