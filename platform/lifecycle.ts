/** Start and stop of a process: what was opened last is closed first, by signal, by failure or by end of work. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createLogger, type Logger } from './logger.ts';
import { processMetrics, type Registry, sendMetrics } from './metrics.ts';

export interface Service {
  config: Config;
  logger: Logger;
  /** Registers how to undo what was just opened. Runs in reverse order of registration. */
  onStop(close: () => unknown): void;
  /** Ends the process with exit code 1. */
  fail(error: unknown): void;
}

/**
 * Runs a service until SIGTERM or SIGINT. An error, a rejected promise or `fail` ends the process with exit code 1,
 * so that the supervisor sees it: a half-alive process is worse than a dead one. Wrong settings end it with code 2 and
 * one line that says what to do.
 */
export async function runService(name: string, start: (service: Service) => Promise<void>): Promise<void> {
  const config = configOrExit(name);
  const logger = createLogger(name, config.logLevel);
  const closers: (() => unknown)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const close of closers.reverse()) {
        await Promise.resolve(close()).catch((error) => logger.warn({ err: error }, 'could not close cleanly'));
      }
    })();
    return stopping;
  };
  const exit = (code: number) => {
    setTimeout(() => process.exit(code), 5000).unref();
    void stop().then(() => process.exit(code));
  };
  const fail = (error: unknown) => {
    logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
    exit(1);
  };
  process.on('SIGTERM', () => exit(0));
  process.on('SIGINT', () => exit(0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await start({ config, logger, onStop: (close) => closers.push(close), fail });
  } catch (error) {
    fail(error);
  }
}

function configOrExit(name: string): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    return process.exit(2);
  }
}

/** Longer than clients and load balancers keep idle connections: who sends, not who listens, should close them. */
const KEEP_ALIVE_MS = 65_000;

/** Listens, and gives the port (useful when it was 0) and how to stop. Throws when the port is taken, saying by which setting to move. */
export async function listen(
  server: Server,
  options: { host: string; port: number; setting: string },
): Promise<{ port: number; close: () => Promise<void> }> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const hint = `Port ${options.port} on ${options.host} is taken. Stop what uses it, or set ${options.setting}.`;
      reject(taken ? new Error(hint, { cause: error }) : error);
    });
    server.listen(options.port, options.host, resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

/**
 * What operators ask, on a port that clients need not reach: GET /health, and GET /metrics with what the process counts
 * in `registries` besides its memory and CPU time. Port 0 in the settings means none.
 */
export async function serveHealth(
  options: { host: string; port: number },
  isReady: () => boolean,
  ...registries: Registry[]
): Promise<() => Promise<void>> {
  if (options.port === 0) return async () => {};
  const all = [processMetrics(), ...registries];
  const server = createServer((request, response) => {
    if (request.url === '/health') sendHealth(response, isReady());
    else if (request.url === '/metrics') void sendMetrics(response, all);
    else response.writeHead(404).end();
  });
  return (await listen(server, { ...options, setting: 'SALES_HEALTH_PORT' })).close;
}

function sendHealth(response: ServerResponse, ready: boolean): void {
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: ready ? 'ready' : 'starting' }));
}
