/** Proofs of a bench's live generations, in this process. */
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { everything } from '../../projections/operator/names.ts';
import type { Kept } from '../../projections/sql.ts';
import { dayIn } from '../../projections/time.ts';
import type { Verdict, VerifyOptions } from '../../projections/verify/verdict.ts';
import { verifyAll } from '../../projections/verify/verify.ts';
import type { Bench } from './projection-worker.ts';

/** Verifies a generation of a projection, or of `live_window`; the first one unless given. */
export async function prove(
  { config, pool, redis, schema }: Bench,
  name: string,
  {
    generation = 1,
    ...options
  }: { generation?: number } & Pick<VerifyOptions, 'at' | 'patienceMs' | 'standstillMs' | 'rowsInMemory'> = {},
): Promise<Verdict> {
  const projection = everything.find((one) => one.name === name);
  if (!projection) throw new Error(`There is no projection ${name}`);
  const kept: Kept = { projection, schema, generation };
  const codec = createCodec(config.registry, new Map());
  const verdicts = verifyAll([kept], {
    kafka: createKafka(config, 'test'),
    names: namesOf(config.namespace),
    pool,
    redis,
    logger: createLogger('test', 'silent'),
    decode: (slices) => decodeSlices(codec, dayIn(config.storeTimeZone), slices),
    ...options,
  });
  for await (const { verdict } of verdicts) return verdict;
  throw new Error(`${name} was not verified`);
}
