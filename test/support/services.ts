/** The application's four processes in a namespace of their own, for tests and benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { environment } from '../../dev/environment.ts';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import { anyFreePort } from '../../dev/local-stack/ports.ts';
import { runtime } from '../../dev/runtime.ts';
import { setUp } from '../../dev/setup.ts';
import type { Config } from '../../platform/config.ts';

export const serviceScripts = {
  'command-api': 'commands/api/main.ts',
  'command-processor': 'commands/processor/main.ts',
  'projection-worker': 'projections/worker/main.ts',
  'read-api': 'read-api/main.ts',
  operator: 'projections/operator/main.ts',
} as const;

export type ServiceName = keyof typeof serviceScripts;

export interface Services {
  /** Base URLs without trailing slash; `graphqlUrl` is the endpoint. */
  dashboardUrl: string;
  graphqlUrl: string;
  commandsUrl: string;
  /** What a service counts, as Prometheus reads it; the read API has none. */
  metricsOf(name: ServiceName): Promise<string>;
  /** Process id of a running service. */
  pidOf(name: ServiceName): number;
  /** Ends one service by a signal and waits until it is gone. */
  kill(name: ServiceName, signal?: NodeJS.Signals): Promise<void>;
  /** Starts a service again, on the port that it had, and waits until it is ready. */
  start(name: ServiceName): Promise<void>;
  stop(): Promise<void>;
}

/** What takes part in every sale; operations on projections need the operator besides. */
export const usual: readonly ServiceName[] = ['command-api', 'command-processor', 'projection-worker', 'read-api'];

const READY_WITHIN_MS = 60_000;

/**
 * Sets the namespace of `config` up and starts its services on free ports; resolves when all are ready. `differing` is
 * what single services have otherwise.
 */
export async function startServices(
  config: Config,
  names: readonly ServiceName[] = usual,
  differing: Partial<Record<ServiceName, Partial<Config>>> = {},
): Promise<Services> {
  await setUp(config);
  const ports = new Map<ServiceName, number>();
  for (const name of names) ports.set(name, await anyFreePort());
  const apiHealthPort = await anyFreePort();
  const running = new Map<ServiceName, ChildProcess>();

  async function start(name: ServiceName): Promise<void> {
    const child = spawn(process.execPath, [...runtime.args, serviceScripts[name]], {
      cwd: projectRoot,
      env: {
        ...environment,
        ...runtime.env,
        ...settingsOf({ ...config, ...differing[name] }),
        SALES_HEALTH_PORT: String(apiHealthPort),
        ...portSetting(name, ports.get(name) ?? 0),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output = (output + chunk).slice(-4000);
    });
    running.set(name, child);
    await untilReady(`http://127.0.0.1:${ports.get(name)}/health`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended before it was ready:\n${output}`);
    });
  }

  async function kill(name: ServiceName, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = running.get(name);
    running.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  const stop = async () => {
    await Promise.all([...running.keys()].map((name) => kill(name)));
  };
  try {
    await Promise.all(names.map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  const dashboardUrl = `http://127.0.0.1:${ports.get('read-api')}`;
  return {
    dashboardUrl,
    graphqlUrl: `${dashboardUrl}/graphql`,
    commandsUrl: `http://127.0.0.1:${ports.get('command-api')}`,
    metricsOf: async (name) => {
      const port = name === 'command-api' ? apiHealthPort : ports.get(name);
      return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    },
    pidOf: (name) => running.get(name)?.pid ?? 0,
    kill,
    start,
    stop,
  };
}

/** Waits until a condition holds, for tests that watch something happen. Throws with `what` after `withinMs`. */
export async function until(what: string, condition: () => unknown, withinMs = 15_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    await delay(25);
  }
}

async function untilReady(url: string, check: () => void): Promise<void> {
  await until(
    `${url} is ready`,
    async () => {
      check();
      return (await fetch(url).catch(() => undefined))?.ok;
    },
    READY_WITHIN_MS,
  );
}

/** The settings of a process in this namespace, as environment variables. */
export function settingsOf(config: Config): Record<string, string> {
  return {
    SALES_MODE: config.mode,
    SALES_NAMESPACE: config.namespace,
    KAFKA_BROKERS: config.kafka.join(),
    SCHEMA_REGISTRY_URL: config.registry,
    DATABASE_URL: config.postgres,
    REDIS_URL: config.redis,
    SALES_HOST: config.host,
    SALES_PARTITIONS: String(config.partitions),
    SALES_STORE_TIME_ZONE: config.storeTimeZone,
    SALES_RATE_PER_KEY: String(config.ratePerKey),
    SALES_MAX_UNDECIDED: String(config.maxUndecided),
    SALES_LOG_LEVEL: 'warn',
  };
}

function portSetting(name: ServiceName, port: number): Record<string, string> {
  if (name === 'command-api') return { SALES_COMMANDS_PORT: String(port) };
  if (name === 'read-api') return { SALES_HTTP_PORT: String(port) };
  return { SALES_HEALTH_PORT: String(port) };
}
