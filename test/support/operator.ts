/** An operator in this process on a bench's servers, and requests that are followed to their end. */

import type { Event } from '../../domain/messages.generated.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { findOperation, type Operation, type OperationKind, requestOperation } from '../../projections/operations.ts';
import { type Operator, startOperator } from '../../projections/operator/app.ts';
import type { Patience } from '../../projections/operator/execution.ts';
import { dayIn } from '../../projections/time.ts';
import { type Bench, poisoned } from './projection-worker.ts';
import { until } from './services.ts';

/**
 * An operator that waits for workers as long as it is told to, or as long as operators do; with `poison` it cannot decode
 * the events of which that says so.
 */
export function openOperator(
  { config, pool, redis, failures }: Bench,
  { patience, poison = () => false }: { patience?: Patience; poison?: (event: Event) => boolean } = {},
): Promise<Operator> {
  const codec = poisoned(createCodec(config.registry, new Map()), poison);
  return startOperator({
    config,
    names: namesOf(config.namespace),
    kafka: createKafka(config, 'test'),
    pool,
    redis,
    codec,
    logger: createLogger('test', 'silent'),
    decode: (slices) => decodeSlices(codec, dayIn(config.storeTimeZone), slices),
    ...(patience && { patience }),
    onFailure: (error) => failures.push(error),
  });
}

/** Asks for an operation and waits until it is done or has failed. */
export async function operate(bench: Bench, kind: OperationKind, given: Record<string, unknown>): Promise<Operation> {
  return untilEnded(bench, await requestOperation(bench.pool, bench.schema, kind, given));
}

/** Waits until an operation is done or has failed. */
export async function untilEnded({ pool, schema }: Bench, id: number, withinMs = 45_000): Promise<Operation> {
  let found: Operation | undefined;
  const hasEnded = async () => {
    found = await findOperation(pool, schema, id);
    return found?.status === 'done' || found?.status === 'failed';
  };
  await until(`operation ${id} has ended`, hasEnded, withinMs);
  if (!found) throw new Error('the operation is gone');
  return found;
}
