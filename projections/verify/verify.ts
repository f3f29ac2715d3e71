/** Proof of generations, whatever they are kept in. */
import { isTable, type Kept } from '../sql.ts';
import { heldLosses } from './losses.ts';
import { shareOut, verifyTables } from './table.ts';
import type { Verdict, VerifyOptions } from './verdict.ts';
import { verifyWindow } from './window.ts';

export interface VerifyAllOptions extends VerifyOptions {
  /** From now on `onProgress` is about these, which are compared together: `revenue`, or `3 tables`. */
  onShare?(what: string): void;
}

/**
 * Compares generations with the log, each at one exact position vector, while everything goes on: first the tables, small
 * ones in one pass over the log, then windows. Rejects when the log or a database is away, when an event cannot be
 * decoded, and with a `NotWholeError` when a window is being rebuilt for long.
 */
export async function* verifyAll(
  generations: readonly Kept[],
  options: VerifyAllOptions,
): AsyncGenerator<{ kept: Kept; verdict: Verdict }> {
  for (const share of await shareOut(generations.filter(isTable), options)) {
    options.onShare?.(nameOf(share.targets));
    for (const [kept, verdict] of await verifyTables(share, options)) {
      yield { kept, verdict: await withLosses(kept, verdict, options) };
    }
  }
  for (const kept of generations.filter((one) => !isTable(one))) {
    options.onShare?.(nameOf([kept]));
    yield { kept, verdict: await withLosses(kept, await verifyWindow(kept, options), options) };
  }
}

function nameOf(together: readonly Kept[]): string {
  const [first] = together;
  return first && together.length === 1 ? first.projection.name : `${together.length} tables`;
}

async function withLosses(kept: Kept, verdict: Verdict, { pool }: VerifyOptions): Promise<Verdict> {
  if (!verdict.first) return verdict;
  const losses = await heldLosses(pool, kept, verdict.vector);
  return losses.length > 0 ? { ...verdict, losses } : verdict;
}
