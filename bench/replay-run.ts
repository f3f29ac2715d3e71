/** One measured run over the log of a namespace, as a process of its own, so that its memory is its own too. */
import { writeFileSync } from 'node:fs';
import { readConfig } from '../platform/config.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import { topicRanges } from '../platform/kafka/offsets.ts';
import { readRange } from '../platform/kafka/read.ts';
import { createLogger } from '../platform/logger.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, inTransaction } from '../platform/postgres/index.ts';
import { createRedis } from '../platform/redis.ts';
import { createCodec } from '../platform/registry/codec.ts';
import { projections } from '../projections/catalogue.ts';
import { startFold } from '../projections/fold.ts';
import { createGeneration, listGenerations } from '../projections/generations.ts';
import { decodeSlices, type LogSlice } from '../projections/log-slice.ts';
import { complete } from '../projections/rebuild/complete.ts';
import { fill } from '../projections/rebuild/fill.ts';
import { copyRows } from '../projections/rows.ts';
import { columnsOf, copyIn, type Target } from '../projections/sql.ts';
import { dayIn } from '../projections/time.ts';
import { verifyAll } from '../projections/verify/verify.ts';

export type ReplayMode = 'decode' | 'copy' | 'aggregates' | 'ledger' | 'proof';

export interface ReplayRun {
  events: number;
  seconds: number;
  /** The most that this process ever had resident. */
  rssMb: number;
}

const COPIED_EVENTS = 50_000;
const COPY_BATCH = 20_000;

const config = readConfig();
const names = namesOf(config.namespace);
const schema = names.postgres.read;
const topic = names.topics.events;
const logger = createLogger('bench', 'silent');
const kafka = createKafka(config, 'bench');
const pool = createPool(config, { applicationName: 'bench', synchronousCommit: false, max: 12 });
const codec = createCodec(config.registry, new Map());
const storeDay = dayIn(config.storeTimeZone);
const decode = (slices: Parameters<typeof decodeSlices>[2]) => decodeSlices(codec, storeDay, slices);

const runs: Record<ReplayMode, () => Promise<{ events: number; seconds: number }>> = {
  decode: () => timed(() => readAll(() => {})),
  copy: copyOnly,
  aggregates: () => rebuild('rollup'),
  ledger: () => rebuild('ledger'),
  proof: prove,
};

/** Everything that a rebuild does but for the proof and the swap: fold, write, index. */
async function rebuild(kind: 'rollup' | 'ledger') {
  const wanted = projections.filter((projection) => projection.kind === kind);
  const targets = await inTransaction(pool, async (client) => {
    const made: Target[] = [];
    const options = { status: 'building', partitions: config.partitions } as const;
    for (const projection of wanted) made.push(await createGeneration(client, schema, projection, options));
    return made;
  });
  return timed(async () => {
    const ends = await fill(targets, { kafka, topic, pool, logger, decode });
    for (const target of targets) await complete(pool, target);
    return [...ends.values()].reduce((sum, end) => sum + end, 0);
  });
}

/** Proves all tables that earlier runs have filled, as a rebuild does. */
async function prove() {
  const made = (await listGenerations(pool, schema)).flatMap(({ projection: name, generation, status }) => {
    const projection = projections.find((one) => one.name === name);
    return projection && status === 'building' ? [{ projection, schema, generation }] : [];
  });
  const redis = createRedis(config, 'bench');
  return timed(async () => {
    let events = 0;
    for await (const { kept, verdict } of verifyAll(made, { kafka, names, pool, redis, logger, decode })) {
      if (verdict.first) throw new Error(`${verdict.differences} rows of ${kept.projection.name} differ from the log`);
      events = verdict.events;
    }
    return events;
  });
}

/** The ledger's rows of some events, folded beforehand, written again and again. */
async function copyOnly() {
  const ledger = projections.find((projection) => projection.kind === 'ledger');
  if (!ledger) throw new Error('there is no ledger');
  const fold = startFold(ledger);
  let folded = 0;
  await readAll((slice) => {
    for (const record of slice.records) if (record.event && folded++ < COPIED_EVENTS) fold.add(record.event, record);
  }, COPIED_EVENTS);
  const rows = [...fold.rows()];
  const target = await inTransaction(pool, (client) =>
    createGeneration(client, schema, ledger, { status: 'building', partitions: config.partitions }),
  );
  return timed(async () => {
    for (let round = 0; round < 4; round += 1) {
      for (let at = 0; at < rows.length; at += COPY_BATCH) {
        const batch = rows.slice(at, at + COPY_BATCH);
        await inTransaction(pool, (client) => copyRows(client, copyIn(target), columnsOf(ledger), batch));
      }
    }
    return rows.length * 4;
  });
}

/** Resolves to the number of records; reads no more than about `most`. */
async function readAll(onSlice: (slice: LogSlice) => void, most = Number.POSITIVE_INFINITY): Promise<number> {
  const ends = await withAdmin(kafka, async (admin) => {
    const ranges = await topicRanges(admin, topic);
    const share = Math.ceil(most / ranges.size);
    return new Map([...ranges].map(([partition, { high }]) => [partition, Math.min(high, share)]));
  });
  let read = 0;
  await readRange({
    kafka,
    logger,
    topic,
    from: new Map(),
    to: ends,
    async onRecords(partition, records) {
      for (const slice of await decode([{ partition, records }])) onSlice(slice);
      read += records.length;
    },
  });
  return read;
}

async function timed(work: () => Promise<number>) {
  const start = performance.now();
  const events = await work();
  return { events, seconds: (performance.now() - start) / 1000 };
}

const [mode = '', output = ''] = process.argv.slice(2);
const run = runs[mode as ReplayMode];
if (!run) throw new Error(`there is no run ${mode}`);
const result: ReplayRun = { ...(await run()), rssMb: process.resourceUsage().maxRSS / 1024 };
writeFileSync(output, JSON.stringify(result));
process.exit(0);
