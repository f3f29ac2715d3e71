import { expect } from 'chai';
import { createPool, inTransaction } from '../../platform/postgres/index.ts';
import { handOver, promote } from '../../projections/generation-changes.ts';
import { createGeneration, listGenerations } from '../../projections/generations.ts';
import { products } from '../../projections/products.ts';
import { complete } from '../../projections/rebuild/complete.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';

describe('promoting a generation', function () {
  this.timeout(30_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench({ partitions: 2 });
  });

  afterEach(() => bench.close());

  it('gives up where a partition does not move, names it, and says what to do', async () => {
    const { pool, schema } = bench;
    const target = await inTransaction(pool, (client) =>
      createGeneration(client, schema, products, { status: 'building', partitions: 2 }),
    );
    await complete(pool, target);
    await handOver(pool, schema, [target]);
    await pool.query(`update ${schema}.checkpoints set next_offset = 7
      where projection = 'products' and generation = 1 and partition = 1`);
    const failure = await promote(pool, schema, [target], async () => {}, 1000).catch((error) => error);
    expect(failure.message).to.equal(
      'generation 2 of products has not reached the live one in partition 1: it is at 0 of 7, and partition 1 has not ' +
        'moved for 1 s: does a projection worker run, and has the partition not halted? See: sales projection status',
    );
  });

  it('waits while it is behind the live one in any partition, and goes on when it is level', async () => {
    const { pool, schema, config } = bench;
    const moveTo = (generation: number, next: number) =>
      pool.query(
        `update ${schema}.checkpoints set next_offset = $2
         where projection = 'products' and generation = $1 and partition = 1`,
        [generation, next],
      );
    const target = await inTransaction(pool, (client) =>
      createGeneration(client, schema, products, { status: 'building', partitions: 2 }),
    );
    await complete(pool, target);
    await handOver(pool, schema, [target]);
    await moveTo(1, 7);
    await moveTo(2, 6);
    const statuses = async () =>
      (await listGenerations(pool, schema))
        .filter(({ projection }) => projection === 'products')
        .map(({ status }) => status);

    const own = createPool(config, { applicationName: 'test', max: 1 });
    let attempts = 0;
    own.on('acquire', () => {
      attempts += 1;
    });
    let isLive = false;
    const promoted = promote(own, schema, [target], async () => {
      isLive = true;
    });
    try {
      await until('it has tried again', async () => attempts >= 3);
      expect([isLive, await statuses()]).to.deep.equal([false, ['live', 'ready']]);
      await moveTo(2, 7);
      await promoted;
      expect([isLive, await statuses()]).to.deep.equal([true, ['previous', 'live']]);
    } finally {
      await promoted.catch(() => {});
      await own.end();
    }
  });
});
