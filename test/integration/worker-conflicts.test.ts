import { expect } from 'chai';
import type pg from 'pg';
import { createPool, sqlState } from '../../platform/postgres/index.ts';
import { projections } from '../../projections/catalogue.ts';
import { lockOut } from '../../projections/commit-sql.ts';
import { sale } from '../support/documents.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';

/** Postgres plans a named statement anew five times, and may keep the plan after that. */
const UNTIL_PLAN_IS_KEPT = 6;
const occurredAt = Date.now();
const sales = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => sale(`${prefix}-${index}`, { occurredAt }));

describe('a projection worker whose commit meets another transaction', function () {
  this.timeout(60_000);
  let bench: Bench;
  let other: pg.PoolClient;

  beforeEach(async () => {
    bench = await openBench({ partitions: 1 });
    other = await bench.pool.connect();
  });

  afterEach(async () => {
    other.release();
    await bench.close();
  });

  /** Waits until somebody waits for a lock of the other transaction. */
  async function untilBlocked(): Promise<void> {
    const { rows } = await other.query('select pg_backend_pid() as pid');
    await until('the commit waits for the other transaction', async () => {
      const blocked = await bench.pool.query('select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [
        rows[0].pid,
      ]);
      return blocked.rowCount === 1;
    });
  }

  /** A pool that keeps what goes wrong in it. */
  function watched(pool: pg.Pool): { pool: pg.Pool; states: (string | undefined)[] } {
    const states: (string | undefined)[] = [];
    const query = (...args: unknown[]) =>
      (pool.query as (...args: unknown[]) => Promise<unknown>).apply(pool, args).catch((error) => {
        states.push(sqlState(error));
        throw error;
      });
    return { pool: Object.assign(Object.create(pool), { query }), states };
  }

  it('is taken back by Postgres as the victim of a deadlock, and does it again', async () => {
    await bench.log.append(sales('a', 5));
    const { pool, states } = watched(bench.pool);
    await bench.startWorker({ pool });
    await bench.caughtUp();
    // On a busy machine the other transaction may be the victim instead.
    for (let round = 0, isVictim = true; isVictim; round += 1) {
      await other.query('begin');
      await other.query(`update ${bench.schema}.revenue_g1 set orders = orders`);
      await bench.log.append(sales(`b${round}`, 5));
      await untilBlocked();
      isVictim = await other.query(`select from ${bench.schema}.checkpoints for update`).then(
        () => false,
        (error) => sqlState(error) === '40P01',
      );
      await other.query(isVictim ? 'rollback' : 'commit');
      await bench.caughtUp();
    }
    // More than once when the next try meets the other one between two of its rows.
    expect(new Set(states)).to.deep.equal(new Set(['40P01']));
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
  });

  for (const [size, count] of [
    ['one statement', 5],
    ['rows that are copied', 1000],
  ] as const) {
    it(`waits for a change of generations before it locks anything, with ${size}`, async () => {
      const { pool, states } = watched(bench.pool);
      await bench.startWorker({ pool });
      for (let round = 0; round < UNTIL_PLAN_IS_KEPT; round += 1) {
        await bench.log.append(sales(`a${round}`, 5));
        await bench.caughtUp();
      }
      await other.query('begin');
      await other.query(lockOut(bench.schema));
      await bench.log.append(sales('b', count));
      await untilBlocked();
      const tables = ['checkpoints', 'parked', ...projections.map(({ name }) => `${name}_g1`)];
      const names = tables.map((table) => `${bench.schema}.${table}`).join(', ');
      await other.query(`lock table ${names} in access exclusive mode nowait`);
      await other.query('commit');
      await bench.caughtUp();
      expect(states).to.deep.equal([]);
      await bench.expectEqualToLog();
      expect(bench.failures).to.deep.equal([]);
    });
  }

  it('cannot be serialized after it, and does it again', async () => {
    await bench.log.append(sales('a', 5));
    const url = new URL(bench.config.postgres);
    url.searchParams.set('options', '-c TimeZone=UTC -c default_transaction_isolation=serializable');
    const strict = createPool({ ...bench.config, postgres: url.href }, { applicationName: 'test' });
    const { pool, states } = watched(strict);
    const worker = await bench.startWorker({ pool });
    await bench.caughtUp();
    await other.query('begin');
    await other.query(`update ${bench.schema}.revenue_g1 set orders = orders`);
    await bench.log.append(sales('b', 5));
    await untilBlocked();
    await other.query('commit');
    await bench.caughtUp();
    expect(states).to.deep.equal(['40001']);
    await bench.expectEqualToLog();
    expect(bench.failures).to.deep.equal([]);
    await worker.stop();
    await strict.end();
  });
});
