/** `sales projection verify`. */
import { setTimeout as delay } from 'node:timers/promises';
import { createKafka } from '../../platform/kafka/client.ts';
import { createLogger } from '../../platform/logger.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { listGenerations } from '../../projections/generations.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { isTable, type Kept } from '../../projections/sql.ts';
import { standings } from '../../projections/status.ts';
import { dayIn } from '../../projections/time.ts';
import { describeVerdict, recordVerification } from '../../projections/verify/record.ts';
import { verify as compare } from '../../projections/verify/verify.ts';
import { createProgress } from '../progress.ts';
import { endIncomplete } from './request.ts';
import { chosen, type Named, type Session, withSession } from './session.ts';

interface VerifyOptions extends Named {
  at?: ReadonlyMap<number, number>;
}

const POLL_MS = 200;

export function verify(names: string[], { at, ...options }: VerifyOptions): Promise<void> {
  return withSession(async (session) => {
    const wanted = chosen(names, options);
    const all = await listGenerations(session.pool, session.names.postgres.read);
    const live = wanted.flatMap((projection): Kept[] => {
      const found = all.find((one) => one.projection === projection.name && one.status === 'live');
      return found ? [{ projection, schema: session.names.postgres.read, generation: found.generation }] : [];
    });
    for (const kept of live.filter(isTable)) {
      if (at) await untilReached(session, kept, at);
      await verifyOne(session, kept, options);
    }
  });
}

async function verifyOne(session: Session, kept: Parameters<typeof compare>[0], { json }: Named): Promise<void> {
  const { config, names, pool } = session;
  const codec = createCodec(config.registry, new Map());
  const storeDay = dayIn(config.storeTimeZone);
  const progress = createProgress({ label: `Verifying ${kept.projection.name}`, unit: 'events', json });
  const verdict = await compare(kept, {
    kafka: createKafka(config, 'sales-verify'),
    topic: names.topics.events,
    pool,
    logger: createLogger('sales-verify', 'silent'),
    decode: (slices) => decodeSlices(codec, storeDay, slices),
    onProgress: progress.update,
  }).finally(() => progress.stop());
  await recordVerification(pool, kept, verdict);
  const { vector, ...rest } = verdict;
  const found = {
    projection: kept.projection.name,
    generation: kept.generation,
    vector: Object.fromEntries(vector),
    ...rest,
  };
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${describeVerdict(kept, verdict)}\n`);
  if (verdict.first) endIncomplete();
}

async function untilReached({ pool, names, logEnds }: Session, kept: Kept, at: ReadonlyMap<number, number>) {
  for (;;) {
    const all = await standings(pool, names.postgres.read, await logEnds(), Date.now());
    const own = all.find((one) => one.projection === kept.projection.name && one.generation === kept.generation);
    if ([...at].every(([partition, next]) => (own?.positions[partition] ?? 0) >= next)) return;
    await delay(POLL_MS);
  }
}
