import { expect } from 'chai';
import { createKafka } from '../../platform/kafka/client.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { createCodec } from '../../platform/registry/codec.ts';
import { projections } from '../../projections/catalogue.ts';
import { listHalts } from '../../projections/halts.ts';
import { decodeSlices } from '../../projections/log-slice.ts';
import { ReadModels } from '../../projections/read-models.ts';
import { dayIn } from '../../projections/time.ts';
import { registeredIds } from '../../schemas/registry.ts';
import { goodsReturn, sale } from '../support/documents.ts';
import { startFaultyRegistry } from '../support/faulty-registry.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';

const today = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => {
    const occurredAt = Date.now() - index * 30_000;
    const id = `${prefix}-${index}`;
    return index % 5 === 4 ? goodsReturn(id, { occurredAt }) : sale(id, { occurredAt });
  });

describe('projection worker, after a fault', function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench({ partitions: 3 });
  });

  afterEach(async () => {
    await bench.close();
  });

  const windowKeysOf = () => bench.redis.keys(`${namesOf(bench.config.namespace).redisPrefix}live:*`);

  /** Reads all windows until they have all of the log; each is right or says that it is being rebuilt. */
  async function watchWindowsHeal(): Promise<number> {
    const ends = await bench.log.ends();
    const expected = (await bench.log.read()).filter(({ event }) => event.type === 'SaleRecorded').length;
    let rebuilding = 0;
    await until(
      'the windows are healed',
      async () => {
        const slices = await Promise.all([...ends.keys()].map((partition) => bench.reader.read(1, partition)));
        if (slices.some(({ fence }) => fence === null)) {
          rebuilding += 1;
          for (const { fence, minutes } of slices) if (fence === null) expect(minutes).to.deep.equal([]);
          return false;
        }
        if (slices.some(({ partition, fence }) => fence !== ends.get(partition))) return false;
        const orders = slices.flatMap(({ minutes }) => minutes).reduce((sum, minute) => sum + minute.orders, 0);
        expect(orders).to.equal(expected);
        return true;
      },
      5000,
    );
    return rebuilding;
  }

  it('heals a window that lags because the process died between Postgres and Redis', async () => {
    await bench.log.append(today('a', 40));
    const worker = await bench.startWorker();
    await bench.caughtUp();
    await worker.stop();
    await bench.log.append(today('b', 40));
    await commitWithoutWindow(bench);
    await bench.startWorker();
    await bench.caughtUp();
    await bench.expectEqualToLog();
  });

  it('heals windows that were flushed, under load and idle, and never shows a wrong figure meanwhile', async () => {
    await bench.log.append(today('a', 100));
    await bench.startWorker();
    await bench.caughtUp();
    await bench.redis.del(await windowKeysOf());
    expect(await watchWindowsHeal()).to.be.greaterThan(0);
    await bench.expectEqualToLog();
    await bench.redis.del(await windowKeysOf());
    for (let round = 0; round < 10; round += 1) await bench.log.append(today(`b${round}`, 10));
    await watchWindowsHeal();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  it('heals windows that came back from an old snapshot', async () => {
    await bench.log.append(today('a', 50));
    await bench.startWorker();
    await bench.caughtUp();
    const snapshot = await Promise.all(
      (await windowKeysOf()).map(async (key) => ({ key, dump: await bench.redis.dumpBuffer(key) })),
    );
    await bench.log.append(today('b', 50));
    await bench.caughtUp();
    for (const { key, dump } of snapshot) await bench.redis.restore(key, 0, dump, 'REPLACE');
    await watchWindowsHeal();
    await bench.expectEqualToLog();
  });

  it('does not take a window for whole that lacks what nobody can decode', async () => {
    await bench.log.append(today('a', 30));
    const before = await bench.startWorker();
    await bench.caughtUp();
    await before.stop();
    const registry = await startFaultyRegistry(bench.config.registry);
    try {
      const ids = await registeredIds(bench.config.registry, namesOf(bench.config.namespace).topics);
      registry.hidden.add(ids.get('SaleRecorded') ?? 0);
      await bench.redis.del(await windowKeysOf());
      await bench.startWorker({ registry: registry.url });
      await until('it has tried again and again', () => registry.denied > 5);
      expect((await bench.reader.read(1, 0)).fence).to.equal(null);
      registry.hidden.clear();
      await bench.caughtUp();
      await bench.expectEqualToLog();
    } finally {
      registry.close();
    }
  });

  it('goes on in Postgres while Redis is away', async () => {
    await bench.startWorker();
    await until('the windows stand', async () => (await bench.reader.read(1, 0)).fence === 0);
    bench.redis.disconnect();
    await bench.log.append(today('a', 30));
    const ends = [...(await bench.log.ends()).values()].reduce((sum, end) => sum + end, 0);
    await until('the ledger has all', async () => {
      const { rows } = await bench.pool.query(`select count(*) as n from ${bench.schema}.sales`);
      return rows[0].n === ends;
    });
    await bench.redis.connect();
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  it('goes on when its database connections are cut', async () => {
    await bench.startWorker();
    for (let round = 0; round < 5; round += 1) {
      await bench.log.append(today(`a${round}`, 30));
      await bench.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()`,
        [`test ${bench.config.namespace}`],
      );
    }
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  it('halts a partition at a schema that nobody knows, says so, goes on with the others, and by itself', async () => {
    await bench.log.append(today('a', 30));
    await bench.startWorker();
    await bench.caughtUp();
    const [[partition = 0, end = 0] = []] = await bench.log.ends();
    const id = await bench.log.appendUnknown(partition, sale('unknown'));
    await until('the partition halts', async () => (await listHalts(bench.pool, bench.schema)).length > 0);
    const [halt] = await listHalts(bench.pool, bench.schema);
    expect(halt).to.include({ partition, reason: 'PartitionError' });
    expect(halt?.detail).to.include(`${partition}:${end} is valid but cannot be decoded: schema id ${id} is unknown`);
    await bench.log.append(today('b', 30));
    const others = [...(await bench.log.ends())].filter(([other]) => other !== partition);
    await until('the others go on', async () => {
      const { rows } = await bench.pool.query(
        `select partition, min(next_offset) as next from ${bench.schema}.checkpoints group by 1`,
      );
      return others.every(([other, next]) => rows.find((row) => row.partition === other)?.next === next);
    });
    const { rows } = await bench.pool.query(
      `select distinct next_offset as next from ${bench.schema}.checkpoints where partition = $1`,
      [partition],
    );
    expect(rows).to.deep.equal([{ next: end }]);
    expect(bench.failures).to.deep.equal([]);
  });
});

/** What a worker does up to the moment at which it dies: the transaction, and no more. */
async function commitWithoutWindow({ config, log, pool, schema }: Bench): Promise<void> {
  const models = new ReadModels(pool, schema, projections);
  const ends = await log.ends();
  const positions = await models.load([...ends.keys()]);
  const codec = createCodec(config.registry, new Map());
  await readRange({
    kafka: createKafka(config, 'test'),
    logger: createLogger('test', 'silent'),
    topic: namesOf(config.namespace).topics.events,
    from: positions,
    to: ends,
    onRecords: async (partition, records) => {
      await models.commit(await decodeSlices(codec, dayIn(config.storeTimeZone), [{ partition, records }]));
    },
  });
}
