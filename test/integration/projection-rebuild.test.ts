import { expect } from 'chai';
import { listGenerations } from '../../projections/generations.ts';
import { migrate } from '../../projections/migrate.ts';
import { requestOperation } from '../../projections/operations.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { everything } from '../../projections/operator/names.ts';
import { documents } from '../support/live-traffic.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';
import { rebuildThrottled } from '../support/throttled-rebuild.ts';

const all = everything.map(({ name }) => name);

describe('projection rebuild', function () {
  this.timeout(60_000);
  let bench: Bench;
  let operator: Operator;

  beforeEach(async () => {
    bench = await openBench({ partitions: 3 });
    operator = await openOperator(bench);
  });

  afterEach(async () => {
    await operator.stop();
    await bench.close();
  });

  async function statusesOf(projection: string): Promise<string[]> {
    const generations = await listGenerations(bench.pool, bench.schema);
    return generations.filter((one) => one.projection === projection).map((one) => `${one.generation} ${one.status}`);
  }

  it('fills new tables beside the live ones, proves them, and swaps all of them at once, while sales come in', async () => {
    await bench.log.append(documents('before', 300));
    await bench.startWorker();
    await bench.caughtUp();
    const selling = (async () => {
      for (let batch = 0; batch < 10; batch += 1) await bench.log.append(documents(`meanwhile-${batch}`, 10));
    })();
    const { status, outcome } = await operate(bench, 'rebuild', { projections: all });
    await selling;
    expect(outcome).to.deep.include({ promoted: true });
    expect(status).to.equal('done');
    expect(await statusesOf('revenue')).to.deep.equal(['1 previous', '2 live']);
    expect(await statusesOf('live_window')).to.deep.equal(['1 previous', '2 live']);
    await bench.log.append(documents('after', 20));
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  it('goes back to the previous generation, which was kept level, and drops what is not live', async () => {
    await bench.log.append(documents('before', 50));
    await bench.startWorker();
    await bench.caughtUp();
    await operate(bench, 'rebuild', { projections: ['revenue', 'sales'] });
    await bench.log.append(documents('after', 50));
    expect((await operate(bench, 'rollback', { projections: ['revenue', 'sales'] })).status).to.equal('done');
    expect(await statusesOf('revenue')).to.deep.equal(['1 live', '2 previous']);
    await bench.caughtUp();
    await bench.expectEqualToLog();
    expect((await operate(bench, 'drop', { projections: ['revenue'] })).outcome).to.deep.equal({
      dropped: ['revenue 2'],
    });
    expect(await statusesOf('revenue')).to.deep.equal(['1 live']);
  });

  it('leaves the new generation ready when asked to, and promotes it after another proof', async () => {
    await bench.log.append(documents('before', 50));
    await bench.startWorker();
    await bench.caughtUp();
    await operate(bench, 'rebuild', { projections: ['products'], promote: false });
    expect(await statusesOf('products')).to.deep.equal(['1 live', '2 ready']);
    await bench.log.append(documents('after', 50));
    await bench.caughtUp();
    await bench.pool.query(`update ${bench.schema}.products_g2 set units = units + 1 where ctid = (
      select min(ctid) from ${bench.schema}.products_g2)`);
    const refused = await operate(bench, 'promote', { projections: ['products'] });
    expect(refused.status).to.equal('failed');
    expect(refused.outcome?.error).to.match(
      /^products \(generation 2\): 1 of \d+ rows differ.*"units".*It was not promoted\.$/,
    );
    await bench.pool.query(`update ${bench.schema}.products_g2 as wrong set units = right_one.units
      from ${bench.schema}.products_g1 as right_one where wrong.day = right_one.day and wrong.currency = right_one.currency
      and wrong.channel = right_one.channel and wrong.country = right_one.country
      and wrong.product_id = right_one.product_id`);
    expect((await operate(bench, 'promote', { projections: ['products'] })).status).to.equal('done');
    expect(await statusesOf('products')).to.deep.equal(['1 previous', '2 live']);
  });

  it('rebuilds at its start what other code made, and what is new', async () => {
    await bench.log.append(documents('before', 50));
    await bench.startWorker();
    await bench.caughtUp();
    await operator.stop();
    await bench.pool.query(`update ${bench.schema}.generations set version = 0 where projection = 'revenue'`);
    await bench.pool.query(`delete from ${bench.schema}.generations where projection = 'categories'`);
    await bench.pool.query(`delete from ${bench.schema}.checkpoints where projection = 'categories'`);
    await bench.pool.query(
      `drop table ${bench.schema}.categories_g1 cascade; update ${bench.schema}.control set epoch = 9`,
    );
    await bench.log.append(documents('meanwhile', 20));
    operator = await openOperator(bench);
    await until('they are rebuilt', async () => (await statusesOf('revenue')).includes('2 live'), 20_000);
    expect(await statusesOf('categories')).to.deep.equal(['1 live']);
    await bench.caughtUp();
    await bench.expectEqualToLog();
  });

  it('goes on from the bookkeeping of an earlier version', async () => {
    const ns = bench.schema;
    await bench.pool.query(`alter table ${ns}.generations drop column label, drop column created_at, drop column live_since,
      drop constraint generations_status_check,
      add constraint generations_status_check check (status in ('live', 'building', 'previous'))`);
    await bench.pool.query(`alter table ${ns}.checkpoints drop column recorded_at; drop table ${ns}.control`);
    await migrate(bench.config);
    await bench.log.append(documents('before', 20));
    await bench.startWorker();
    expect((await operate(bench, 'rebuild', { projections: ['revenue'], promote: false })).status).to.equal('done');
  });

  it('holds up while live figures lag more than it was told to let them, and goes on afterwards', async () => {
    await bench.log.append(documents('before', 100));
    await bench.startWorker();
    await bench.caughtUp();
    await rebuildThrottled(bench, 1500);
  });

  it('refuses a second rebuild of a projection while one is under way, and says so', async () => {
    await bench.log.append(documents('before', 50));
    const first = await requestOperation(bench.pool, bench.schema, 'rebuild', { projections: ['sales', 'revenue'] });
    const second = await operate(bench, 'rebuild', { projections: ['revenue'] });
    expect(second.status).to.equal('failed');
    expect(second.outcome?.error).to.match(new RegExp(`^rebuild ${first} of revenue, sales is under way since`));
  });
});
