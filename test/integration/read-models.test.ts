import { expect } from 'chai';
import type pg from 'pg';
import type { Event } from '../../domain/messages.generated.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { projections } from '../../projections/catalogue.ts';
import { CheckpointConflict } from '../../projections/checkpoints.ts';
import type { LogSlice } from '../../projections/log-slice.ts';
import { migrate } from '../../projections/migrate.ts';
import { LogChangedError, ReadModels } from '../../projections/read-models.ts';
import { dayIn } from '../../projections/time.ts';
import { goodsReturn, refund, sale, voiding } from '../support/documents.ts';
import { dropNamespace, servers } from '../support/servers.ts';

const storeDay = dayIn('UTC');

/** Consecutive records of partition 3 from `from` on; undefined is a void record. */
function slice(from: number, ...events: (Event | undefined)[]): LogSlice {
  const records = events.map((event, index) => ({
    partition: 3,
    offset: from + index,
    recordedAt: 1_800_000_000_000 + from + index,
    storeDay,
    event,
    failure: undefined,
  }));
  return { partition: 3, from, to: from + records.length, records };
}

describe('read models', function () {
  this.timeout(60_000);
  let config: Awaited<ReturnType<typeof servers>>;
  let pool: pg.Pool;

  beforeEach(async () => {
    config = await servers();
    await migrate(config);
    pool = createPool(config, { applicationName: 'test', synchronousCommit: false });
  });

  afterEach(async () => {
    await pool.end();
    await dropNamespace(config);
  });

  async function open(): Promise<ReadModels> {
    const models = new ReadModels(pool, config.namespace, projections);
    await models.load([3]);
    return models;
  }

  async function figures() {
    const { rows } = await pool.query(
      `select (select count(*) from ${config.namespace}.sales) as sales,
        (select coalesce(sum(orders), 0)::bigint from ${config.namespace}.revenue) as orders,
        (select array_agg(distinct next_offset) from ${config.namespace}.checkpoints where partition = 3) as next`,
    );
    return rows[0];
  }

  it('commit rows and checkpoint together or not at all', async () => {
    const models = await open();
    await models.commit([slice(0, sale('s-1'), undefined, goodsReturn('r-1'))]);
    expect(await figures()).to.deep.equal({ sales: 2, orders: 1, next: [3] });
    await pool.query(`alter table ${config.namespace}.products_g1 add constraint full_up check (orders < 2)`);
    const error = await models.commit([slice(3, sale('s-2'))]).catch((thrown) => thrown);
    expect(error).to.have.property('constraint', 'full_up');
    expect(await figures()).to.deep.equal({ sales: 2, orders: 1, next: [3] });
    expect(models.position(3)).to.equal(3);
    await pool.query(`alter table ${config.namespace}.products_g1 drop constraint full_up`);
    await models.commit([slice(3, sale('s-2'))]);
    expect(await figures()).to.deep.equal({ sales: 3, orders: 2, next: [4] });
  });

  it('are closed to a worker that lost its partition', async () => {
    const stale = await open();
    const owner = await open();
    await owner.commit([slice(0, sale('s-1'))]);
    const error = await stale.commit([slice(0, sale('s-1'))]).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(CheckpointConflict);
    expect(await figures()).to.deep.equal({ sales: 1, orders: 1, next: [1] });
    await stale.load([3]);
    await stale.commit([slice(0, sale('s-1'), sale('s-2'))]);
    expect(await figures()).to.deep.equal({ sales: 2, orders: 2, next: [2] });
  });

  it('let one of several writers of the same offset through', async () => {
    const writers = await Promise.all([open(), open(), open(), open()]);
    const outcomes = await Promise.allSettled(writers.map((models) => models.commit([slice(0, sale('s-1'))])));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(await figures()).to.deep.equal({ sales: 1, orders: 1, next: [1] });
  });

  it('skip for each projection what it has already', async () => {
    await (await open()).commit([slice(0, sale('s-1'), sale('s-2'))]);
    await pool.query(`delete from ${config.namespace}.sales_g1 where id = 's-2'`);
    await pool.query(
      `update ${config.namespace}.checkpoints set next_offset = 1, last_event_id = 'SaleRecorded:s-1'
       where projection = 'sales' and partition = 3`,
    );
    const models = await open();
    expect(models.position(3)).to.equal(1);
    await models.commit([slice(1, sale('s-2'), sale('s-3'))]);
    expect(await figures()).to.deep.equal({ sales: 3, orders: 3, next: [3] });
  });

  it('never take records with a gap before them', async () => {
    const models = await open();
    await models.commit([slice(0, sale('s-1'))]);
    const error = await models.commit([slice(2, sale('s-3'))]).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(RangeError);
  });

  it('notice that the log below their checkpoint is another one', async () => {
    await (await open()).commit([slice(0, sale('s-1'), sale('s-2'))]);
    const error = await (await open()).commit([slice(1, sale('other'), sale('s-3'))]).catch((thrown) => thrown);
    expect(error).to.be.instanceOf(LogChangedError);
    expect(error.message).to.include('3:1 is SaleRecorded:other, but categories folded SaleRecorded:s-2 there');
  });

  it('park the event that a projection cannot fold, and take the others', async () => {
    const broken = { type: 'SaleRecorded', data: { ...sale('s-1').data, lines: null } } as unknown as Event;
    await (await open()).commit([slice(0, broken, sale('s-2'))]);
    expect(await figures()).to.deep.equal({ sales: 1, orders: 1, next: [2] });
    const { rows } = await pool.query(
      `select projection, generation, partition, "offset", failure from ${config.namespace}.parked order by projection`,
    );
    expect(rows.map(({ projection }) => projection)).to.include.members(['revenue', 'sales']);
    expect(rows[0]).to.include({ generation: 1, partition: 3, offset: 0 });
    expect(rows[0].failure).to.match(/^TypeError: /);
  });

  it('leave a ledger row that is there already as it is', async () => {
    const models = await open();
    await models.commit([slice(0, sale('s-1'))]);
    await models.commit([slice(1, sale('s-1', { country: 'FR' }), sale('s-2'))]);
    const { rows } = await pool.query(`select id, country from ${config.namespace}.sales order by id`);
    expect(rows).to.deep.equal([
      { id: 's-1', country: 'GB' },
      { id: 's-2', country: 'GB' },
    ]);
  });

  it('keep a sale, its refunds and its void apart, each once', async () => {
    const [first, second] = [sale('s-1'), sale('s-2')];
    const models = await open();
    await models.commit([slice(0, first, second, refund(first, 'a'), refund(first, 'b'), voiding(second))]);
    const { rows } = await pool.query(
      `select id, kind, refund_id, sold_at is not null as sold from ${config.namespace}.sales order by "offset"`,
    );
    expect(rows).to.deep.equal([
      { id: 's-1', kind: 'SALE', refund_id: '', sold: false },
      { id: 's-2', kind: 'SALE', refund_id: '', sold: false },
      { id: 's-1', kind: 'REFUND', refund_id: 'a', sold: true },
      { id: 's-1', kind: 'REFUND', refund_id: 'b', sold: true },
      { id: 's-2', kind: 'VOID', refund_id: '', sold: true },
    ]);
  });

  it('keep every character, and every digit up to 2^53', async () => {
    const name = 'tab\t newline\n return\r "quoted" {brace}, \\backslash\\ ü 日本 🛍 NULL \\N';
    const quantity = 1_000_000_000;
    const lines = [{ productName: name, productId: name, category: name, gross: 1_000_000_000_000, quantity }];
    const models = await open();
    await models.commit([slice(0, sale('s-1', { lines, customerId: name, channel: name }))]);
    const products = await pool.query(
      `select product_name, product_id, category, channel, gross from ${config.namespace}.products`,
    );
    const gross = 1_000_000_000_000;
    expect(products.rows).to.deep.equal([
      { product_name: name, product_id: name, category: name, channel: name, gross },
    ]);
    const sales = await pool.query(`select customer_id, lines from ${config.namespace}.sales`);
    expect(sales.rows[0].customer_id).to.equal(name);
    expect(JSON.parse(sales.rows[0].lines)[0][2]).to.equal(name);
  });

  it('leave alone what another version of the code made, and are refused where they do not exist', async () => {
    await pool.query(`update ${config.namespace}.generations set version = 7 where projection = 'revenue'`);
    await (await open()).commit([slice(0, sale('s-1'))]);
    expect(await figures()).to.include({ sales: 1, orders: 0 });
    await pool.query(`drop schema ${config.namespace} cascade`);
    expect(await open().catch((error) => error.message)).to.match(
      /^There are no read models in schema .* Run the set-up/,
    );
  });

  it('are refused when the number of partitions was changed', async () => {
    const models = await open();
    expect(await models.load([99]).catch((error) => error.message)).to.match(/^Checkpoint \w+\/1\/99 is missing/);
  });
});
