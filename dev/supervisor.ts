/** Keeps services running: starts each as a process of its own, restarts one that dies, stops them all. */
import { setTimeout as wait } from 'node:timers/promises';
import { DevError } from './dev-error.ts';
import { type LocalFolder, projectRoot } from './local-stack/folder.ts';
import { anyFreePort } from './local-stack/ports.ts';
import { logFile, logTail, startDaemon, stopDaemon } from './local-stack/process.ts';
import { runtime } from './runtime.ts';
import type { Addresses, Service } from './services.ts';
import type { RunningService } from './stack-file.ts';

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** A service that ran this long before it died starts again without the pauses of earlier deaths. */
const healthyAfterMs = 60_000;

export interface SupervisorOptions {
  local: LocalFolder;
  /** Settings for the services. */
  env: Record<string, string>;
  addresses: Addresses;
  say(line: string): void;
  /** Called with all running services whenever one starts or ends. */
  onChange(services: RunningService[]): void;
}

export interface Supervisor {
  /** Starts a service; resolves when it is ready, rejects when it ends before. */
  start(service: Service): Promise<void>;
  /** Stops all of them at the same time. */
  stop(): Promise<void>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { local, say } = options;
  const running = new Map<string, RunningService>();
  const started: string[] = [];
  const stopping = new AbortController();

  /** Runs the service once, until it ends. Returns how it ended. */
  async function run(service: Service, keepLog: boolean, onReady: () => void): Promise<string> {
    const ownPort = ['own port', 'command API'].includes(service.health) ? await anyFreePort() : undefined;
    const child = await startDaemon(local, service.name, {
      command: process.execPath,
      args: [...runtime.args, ...service.args],
      cwd: projectRoot,
      env: { ...runtime.env, ...options.env, ...(ownPort ? { SALES_HEALTH_PORT: String(ownPort) } : {}) },
      keepLog,
    });
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`));
    });
    const health = healthUrl(service, options.addresses, ownPort);
    const metrics = ownPort ? `http://127.0.0.1:${ownPort}/metrics` : undefined;
    running.set(service.name, { name: service.name, title: service.title, pid: child.pid ?? 0, health, metrics });
    options.onChange([...running.values()]);
    const over = new AbortController();
    void untilHealthy(health, over.signal).then((isHealthy) => isHealthy && onReady());
    const outcome = await ended;
    over.abort();
    running.delete(service.name);
    options.onChange([...running.values()]);
    return outcome;
  }

  async function keepRunning(service: Service, onReady: () => void, onEarlyEnd: (error: Error) => void): Promise<void> {
    let wasReady = false;
    let deaths = 0;
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      const startedAt = Date.now();
      const outcome = await run(service, attempt > 0, () => {
        if (wasReady) say(`${service.title} is ready again`);
        wasReady = true;
        onReady();
      });
      if (stopping.signal.aborted) return;
      const log = logFile(local, service.name);
      if (!wasReady) {
        const problem = `${service.title} ended before it was ready (${outcome}).\n${logTail(log)}`;
        return onEarlyEnd(new DevError(problem, `Its whole log is ${log}`));
      }
      deaths = Date.now() - startedAt > healthyAfterMs ? 1 : deaths + 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** (deaths - 1), longestPauseMs);
      say(`${service.title} ended (${outcome}); its log is ${log}. Starting it again in ${pauseMs / 1000} s`);
      await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    start(service) {
      started.push(service.name);
      return new Promise((resolve, reject) => {
        stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason), { once: true });
        keepRunning(service, resolve, reject).catch(reject);
      });
    },
    async stop() {
      stopping.abort(new DevError('Stopped while starting.', ''));
      await Promise.all(started.map((name) => stopDaemon(local, name, 8000)));
    },
  };
}

function healthUrl(service: Service, addresses: Addresses, ownPort: number | undefined): string | undefined {
  switch (service.health) {
    case 'own port':
      return `http://127.0.0.1:${ownPort}/health`;
    case 'read API':
      return `${addresses.dashboard}/health`;
    case 'command API':
      return `${addresses.commands}/health`;
    case 'none':
      return undefined;
  }
}

/** Asks every 100 ms until the answer is 200; false when aborted first. */
async function untilHealthy(url: string | undefined, signal: AbortSignal): Promise<boolean> {
  while (url && !signal.aborted) {
    if (await isHealthy(url)) return true;
    await wait(100);
  }
  return !signal.aborted;
}

/** True when the service answers that it is ready. */
export async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
