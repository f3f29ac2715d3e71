/** A projection worker in this process on real servers, with a log to feed it and an eye on what it keeps. */
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Event } from '../../domain/messages.generated.ts';
import { eventIdOf } from '../../domain/state.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { LiveWindowReader, type RecentSale, type WindowMinute } from '../../platform/live-window/live-window.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { type Codec, createCodec, DecodeError } from '../../platform/registry/codec.ts';
import { projections } from '../../projections/catalogue.ts';
import { migrate } from '../../projections/migrate.ts';
import { type ProjectionWorker, startProjections } from '../../projections/worker/app.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { type NaiveTables, naiveFold, type Recorded } from './naive-fold.ts';
import { dropNamespace, servers } from './servers.ts';
import { until } from './services.ts';

export interface Bench {
  config: Config;
  schema: string;
  log: EventLog;
  pool: pg.Pool;
  redis: Redis;
  reader: LiveWindowReader;
  /** Errors with which workers gave up. */
  failures: unknown[];
  /** With `poison` it cannot decode the events of which that says so. Its servers are the bench's unless given. */
  startWorker(options?: {
    poison?: (event: Event) => boolean;
    pool?: pg.Pool;
    redis?: Redis;
    registry?: string;
  }): Promise<ProjectionWorker>;
  /** Waits until every table and every window has all of the log; 15 s unless told otherwise. */
  caughtUp(withinMs?: number): Promise<void>;
  /** Compares every table and the live window with a naive fold of the log. */
  expectEqualToLog(): Promise<void>;
  close(): Promise<void>;
}

export async function openBench(overrides: Partial<Config> = {}): Promise<Bench> {
  const config = await servers({ storeTimeZone: 'Europe/London', ...overrides });
  const names = namesOf(config.namespace);
  const schema = names.postgres.read;
  const log = await createEventLog(config);
  await migrate(config);
  const pool = createPool(config, { applicationName: 'test', synchronousCommit: false, max: 8 });
  const redis = createRedis(config, 'test');
  redis.on('error', () => {});
  const reader = new LiveWindowReader(redis, names.redisPrefix);
  const logger = createLogger('test', config.logLevel);
  const workers = new Set<ProjectionWorker>();
  const failures: unknown[] = [];

  async function level(): Promise<boolean> {
    const ends = await log.ends();
    const checkpoints = await checkpointsOf({ pool, schema });
    const generation = await windowGeneration(pool, schema);
    const fences = await Promise.all([...ends.keys()].map((partition) => reader.read(generation, partition)));
    return (
      [...ends].every(([partition, end]) => checkpoints.get(partition) === end) &&
      fences.every(({ partition, fence }) => fence === ends.get(partition))
    );
  }

  return {
    config,
    schema,
    log,
    pool,
    redis,
    reader,
    failures,
    async startWorker({ poison = () => false, registry = config.registry, ...servers } = {}) {
      const worker = await startProjections({
        config,
        kafka: createKafka(config, 'test'),
        ...{ pool, redis, ...servers },
        codec: poisoned(createCodec(registry, new Map()), poison),
        logger,
        onFailure: (error) => failures.push(error),
      });
      workers.add(worker);
      const stop = async () => {
        workers.delete(worker);
        await worker.stop();
      };
      return { ...worker, stop };
    },
    caughtUp: (withinMs) =>
      until('tables and windows have all of the log', level, withinMs).catch(async (error: Error) => {
        const { rows } = await pool.query(`select projection, partition, next_offset from ${schema}.checkpoints`);
        const ends = [...(await log.ends())];
        throw new Error(`${error.message}: ${JSON.stringify({ ends, rows })} ${failures.join()}`, { cause: error });
      }),
    async expectEqualToLog() {
      const recorded = await log.read();
      await expectTables(pool, schema, naiveFold(recorded, config.storeTimeZone));
      await expectWindow(reader, await windowGeneration(pool, schema), config.partitions, recorded);
    },
    async close() {
      for (const worker of workers) await worker.stop();
      await log.close();
      await pool.end();
      redis.disconnect();
      await dropNamespace(config);
    },
  };
}

/** Whether a sale's id says that tests take it for one that cannot be decoded. */
export function isPoison({ data }: Event): boolean {
  return 'saleId' in data && data.saleId.startsWith('poison');
}

/** Appends events, and folds them by a worker that was in no position to decode the poison among them. */
export async function park(bench: Bench, events: readonly Event[]): Promise<void> {
  await bench.log.append(events);
  const worker = await bench.startWorker({ poison: isPoison });
  await bench.caughtUp();
  await worker.stop();
}

