/** What Prometheus reads of the projection worker and the operator, and that causes and alarms come and go together. */
import { expect } from 'chai';
import type pg from 'pg';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { createRedis } from '../../platform/redis.ts';
import { projections } from '../../projections/catalogue.ts';
import { listHalts } from '../../projections/halts.ts';
import { requestOperation } from '../../projections/operations.ts';
import { registerAll } from '../../schemas/registry.ts';
import { goodsReturn, refund, sale, voiding } from '../support/documents.ts';
import { createEventLog, type EventLog } from '../support/event-log.ts';
import { type FaultyRegistry, startFaultyRegistry } from '../support/faulty-registry.ts';
import { metricIn } from '../support/prometheus.ts';
import { salesCommand } from '../support/sales-command.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, settingsOf, startServices, until } from '../support/services.ts';

const first = sale('s-0');
const second = sale('s-1');

describe('metrics of the projections', function () {
  this.timeout(120_000);
  let config: Config;
  let schema: string;
  let registry: FaultyRegistry;
  let services: Services;
  let log: EventLog;
  let pool: pg.Pool;

  before(async () => {
    config = await servers({ partitions: 2 });
    schema = namesOf(config.namespace).postgres.read;
    registry = await startFaultyRegistry(config.registry);
    services = await startServices(config, ['projection-worker', 'operator'], {
      'projection-worker': { registry: registry.url },
    });
    log = await createEventLog(config);
    pool = createPool(config, { applicationName: 'test' });
  });

  after(async () => {
    await services?.stop();
    await log?.close();
    await pool?.end();
    registry?.close();
    if (config) await dropNamespace(config);
  });

  const worker = async (name: string, labels = '') =>
    metricIn(await services.metricsOf('projection-worker'), `sales_projection_${name}`, labels);
  const operator = async (name: string, labels = '') =>
    metricIn(await services.metricsOf('operator'), `sales_projection_${name}`, labels);

  async function hide(type: 'SaleRefunded' | 'SaleVoided'): Promise<void> {
    const ids = await registerAll(config.registry, namesOf(config.namespace).topics);
    registry.hidden.add(ids.get(type) ?? 0);
  }

  async function untilLevel(): Promise<void> {
    const end = [...(await log.ends()).values()].reduce((sum, next) => sum + next, 0);
    await until('the tables have all', async () => (await worker('position')) === end);
    await until('no lag is seen', async () => (await worker('log_end')) === end && (await worker('lag_events')) === 0);
  }

  it('tell positions, the end of the log, and what was folded and passed over', async () => {
    await log.append([first, second, ...Array.from({ length: 8 }, (_, index) => sale(`more-${index}`))]);
    await log.append([goodsReturn('r-1'), goodsReturn('r-2')], { void: true });
    await untilLevel();
    expect(await worker('position', 'partition="1"')).to.equal((await log.ends()).get(1));
    expect([await worker('events_total'), await worker('void_total')]).to.deep.equal([10, 2]);
    expect([await worker('lag_seconds'), await worker('halted')]).to.deep.equal([0, 0]);
    expect(await worker('commit_seconds_count')).to.be.within(1, 12);
    await until('the windows are whole', async () => (await worker('windows_not_whole')) === 0);
  });

  it('show a partition that has halted, and its lag, until it goes on', async () => {
    await hide('SaleRefunded');
    await log.append([refund(first, 'refund')]);
    await until('it is told', async () => (await worker('halted')) === 1);
    await until('the lag is seen', async () => (await worker('lag_events')) === 1);
    expect(await worker('lag_seconds')).to.be.within(0.001, 60);
    registry.hidden.clear();
    await until('it goes on', async () => (await worker('halted')) === 0);
    await untilLevel();
    expect(await worker('lag_seconds')).to.equal(0);
    await until('the record is gone', async () => (await listHalts(pool, schema)).length === 0);
  });

  it('forget a halt whose cause went while no worker ran', async () => {
    await hide('SaleVoided');
    await log.append([voiding(second)]);
    await until('it is on record', async () => (await listHalts(pool, schema)).length === 1);
    await services.kill('projection-worker');
    registry.hidden.clear();
    await services.start('projection-worker');
    await untilLevel();
    await until('the alarm is over', async () => (await worker('halted')) === 0);
    expect(await listHalts(pool, schema)).to.deep.equal([]);
  });

  it('show parked events until somebody has dealt with them', async () => {
    expect([await worker('parked_total'), await operator('parked')]).to.deep.equal([0, 0]);
    await log.appendCut(0, sale('cut'));
    const lacking = projections.length + 1;
    await until('it is parked', async () => (await operator('parked', 'status="live"')) === lacking);
    expect(await worker('parked_total')).to.equal(lacking);
    expect(await worker('parked_total', 'projection="revenue"')).to.equal(1);
    await requestOperation(pool, schema, 'dlq-discard', { reason: 'a test' });
    await until('nothing is parked', async () => (await operator('parked')) === 0);
    expect(await operator('discarded')).to.equal(lacking);
    const done = () => operator('operations_total', 'kind="dlq-discard",outcome="done"');
    await until('the operation is counted', async () => (await done()) === 1);
  });

  it('tell what a verification found, and how long ago', async () => {
    expect(await operator('verified_differences')).to.equal(undefined);
    const verify = () => salesCommand(['projection', 'verify', 'revenue'], { env: settingsOf(config) });
    await pool.query(`update ${schema}.revenue_g1 set units = units + 1`);
    expect((await verify()).code).to.equal(3);
    expect(await operator('verified_differences', 'projection="revenue"')).to.be.greaterThan(0);
    await pool.query(`update ${schema}.revenue_g1 set units = units - 1`);
    expect((await verify()).code).to.equal(0);
    expect(await operator('verified_differences')).to.equal(0);
    expect(await operator('verified_age_seconds')).to.be.within(0, 60);
  });

  it('tell what is under way, and what failed', async () => {
    const holder = await pool.connect();
    await holder.query(`begin; lock table ${schema}.generations in exclusive mode`);
    const id = await requestOperation(pool, schema, 'rebuild', { projections: ['revenue'] });
    const seconds = () => operator('operation_seconds', `operation="${id}",kind="rebuild"`);
    await until('it is under way', async () => ((await seconds()) ?? 0) > 0);
    await holder.query('commit');
    holder.release();
    await until('it is done', async () => (await operator('operations_total', 'kind="rebuild",outcome="done"')) === 1);
    expect(await seconds()).to.equal(undefined);
    await requestOperation(pool, schema, 'promote', { projections: ['customers'] });
    await until('one failed', async () => (await operator('operations_total', 'outcome="failed"')) === 1);
    await pool.query(`update ${schema}.generations set version = version - 1 where projection = 'products'`);
    expect(await operator('outdated')).to.equal(1);
    await pool.query(`update ${schema}.generations set version = version + 1 where projection = 'products'`);
    expect(await operator('outdated')).to.equal(0);
  });

  it('count live windows that were folded anew', async () => {
    const before = (await worker('window_rebuild_seconds_count')) ?? 0;
    const redis = createRedis(config, 'test');
    await redis.del(await redis.keys(`${namesOf(config.namespace).redisPrefix}live:*`));
    redis.disconnect();
    await until('it was rebuilt', async () => ((await worker('window_rebuild_seconds_count')) ?? 0) > before);
    await until('the windows are whole', async () => (await worker('windows_not_whole')) === 0);
  });

  it('count batches that found other generations than they were made for', async () => {
    const before = (await worker('conflicts_total')) ?? 0;
    const holder = await pool.connect();
    await holder.query(`begin; select from ${schema}.checkpoints for update`);
    await log.append([sale('held up')]);
    await until('the batch waits', async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and application_name = $1`,
        [`sales-projections ${config.namespace}`],
      );
      return rows.length > 0;
    });
    await holder.query(`update ${schema}.control set epoch = epoch + 1`);
    await holder.query('commit');
    holder.release();
    await untilLevel();
    expect(await worker('conflicts_total')).to.equal(before + 1);
  });
});
