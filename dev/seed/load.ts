/** Loads the demo's past through the command side. Again, it adds nothing; interrupted, it goes on where it was. */
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { sendCommands } from '../command-client.ts';
import { describeProblem, domainIdOf, type Outcome } from '../command-json.ts';
import { DevError } from '../dev-error.ts';
import { keepAnchor, markLoaded, type StoredAnchor } from './anchor.ts';
import { type Anchor, SEED_COMMANDS, seedCommands } from './dataset.ts';

export interface SeedOptions {
  config: Pick<Config, 'postgres' | 'namespace' | 'storeTimeZone' | 'apiKey'>;
  /** Base URL of the command API. */
  commandsUrl: string;
  /** Where the past ends, ms since 1970 UTC: what was stored at the first seeding, else now. */
  anchor?: number | undefined;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
  onRetry?: (reason: string, delayMs: number) => void;
}

export interface SeedResult {
  anchor: Anchor;
  /** Sales and returns. */
  recorded: number;
  alreadyThere: number;
  interrupted: boolean;
}

/** Throws DevError when another anchor was stored, or the log holds a seed of another anchor. */
export async function loadSeed(options: SeedOptions): Promise<SeedResult> {
  const schema = namesOf(options.config.namespace).postgres.write;
  const pool = createPool(options.config, { applicationName: 'sales-seed', max: 1 });
  try {
    const wanted = options.anchor ?? Math.floor(Date.now() / 60_000) * 60_000;
    const stored = await keepAnchor(pool, schema, { at: wanted, timeZone: options.config.storeTimeZone });
    if (options.anchor !== undefined && options.anchor !== stored.at) throw otherAnchor(stored);
    const anchor = { at: stored.at, timeZone: stored.timeZone };
    if (stored.loaded) return { anchor, recorded: 0, alreadyThere: SEED_COMMANDS, interrupted: false };
    const counts = await send(anchor, options);
    const interrupted = counts.recorded + counts.alreadyThere < SEED_COMMANDS;
    if (!interrupted) await markLoaded(pool, schema);
    return { anchor, ...counts, interrupted };
  } finally {
    await pool.end();
  }
}

async function send(anchor: Anchor, { config, commandsUrl, signal, onProgress, onRetry }: SeedOptions) {
  const sending = { apiKey: config.apiKey, signal, onRetry };
  const counts = { recorded: 0, alreadyThere: 0 };
  let done = 0;
  for await (const { command, outcome } of sendCommands(commandsUrl, seedCommands(anchor), sending)) {
    if (outcome.outcome !== 'accepted') throw refused(domainIdOf(command), outcome);
    if (outcome.repeated) counts.alreadyThere += 1;
    else counts.recorded += 1;
    done += 1;
    onProgress?.(done, SEED_COMMANDS);
  }
  return counts;
}

function otherAnchor({ at }: StoredAnchor): DevError {
  return new DevError(
    `The seed data was loaded up to ${new Date(at).toISOString()} before.`,
    'Leave --now out, or throw the data away and start over: npm start -- --fresh',
  );
}

/** The first refusal ends it: they would all say the same. */
function refused(id: string, outcome: Exclude<Outcome, { outcome: 'accepted' }>): DevError {
  const why = outcome.outcome === 'rejected' ? `${outcome.code}: ${outcome.detail}` : describeProblem(outcome.problem);
  return new DevError(
    `${id} of the seed data was refused: ${why}.`,
    'If the log holds seed data of another time, give that time by --now, or start over: npm start -- --fresh',
  );
}
