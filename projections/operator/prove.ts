/** Verifies generations and keeps what came of it. */

import { isTable, type Kept } from '../sql.ts';
import { describeVerdict, recordVerification } from '../verify/record.ts';
import { verify } from '../verify/verify.ts';
import { type Execution, OperationError } from './execution.ts';

/** Resolves to the number of rows that are as the log says, by projection. Throws with the first that is not. */
export async function proveAll(generations: readonly Kept[], execution: Execution): Promise<Record<string, number>> {
  const { kafka, names, pool, logger, decode, report } = execution;
  const proven: Record<string, number> = {};
  for (const kept of generations.filter(isTable)) {
    const verdict = await verify(kept, {
      kafka,
      pool,
      logger,
      decode,
      topic: names.topics.events,
      onProgress: (done, total) => report({ step: `verifying ${kept.projection.name}`, done, total }),
    });
    await recordVerification(pool, kept, verdict);
    if (verdict.first) throw new OperationError(`${describeVerdict(kept, verdict)} It was not promoted.`);
    proven[kept.projection.name] = verdict.rows;
  }
  return proven;
}
