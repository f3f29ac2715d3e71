import { expect } from 'chai';
import { windowKeys } from '../../platform/live-window/keys.ts';
import { namesOf } from '../../platform/names.ts';
import { listGenerations } from '../../projections/generations.ts';
import { migrate } from '../../projections/migrate.ts';
import { findOperation, requestOperation } from '../../projections/operations.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { everything } from '../../projections/operator/names.ts';
import { documents } from '../support/live-traffic.ts';
import { openOperator, operate } from '../support/operator.ts';
import { startProjectionProcess } from '../support/projection-process.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';
import { rebuildThrottled } from '../support/throttled-rebuild.ts';
import { prove } from '../support/verify.ts';

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
    await bench.caughtUp();
    const change = (by: number) =>
      bench.pool.query(`update ${bench.schema}.sales_g1 set gross = gross + ${by}
      where (id, kind, refund_id) = (select min(id), 'SALE', '' from ${bench.schema}.sales_g1 where kind = 'SALE')`);
    await change(1);
    const refused = await operate(bench, 'rollback', { projections: ['revenue', 'sales'] });
    expect(refused.outcome?.error).to.match(/^sales \(generation 1\): 1 of .* differ .* What is live stays live\.$/);
    expect(await statusesOf('revenue')).to.deep.equal(['1 previous', '2 live']);
    await change(-1);
    const { status, outcome } = await operate(bench, 'rollback', { projections: ['revenue', 'sales'] });
    expect(status).to.equal('done');
    expect(outcome?.verified).to.have.keys('revenue', 'sales');
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

  it('leaves alone what other code made when it is told to, and says so, and so does the worker', async () => {
    await operator.stop();
    await bench.pool.query(`update ${bench.schema}.generations set version = 0 where projection = 'revenue'`);
    const processes = await Promise.all(
      (['operator', 'projection-worker'] as const).map((name) =>
        startProjectionProcess(bench.config, name, undefined, {
          SALES_AUTO_REBUILD: 'false',
          SALES_LOG_LEVEL: 'warn',
        }),
      ),
    );
    await bench.log.append(documents('before', 50));
    await until('the others go on', async () => {
      return (await bench.pool.query(`select from ${bench.schema}.sales limit 1`)).rowCount === 1;
    });
    await Promise.all(processes.map((one) => one.ready()));
    const [asOperator, asWorker] = processes.map(({ output }) => output());
    expect(asOperator).to.match(/"projections":\["revenue"\].*they stand still: rebuild them/);
    expect(asWorker).to.match(/"projections":\["revenue"\].*they are left alone/);
    for (const one of processes) await one.stop();
    expect(await statusesOf('revenue')).to.deep.equal(['1 live']);
    const { rows } = await bench.pool.query(`select from ${bench.schema}.revenue_g1`);
    expect(rows).to.have.length(0);
    operator = await openOperator(bench);
    await until('it is rebuilt', async () => (await statusesOf('revenue')).includes('2 live'), 20_000);
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

  it('proves the live window before it goes live, and folds it anew when it is rebuilt', async () => {
    await bench.log.append(documents('before', 50));
    await bench.startWorker();
    await bench.caughtUp();
    const rebuilt = await operate(bench, 'rebuild', { projections: ['live_window'], promote: false });
    expect(rebuilt.outcome?.verified).to.have.property('live_window').that.is.greaterThan(50);
    expect(await statusesOf('live_window')).to.deep.equal(['1 live', '2 ready']);
    const { minutes } = windowKeys(namesOf(bench.config.namespace).redisPrefix, 2, 0);
    const field = (await bench.redis.hkeys(minutes)).find((name) => name.endsWith('|orders')) ?? '';
    await bench.redis.hincrby(minutes, field, 1);
    const refused = await operate(bench, 'promote', { projections: ['live_window'] });
    expect(refused.outcome?.error).to.match(
      /^live_window \(generation 2\): 1 of \d+ figures differ.*"orders".*It was not promoted\.$/,
    );
    expect(await statusesOf('live_window')).to.deep.equal(['1 live', '2 ready']);
    expect((await operate(bench, 'rebuild', { projections: ['live_window'] })).status).to.equal('done');
    expect(await statusesOf('live_window')).to.deep.equal(['1 previous', '2 live']);
    expect(await prove(bench, 'live_window', { generation: 2 })).to.deep.include({ differences: 0 });
  });

  it('does not wait for ever for a window that no worker fills, and goes on where it was killed', async () => {
    await operator.stop();
    operator = await openOperator(bench, { patience: { withoutWorkerMs: 1500, inAllMs: 30_000 } });
    await bench.log.append(documents('before', 50));
    const given = { projections: ['revenue', 'live_window'] };
    const refused = await operate(bench, 'rebuild', given);
    expect(refused.outcome?.error).to.match(/^no projection worker has run for 1.5 seconds.*npm start/);
    expect(await statusesOf('live_window')).to.deep.equal(['1 live', '2 ready']);

    await operator.stop();
    operator = await openOperator(bench, { patience: { withoutWorkerMs: 30_000, inAllMs: 30_000 } });
    const id = await requestOperation(bench.pool, bench.schema, 'rebuild', given);
    const operation = () => findOperation(bench.pool, bench.schema, id);
    await until('it waits', async () => (await operation())?.progress?.step === 'filling the live window');
    await operator.stop();
    operator = await openOperator(bench);
    await bench.startWorker();
    await until('it is done', async () => (await operation())?.status === 'done', 30_000);
    expect(await statusesOf('live_window')).to.deep.equal(['1 previous', '2 live']);
    expect(await statusesOf('revenue')).to.deep.equal(['1 previous', '2 live']);
    expect(bench.failures).to.deep.equal([]);
  });

  it('does not wait for ever for live figures that no worker brings on', async () => {
    await operator.stop();
    operator = await openOperator(bench, { patience: { withoutWorkerMs: 1500, inAllMs: 30_000 } });
    await bench.log.append(documents('before', 50));
    const { outcome } = await operate(bench, 'rebuild', { projections: ['revenue'], throttleMs: 100 });
    expect(outcome?.error).to.match(/^no projection worker has run for 1.5 seconds, and live figures lag.*--throttle$/);
  });

  it('is joined by a worker that has much to catch up with', async () => {
    for (let batch = 0; batch < 10; batch += 1) await bench.log.append(documents(`backlog-${batch}`, 4000));
    await bench.startWorker();
    const first = async () => (await bench.pool.query(`select from ${bench.schema}.sales limit 1`)).rowCount === 1;
    await until('it has begun', first);
    const rebuilt = await operate(bench, 'rebuild', { projections: ['live_window'], promote: false });
    expect(rebuilt.outcome).to.deep.include({ promoted: false });
    await bench.caughtUp();
    expect(bench.failures).to.deep.equal([]);
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