/** A codec that cannot decode the events of which `poison` says so. */
export function poisoned(codec: Codec, poison: (event: Event) => boolean): Codec {
  return {
    ...codec,
    decode(value) {
      const message = codec.decode(value);
      if (poison(message as Event)) throw new DecodeError(`event "${eventIdOf(message as Event)}" is poison`);
      return message;
    },
  };
}

async function expectTables(pool: pg.Pool, schema: string, naive: NaiveTables): Promise<void> {
  for (const { name, table } of projections) {
    const { rows } = await pool.query(`select * from ${schema}.${name}`);
    const text = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value));
    const keyOf = (row: Record<string, unknown>) =>
      Object.keys(table.key)
        .map((column) => text(row[column]))
        .join('|');
    const found = new Map(rows.map((row) => [keyOf(row), row]));
    const expected = naive[name] ?? new Map();
    expect([...found.keys()].sort(), name).to.deep.equal([...expected.keys()].sort());
    for (const [key, figures] of expected) {
      for (const [column, value] of Object.entries(figures)) {
        expect(text(found.get(key)?.[column]), `${name} ${key} ${column}`).to.equal(String(value));
      }
    }
  }
}

/** The lowest checkpoint of each partition, of all that the workers keep level. */
export async function checkpointsOf({ pool, schema }: Pick<Bench, 'pool' | 'schema'>): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ partition: number; next: number }>(
    `select partition, min(next_offset) as next
     from ${schema}.checkpoints join ${schema}.generations using (projection, generation)
     where status in ('live', 'ready', 'previous') group by partition`,
  );
  return new Map(rows.map(({ partition, next }) => [partition, next]));
}

/** The generation of the live window that readers see. */
export async function windowGeneration(pool: pg.Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ generation: number }>(
    `select generation from ${schema}.generations where projection = 'live_window' and status = 'live'`,
  );
  return rows[0]?.generation ?? 0;
}

async function expectWindow(
  reader: LiveWindowReader,
  generation: number,
  partitions: number,
  log: readonly Recorded[],
): Promise<void> {
  for (let partition = 0; partition < partitions; partition += 1) {
    const slice = await reader.read(generation, partition);
    const { minutes, recent } = naiveWindow(log.filter((recorded) => recorded.partition === partition));
    expect(byMinute(slice.minutes), `minutes of ${partition}`).to.deep.equal(byMinute(minutes));
    expect(
      slice.recent.map(({ id, kind }) => `${kind} ${id}`),
      `recent of ${partition}`,
    ).to.deep.equal(recent);
  }
}

function naiveWindow(log: readonly Recorded[]): { minutes: WindowMinute[]; recent: string[] } {
  const minutes = new Map<string, WindowMinute>();
  const recent: string[] = [];
  for (const { event } of [...log].sort((a, b) => a.offset - b.offset)) {
    if (event.type === 'CommandRejected') continue;
    const { entry, at, orders, net } = naiveEntry(event);
    recent.push(entry);
    const minute = Math.floor(at / 60_000);
    if (minute < Math.floor(Date.now() / 60_000) - 48 * 60) continue;
    const key = `${minute}|${event.data.currency}`;
    const cell = minutes.get(key) ?? { minute, currency: event.data.currency, orders: 0, net: 0 };
    cell.orders += orders;
    cell.net += net;
    minutes.set(key, cell);
  }
  return { minutes: [...minutes.values()], recent: recent.slice(-50) };
}

function naiveEntry({ type, data }: Exclude<Event, { type: 'CommandRejected' }>) {
  const add = (amounts: number[]) => amounts.reduce((sum, amount) => sum + amount, 0);
  switch (type) {
    case 'SaleRecorded':
    case 'SaleVoided': {
      const net = add(data.lines.map(({ gross, discount }) => gross - discount));
      if (type === 'SaleRecorded') return { entry: `SALE ${data.saleId}`, at: data.occurredAt, orders: 1, net };
      return { entry: `VOID ${data.saleId}`, at: data.soldAt, orders: -1, net: -net };
    }
    case 'SaleRefunded': {
      const net = -add(data.lines.map(({ amount }) => amount));
      return { entry: `REFUND ${data.saleId}`, at: data.occurredAt, orders: 0, net };
    }
    case 'ReturnRecorded': {
      const net = -add(data.lines.map(({ gross }) => gross));
      return { entry: `RETURN ${data.returnId}`, at: data.occurredAt, orders: 0, net };
    }
  }
}

function byMinute(minutes: readonly WindowMinute[]): WindowMinute[] {
  return [...minutes].sort((a, b) => a.minute - b.minute || a.currency.localeCompare(b.currency));
}

export type { RecentSale };
