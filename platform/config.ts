/** The only reader of `process.env`: every setting of every process, checked once, with its default. */
import { availableParallelism } from 'node:os';

export type Mode = 'development' | 'production';

export interface Config {
  mode: Mode;
  /** Prefixes topics, subjects, consumer groups, Postgres schemas and Redis keys (`platform/names.ts`). */
  namespace: string;
  /** host:port of one or more brokers. */
  kafka: string[];
  /** Base URL of a Confluent-compatible schema registry, without trailing slash. */
  registry: string;
  postgres: string;
  redis: string;
  /** Address to listen on. */
  host: string;
  /** Port of the read API and the dashboard. */
  httpPort: number;
  /** Port of the command API. */
  commandsPort: number;
  /** Port on which a command side process or a worker serves /health and /metrics; 0 for none. */
  healthPort: number;
  /** Commands a second that one API key may send, unless it has a rate of its own; 0: as many as it likes. */
  ratePerKey: number;
  /** Undecided commands in the log from which on the command API takes no more. */
  maxUndecided: number;
  /** What the `sales` command sends to the command API, if anything. */
  apiKey: string | undefined;
  /** Partitions of both topics; fixed for the life of an installation. */
  partitions: number;
  /** IANA zone of the store: the day of per-day rollups, and the dashboard's default. */
  storeTimeZone: string;
  logLevel: string;
  /** Whether projections whose code has changed are rebuilt at start without being asked. */
  autoRebuild: boolean;
}

/** A setting that is missing or wrong. The message names the variable and says what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Throws {@link ConfigError} on the first wrong setting. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const mode = oneOf(env, 'SALES_MODE', ['development', 'production'], 'development');
  return {
    mode,
    namespace: matching(env, 'SALES_NAMESPACE', /^[a-z][a-z0-9_]{0,30}$/, 'sales'),
    kafka: address(env, mode, 'KAFKA_BROKERS', '127.0.0.1:9092').split(','),
    registry: address(env, mode, 'SCHEMA_REGISTRY_URL', 'http://127.0.0.1:8081').replace(/\/+$/, ''),
    postgres: address(env, mode, 'DATABASE_URL', 'postgres://sales@127.0.0.1:5432/sales'),
    redis: address(env, mode, 'REDIS_URL', 'redis://127.0.0.1:6379'),
    host: env.SALES_HOST || (mode === 'production' ? '0.0.0.0' : '127.0.0.1'),
    httpPort: whole(env, 'SALES_HTTP_PORT', 0, 65535, 4000),
    commandsPort: whole(env, 'SALES_COMMANDS_PORT', 0, 65535, 4001),
    healthPort: whole(env, 'SALES_HEALTH_PORT', 0, 65535, 0),
    ratePerKey: whole(env, 'SALES_RATE_PER_KEY', 0, 1_000_000, mode === 'production' ? 1000 : 0),
    maxUndecided: whole(env, 'SALES_MAX_UNDECIDED', 1, 1_000_000_000, 100_000),
    apiKey: env.SALES_API_KEY || undefined,
    partitions: whole(env, 'SALES_PARTITIONS', 1, 256, 8),
    storeTimeZone: timeZone(env, 'SALES_STORE_TIME_ZONE', 'UTC'),
    autoRebuild:
      oneOf(env, 'SALES_AUTO_REBUILD', ['true', 'false'], mode === 'production' ? 'false' : 'true') === 'true',
    logLevel: oneOf(env, 'SALES_LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  };
}

/** The size of the machine, as benchmarks state it. */
export const cores = availableParallelism();

/** In production an address is never guessed: a default would hide a missing secret. */
function address(env: NodeJS.ProcessEnv, mode: Mode, name: string, developmentDefault: string): string {
  const value = env[name];
  if (value) return value;
  if (mode === 'production') throw new ConfigError(`${name} is not set. In SALES_MODE=production set it explicitly.`);
  return developmentDefault;
}

function whole(env: NodeJS.ProcessEnv, name: string, min: number, max: number, fallback: number): number {
  const text = env[name];
  if (!text) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new ConfigError(`${name}=${text} is not a whole number from ${min} to ${max}.`);
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly T[], fallback: T): T {
  const text = env[name];
  if (!text) return fallback;
  const value = allowed.find((one) => one === text);
  if (value) return value;
  throw new ConfigError(`${name}=${text} is not one of ${allowed.join(', ')}.`);
}

function matching(env: NodeJS.ProcessEnv, name: string, pattern: RegExp, fallback: string): string {
  const value = env[name] || fallback;
  if (pattern.test(value)) return value;
  throw new ConfigError(`${name}=${value} does not match ${pattern.source}.`);
}

function timeZone(env: NodeJS.ProcessEnv, name: string, fallback: string): string {
  const value = env[name] || fallback;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    throw new ConfigError(`${name}=${value} is not an IANA time zone such as Europe/London.`);
  }
}
