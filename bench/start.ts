/** `sales bench start`: how soon a command processor decides with many sales in the log, and what a rebuild takes. */
import { setTimeout as delay } from 'node:timers/promises';
import { parseTyped } from '../commands/api/parse.ts';
import { rebuildState } from '../commands/state/rebuild.ts';
import type { Config } from '../platform/config.ts';
import { createAppender } from '../platform/kafka/append.ts';
import { createKafka, withAdmin } from '../platform/kafka/client.ts';
import { topicRanges } from '../platform/kafka/offsets.ts';
import { createPartitioner } from '../platform/kafka/partitioner.ts';
import { createLogger } from '../platform/logger.ts';
import { namesOf } from '../platform/names.ts';
import { createPool } from '../platform/postgres/index.ts';
import { createCodec } from '../platform/registry/codec.ts';
import { registeredIds } from '../schemas/registry.ts';
import { startServices } from '../test/support/services.ts';
import { makeLog } from './make-log.ts';
import { type Report, report, round } from './report.ts';
import { createSales } from './sales.ts';

export interface StartOptions {
  /** In the log before anything starts. */
  sales: number;
  onProgress(text: string): void;
}

export async function benchStart(config: Config, { sales, onProgress }: StartOptions): Promise<Report> {
  onProgress(`writing ${sales} sales to the log`);
  const start = performance.now();
  const { events } = await makeLog(config, { sales, days: 90 });
  const making = performance.now() - start;
  onProgress('starting a processor without its state');
  const withoutState = await timeToDecide(config);
  onProgress('starting a processor with its state');
  const withState = await timeToDecide(config);
  onProgress('rebuilding the state');
  const { seconds, differences } = await timeToRebuild(config);
  if (differences > 0) throw new Error(`the state differed from the log in ${differences} places`);
  return report('start', {
    sales,
    events,
    startMs: round(withState),
    startWithoutStateMs: round(withoutState),
    rebuildAndCompareMs: round(seconds * 1000),
    madeEventsPerSecond: round((events / making) * 1000),
  });
}

/** From the start of a processor until it has decided a command of every partition, in milliseconds; then it ends. */
async function timeToDecide(config: Config): Promise<number> {
  const { topics } = namesOf(config.namespace);
  const kafka = createKafka(config, 'bench');
  const codec = createCodec(config.registry, await registeredIds(config.registry, topics));
  const partitionOf = createPartitioner(config.partitions);
  const appender = await createAppender(kafka);
  const next = createSales();
  const missing = new Set(Array.from({ length: config.partitions }, (_, partition) => partition));
  while (missing.size > 0) {
    const sale = next();
    const partition = partitionOf(sale.saleId);
    if (!missing.delete(partition)) continue;
    const value = codec.encode(parseTyped(JSON.stringify(sale), Date.now()));
    await appender.append(topics.commands, partition, [{ key: sale.saleId, value }]);
  }
  await appender.close();
  return withAdmin(kafka, async (admin) => {
    const ends = async () => [...(await topicRanges(admin, topics.events)).values()].map(({ high }) => high);
    const before = await ends();
    const start = performance.now();
    const services = await startServices(config, ['command-processor']);
    while ((await ends()).some((end, partition) => end === before[partition])) await delay(10);
    const took = performance.now() - start;
    await services.stop();
    return took;
  });
}

async function timeToRebuild(config: Config): Promise<{ seconds: number; differences: number }> {
  const names = namesOf(config.namespace);
  const pool = createPool(config, { applicationName: 'bench', synchronousCommit: false });
  const start = performance.now();
  const { differences } = await rebuildState({
    names,
    partitions: config.partitions,
    kafka: createKafka(config, 'bench'),
    codec: createCodec(config.registry, await registeredIds(config.registry, names.topics)),
    pool,
    logger: createLogger('bench', 'silent'),
  });
  await pool.end();
  return { seconds: (performance.now() - start) / 1000, differences };
}
