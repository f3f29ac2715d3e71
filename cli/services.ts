/** Where the services are: the environment first, then what `npm start` runs. */
import { runningAddresses } from '../dev/addresses.ts';
import { CommandApiUnreachable } from '../dev/command-errors.ts';
import { DevError } from '../dev/dev-error.ts';
import { environment } from '../dev/environment.ts';
import { type Config, readConfig } from '../platform/config.ts';

/** Postgres can't be reached, or was lost. */
export class PostgresUnreachable extends DevError {
  override name = 'PostgresUnreachable';

  constructor(cause: unknown) {
    const hint = 'Start everything with: npm start, or set DATABASE_URL and the other three addresses.';
    super(`Postgres does not answer: ${reasonOf(cause)}.`, hint, { cause });
  }
}

/** Redis can't be reached. */
export class RedisUnreachable extends DevError {
  override name = 'RedisUnreachable';

  constructor(cause: unknown) {
    const hint = 'Start everything with: npm start, or set REDIS_URL and the other three addresses.';
    super(`Redis does not answer: ${reasonOf(cause)}.`, hint, { cause });
  }
}

/** Kafka can't be reached, or was lost. */
export class KafkaUnreachable extends DevError {
  override name = 'KafkaUnreachable';

  constructor(cause: unknown) {
    const hint = 'Start everything with: npm start, or set KAFKA_BROKERS and the other three addresses.';
    super(`Kafka does not answer: ${reasonOf(cause)}.`, hint, { cause });
  }
}

export function settings(): Config {
  return readConfig({ ...runningAddresses(), ...environment });
}

/** Base URL of the command API: `given` by option, or as the settings have it. Throws when nobody answers there. */
export async function commandApi(given?: string): Promise<string> {
  const url = (given ?? urlOf(settings())).replace(/\/+$/, '');
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
  } catch (error) {
    throw new CommandApiUnreachable(url, reasonOf(error));
  }
  return url;
}

/** 0.0.0.0 is for listening; who listens there is found on loopback. */
function urlOf({ host, commandsPort }: Config): string {
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${commandsPort}`;
}

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  if (cause instanceof Error) return cause.message || ('code' in cause ? String(cause.code) : cause.name);
  return error instanceof Error ? error.message : String(error);
}
