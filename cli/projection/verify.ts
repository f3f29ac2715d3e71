/** `sales projection verify`. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { DevError } from '../../dev/dev-error.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { createRedis } from '../../platform/redis.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { loadVector } from '../../projections/checkpoints.ts';
import { listGenerations } from '../../projections/generations.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { isTable, type Kept, type Target } from '../../projections/sql.ts';
import { StandstillWatch } from '../../projections/standstill.ts';
import { dayIn } from '../../projections/time.ts';
import { beyondLog } from '../../projections/vector.ts';
import { describeVerdict, recordVerification } from '../../projections/verify/record.ts';
import type { Verdict } from '../../projections/verify/verdict.ts';
import { verifyAll } from '../../projections/verify/verify.ts';
import { NotWholeError } from '../../projections/verify/window.ts';
import { createProgress, type Progress } from '../progress.ts';
import { RedisUnreachable } from '../services.ts';
import { WrongArguments } from '../wrong-arguments.ts';
import { endIncomplete } from './request.ts';
import { chosen, type Named, noReadModels, type Session, withSession } from './session.ts';
import { formatVector } from './vector.ts';

interface VerifyOptions extends Named {
  at?: ReadonlyMap<number, number>;
}

const POLL_MS = 200;

export function verify(names: string[], { at, ...options }: VerifyOptions): Promise<void> {
  return withSession(async (session) => {
    const live = await liveOf(session, chosen(names, options), options);
    if (at) await requireWithinLog(session, at);
    const redis = createRedis(session.config, 'sales-verify');
    redis.on('error', () => {});
    try {
      if (!live.every(isTable)) await connect(redis);
      if (at) for (const table of live.filter(isTable)) await untilReached(session, table, at);
      await verifyEach(session, redis, live, { ...options, at });
    } finally {
      redis.disconnect();
    }
  });
}

/** Says which have nothing to verify: of those that were named that is an error, of all the others are verified. */
async function liveOf(session: Session, wanted: readonly Kept['projection'][], options: Named): Promise<Kept[]> {
  const schema = session.names.postgres.read;
  const generations = await listGenerations(session.pool, schema);
  if (generations.length === 0) throw noReadModels(session.config.namespace);
  const live: Kept[] = [];
  const lacking: string[] = [];
  for (const projection of wanted) {
    const found = generations.find(({ projection: name, status }) => name === projection.name && status === 'live');
    if (found) live.push({ projection, schema, generation: found.generation });
    else lacking.push(projection.name);
  }
  if (lacking.length === 0) return live;
  const problem = `There is nothing live to verify of ${lacking.join(', ')}.`;
  const advice = `Rebuild first: sales projection rebuild ${lacking.join(' ')}`;
  if (!options.all) throw new DevError(problem, advice);
  const error = `${problem} ${advice}`;
  process.stderr.write(options.json ? `${JSON.stringify({ error })}\n` : `sales: ${error}\n`);
  endIncomplete();
  return live;
}

/** What the log does not have would be waited for without end. */
async function requireWithinLog({ logEnds }: Session, at: ReadonlyMap<number, number>): Promise<void> {
  const wrong = beyondLog(at, await logEnds());
  if (wrong) throw new WrongArguments(`Cannot verify at ${formatVector(at)}: ${wrong}.`, 'Give what the log has.');
}

async function connect(redis: Redis): Promise<void> {
  await redis.connect().catch((error) => {
    throw new RedisUnreachable(error);
  });
}

async function verifyEach(session: Session, redis: Redis, live: readonly Kept[], { at, json }: VerifyOptions) {
  const { config, names, pool } = session;
  const codec = createCodec(config.registry, new Map());
  const storeDay = dayIn(config.storeTimeZone);
  let progress: Progress | undefined;
  const stop = () => {
    progress?.stop();
    progress = undefined;
  };
  const verdicts = verifyAll(live, {
    kafka: createKafka(config, 'sales-verify'),
    names,
    pool,
    redis,
    ...(at && { at }),
    logger: createLogger('sales-verify', 'silent'),
    decode: (slices) => decodeSlices(codec, storeDay, slices),
    onShare(what) {
      stop();
      progress = createProgress({ label: `Verifying ${what}`, unit: 'events', json });
    },
    onProgress: (done, total) => progress?.update(done, total),
  });
  try {
    for await (const { kept, verdict } of verdicts) {
      stop();
      await recordVerification(pool, kept, verdict);
      say(kept, verdict, json);
    }
  } catch (error) {
    if (error instanceof NotWholeError) throw new DevError(error.message, 'Then verify again.', { cause: error });
    throw error;
  } finally {
    stop();
  }
}

function say(kept: Kept, verdict: Verdict, json: boolean | undefined): void {
  const { vector, ...rest } = verdict;
  const found = {
    projection: kept.projection.name,
    generation: kept.generation,
    vector: Object.fromEntries(vector),
    ...rest,
  };
  const said = `${describeVerdict(kept, verdict)} Verified at ${formatVector(vector)}.`;
  process.stdout.write(`${json ? JSON.stringify(found) : said}\n`);
  if (verdict.first) endIncomplete();
}

/** Waits until a table has these events, as long as it moves. */
async function untilReached({ pool }: Session, kept: Target, at: ReadonlyMap<number, number>): Promise<void> {
  const watch = new StandstillWatch();
  for (;;) {
    const vector = await loadVector(pool, kept);
    const behind = [...at].filter(([partition, next]) => (vector.get(partition) ?? 0) < next);
    if (behind.length === 0) return;
    for (const [partition, next] of behind) {
      const position = vector.get(partition) ?? 0;
      if (!watch.standsStill(String(partition), position)) continue;
      const problem = `${kept.projection.name} is at ${position} of partition ${partition}, and ${next} was asked for.`;
      throw new DevError(problem, `${capitalised(watch.describe(partition))}.`);
    }
    await delay(POLL_MS);
  }
}

function capitalised(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
}
