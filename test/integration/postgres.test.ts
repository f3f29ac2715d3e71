import { expect } from 'chai';
import type pg from 'pg';
import { createPool, inTransaction, isConnectionLost } from '../../platform/postgres/index.ts';
import { dropNamespace, servers } from '../support/servers.ts';

describe('postgres', function () {
  this.timeout(60_000);
  let config: Awaited<ReturnType<typeof servers>>;
  let pool: pg.Pool;

  before(async () => {
    config = await servers();
    pool = createPool(config, { applicationName: 'test-pool', synchronousCommit: false });
    await pool.query(`create schema ${config.namespace}`);
    await pool.query(`create table ${config.namespace}.accounts (id int primary key, amount bigint)`);
    await pool.query(`insert into ${config.namespace}.accounts values (1, 100), (2, 100)`);
  });

  after(async () => {
    await pool.end();
    await dropNamespace(config);
  });

  it('gives bigint as number and date as text, and nothing that would be rounded', async () => {
    const { rows } = await pool.query(
      "select 9007199254740991::bigint as n, array[1::bigint] as ns, date '2026-03-29' as d",
    );
    expect(rows[0]).to.deep.include({ n: 9_007_199_254_740_991, ns: [1], d: '2026-03-29' });
    const error = await pool.query('select 9007199254740992::bigint as n').catch((thrown) => thrown);
    expect(error).to.be.instanceOf(RangeError);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
  });

  it('works in UTC, with the durability asked for', async () => {
    expect((await pool.query('show timezone')).rows[0]).to.deep.equal({ TimeZone: 'UTC' });
    expect((await pool.query('show synchronous_commit')).rows[0]).to.deep.equal({ synchronous_commit: 'off' });
    const durable = createPool(config, { applicationName: 'test-durable' });
    expect((await durable.query('show synchronous_commit')).rows[0]).to.deep.equal({ synchronous_commit: 'on' });
    await durable.end();
  });

  it('looks rows up by key even by a plan that was made while their table was empty', async () => {
    const table = `${config.namespace}.events`;
    await pool.query(`create table ${table} (key text); create index on ${table} (key); analyze ${table}`);
    const byKey = createPool(config, { applicationName: 'test-by-key', byKey: true, max: 1 });
    const planOf = async (from: pg.Pool) => {
      const { rows } = await from.query(`explain select 1 from ${table} where key = any('{a,b}')`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    expect(await planOf(pool)).to.include('Seq Scan');
    expect(await planOf(byKey)).to.include('Index');
    await byKey.end();
  });

  it('runs a transaction again after a deadlock', async () => {
    const take = (client: pg.ClientBase, id: number) =>
      client.query(`update ${config.namespace}.accounts set amount = amount - 1 where id = $1`, [id]);
    let waiting = 0;
    let meet: () => void = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const transfer = (first: number, second: number) =>
      inTransaction(pool, async (client) => {
        await take(client, first);
        waiting += 1;
        if (waiting === 2) meet();
        await met;
        await take(client, second);
      });
    await Promise.all([transfer(1, 2), transfer(2, 1)]);
    // The one that ran again can meet the other once more before that has both.
    expect(waiting).to.be.at.least(3);
    const { rows } = await pool.query(`select amount from ${config.namespace}.accounts order by id`);
    expect(rows).to.deep.equal([{ amount: 98 }, { amount: 98 }]);
  });

  it('tells a lost connection from an error, and goes on with another one', async () => {
    const error = await inTransaction(pool, async (client) => {
      const { rows } = await client.query('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
      await client.query('select 1');
    }).catch((thrown) => thrown);
    expect(isConnectionLost(error), String(error)).to.equal(true);
    expect(isConnectionLost(await pool.query('select nonsense').catch((thrown) => thrown))).to.equal(false);
    expect((await pool.query('select 1 as one')).rows).to.deep.equal([{ one: 1 }]);
    const nowhere = createPool(
      { ...config, postgres: 'postgres://sales@127.0.0.1:1/sales' },
      { applicationName: 'test' },
    );
    expect(isConnectionLost(await nowhere.query('select 1').catch((thrown) => thrown))).to.equal(true);
    await nowhere.end();
  });
});
