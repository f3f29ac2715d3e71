/** Verifies generations and keeps what came of it. */
import type { Kept } from '../sql.ts';
import { describeVerdict, recordVerification } from '../verify/record.ts';
import { verifyAll } from '../verify/verify.ts';
import { type Execution, OperationError } from './execution.ts';

/**
 * Resolves to the number of rows (of the live window: of figures) that are as the log says, by projection. Throws with
 * the first that is not, and with `otherwise`: what that means for what was asked.
 */
export async function proveAll(
  generations: readonly Kept[],
  execution: Execution,
  otherwise: string,
  mayGoOn?: () => Promise<void>,
): Promise<Record<string, number>> {
  const { kafka, names, pool, redis, logger, decode, report, signal } = execution;
  const proven: Record<string, number> = {};
  let step = '';
  const verdicts = verifyAll(generations, {
    ...{ kafka, names, pool, redis, logger, decode, signal },
    ...(mayGoOn && { mayGoOn }),
    onShare: (what) => {
      step = `verifying ${what}`;
    },
    onProgress: (done, total) => report({ step, done, total }),
  });
  for await (const { kept, verdict } of verdicts) {
    await recordVerification(pool, kept, verdict);
    if (verdict.first) throw new OperationError(`${describeVerdict(kept, verdict)} ${otherwise}`);
    proven[kept.projection.name] = verdict.rows;
  }
  return proven;
}
