/** `sales bench ingest`: sales a second, sustained, from the command over HTTP to the commit of the read models. */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { sendCommands } from '../dev/command-client.ts';
import type { Config } from '../platform/config.ts';
import { namesOf } from '../platform/names.ts';
import { createPool } from '../platform/postgres/index.ts';
import type { Services } from '../test/support/services.ts';
import { topicBytes } from './log-dirs.ts';
import { cover, type Positions, untilCovered } from './positions.ts';
import { type Report, report, round } from './report.ts';
import { createSales } from './sales.ts';

export interface IngestOptions {
  seconds: number;
  onProgress(text: string): void;
}

const IN_FLIGHT = 12_000;

export async function benchIngest(config: Config, services: Services, options: IngestOptions): Promise<Report> {
  const pool = createPool(config, { applicationName: 'bench', max: 1 });
  const names = namesOf(config.namespace);
  const warmUp = await send(services, 2, () => {});
  await untilCovered(pool, names.postgres.read, warmUp.positions);
  const before = {
    log: await topicBytes(config, names.topics.events),
    sales: await countSales(pool, names.postgres.read),
  };

  const start = performance.now();
  const { sent, positions } = await send(services, options.seconds, options.onProgress);
  const answered = (performance.now() - start) / 1000;
  await untilCovered(pool, names.postgres.read, positions);
  const seconds = (performance.now() - start) / 1000;

  const total = await countSales(pool, names.postgres.read);
  if (total - before.sales !== sent)
    throw new Error(`${sent} sales were accepted, the ledger grew by ${total - before.sales}`);
  await delay(500);
  const logBytes = (await topicBytes(config, names.topics.events)) - before.log;
  const figures = {
    eventsPerSecond: round(sent / seconds),
    sales: sent,
    seconds: round(seconds, 1),
    commitLagAtEndMs: round((seconds - answered) * 1000),
    postgresBytesPerSale: round((await schemaBytes(pool, names.postgres.read)) / total),
    writeSideBytesPerSale: round((await schemaBytes(pool, names.postgres.write)) / total),
    kafkaBytesPerSale: round(logBytes / sent),
  };
  await pool.end();
  return report('ingest', figures);
}

async function send({ commandsUrl }: Services, seconds: number, onProgress: (text: string) => void) {
  const positions: Positions = new Map();
  const next = createSales();
  const until = performance.now() + seconds * 1000;
  function* source() {
    while (performance.now() < until) yield next();
  }
  let sent = 0;
  let told = performance.now();
  for await (const { outcome } of sendCommands(commandsUrl, source(), {
    maxInFlight: IN_FLIGHT,
    maxInFlightBytes: 64e6,
  })) {
    if (outcome.outcome !== 'accepted') throw new Error(`a sale was not accepted: ${JSON.stringify(outcome)}`);
    cover(positions, outcome.position);
    sent += 1;
    if (performance.now() - told < 2000) continue;
    told = performance.now();
    onProgress(`${sent} sales accepted`);
  }
  return { sent, positions };
}

async function countSales(pool: pg.Pool, schema: string): Promise<number> {
  const { rows } = await pool.query(`select count(*) as count from ${schema}.sales`);
  return rows[0]?.count ?? 0;
}

/** Tables, indexes and all that belongs to them. */
async function schemaBytes(pool: pg.Pool, schema: string): Promise<number> {
  const { rows } = await pool.query(
    `select sum(pg_total_relation_size(oid))::bigint as bytes from pg_class
     where relkind = 'r' and relnamespace = $1::regnamespace`,
    [schema],
  );
  return rows[0]?.bytes ?? 0;
}
