/** Runs the live stream against the command API and counts what becomes of it. */
import { randomUUID } from 'node:crypto';
import { sendCommands } from '../command-client.ts';
import { isUndecided } from '../command-json.ts';
import { createPacing, irregularGaps, type Pacing } from './pacing.ts';
import { liveStream } from './stream.ts';

export interface SimulateOptions {
  /** Base URL of the command API. */
  commandsUrl: string;
  apiKey?: string | undefined;
  /** Commands a second. */
  rate: number;
  currency: string;
  /** Customers come irregularly, as they do; steady without. */
  irregular: boolean;
  signal: AbortSignal;
  onRetry?: (reason: string, delayMs: number) => void;
}

export interface SimulationCounts {
  accepted: number;
  refused: number;
  /** Without an outcome, in time or before the end: they may be in the log or not. */
  unknown: number;
  /** Not sent, because the command API could not keep up or was away. */
  skipped: number;
  /** Why the last one was refused. */
  lastRefusal?: string;
}

/** Runs until `signal`; reconnects for ever. `counts` grow while it runs. */
export function simulate(options: SimulateOptions): { counts: SimulationCounts; done: Promise<void> } {
  const now = () => performance.now();
  const pacing = createPacing({
    perSecond: options.rate,
    start: now(),
    ...(options.irregular ? { nextGap: irregularGaps(Math.random) } : {}),
  });
  const counts: SimulationCounts = { accepted: 0, refused: 0, unknown: 0, skipped: 0 };
  return { counts, done: run(options, pacing, counts, now) };
}

async function run(
  { commandsUrl, apiKey, rate, currency, signal, onRetry }: SimulateOptions,
  pacing: Pacing,
  counts: SimulationCounts,
  now: () => number,
): Promise<void> {
  const runId = `sim-${randomUUID()}`;
  const stream = liveStream({ runId, currency, seed: Date.now(), pacing, signal, now });
  let composed = 0;
  const counted = async function* () {
    for await (const command of stream) {
      composed += 1;
      yield command;
    }
  };
  // Two seconds' worth, so that a slow answer does not hold a fast stream up.
  const maxInFlight = Math.max(1000, rate * 2);
  const sending = { apiKey, signal, onRetry, maxInFlight, giveUpAfterMs: Infinity };
  const answers = sendCommands(commandsUrl, counted(), sending);
  let answered = 0;
  for await (const { outcome } of answers) {
    answered += 1;
    counts.skipped = pacing.skipped;
    if (outcome.outcome === 'accepted') {
      counts.accepted += 1;
      continue;
    }
    if (isUndecided(outcome)) {
      counts.unknown += 1;
      continue;
    }
    counts.refused += 1;
    counts.lastRefusal =
      outcome.outcome === 'rejected' ? outcome.detail : (outcome.problem.detail ?? outcome.problem.title);
  }
  counts.unknown += composed - answered;
}
