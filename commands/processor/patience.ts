/** Waiting for servers that are away. */
import type { Logger } from '../../platform/logger.ts';
import { isConnectionLost } from '../../platform/postgres/index.ts';
import { RegistryAwayError } from '../../platform/registry/codec.ts';
import { retry } from '../../platform/retry.ts';

/** Whether it is Kafka, Postgres or the registry that does not answer. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof RegistryAwayError ||
    isConnectionLost(error) ||
    (error instanceof Error && error.name.startsWith('KafkaJS'))
  );
}

/** Tries again until a server that is away is back. */
export function patiently<T>(logger: Logger, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  return retry(attempt, {
    when: isAway,
    onRetry: (error) => logger.warn({ reason: String(error) }, 'a server does not answer; waiting for it'),
    signal,
  });
}
