/** Proof of a generation, whatever it is kept in. */

import { isTable, type Kept } from '../sql.ts';
import { heldLosses } from './losses.ts';
import { verifyTable } from './table.ts';
import type { Verdict, VerifyOptions } from './verdict.ts';
import { verifyWindow } from './window.ts';

/**
 * Compares one generation with the log, at one exact position vector, while everything goes on. Rejects when the log or
 * a database is away, when an event cannot be decoded, and with a `NotWholeError` when a window is being rebuilt for long.
 */
export async function verify(kept: Kept, options: VerifyOptions): Promise<Verdict> {
  const verdict = await (isTable(kept) ? verifyTable(kept, options) : verifyWindow(kept, options));
  if (!verdict.first) return verdict;
  const losses = await heldLosses(options.pool, kept, verdict.vector);
  return losses.length > 0 ? { ...verdict, losses } : verdict;
}
