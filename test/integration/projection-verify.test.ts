import { expect } from 'chai';
import { windowKeys } from '../../platform/live-window/keys.ts';
import { namesOf } from '../../platform/names.ts';
import { projections } from '../../projections/catalogue.ts';
import type { Projection } from '../../projections/define.ts';
import { everything } from '../../projections/operator/names.ts';
import { columnsOf, quote } from '../../projections/sql.ts';
import { goodsReturn, refund, sale, voiding } from '../support/documents.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { type Ended, salesCommand } from '../support/sales-command.ts';
import { settingsOf } from '../support/services.ts';
import { prove } from '../support/verify.ts';

/** A row as proofs name it: texts, and times in milliseconds. */
type Texts = Record<string, string>;

/** Sales, returns, refunds and voids of the last hours, of a few customers. */
function documents(prefix: string, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const occurredAt = Date.now() - index * 60_000;
    const sold = sale(`${prefix}-${index}`, { occurredAt, customerId: `c-${index % 7}`, shipping: 300 });
    if (index % 7 === 3) return [sold, refund(sold, 'r-1', { occurredAt: Date.now() })];
    if (index % 11 === 5) return [sold, voiding(sold, { occurredAt: Date.now() })];
    return index % 5 === 4 ? [goodsReturn(`${prefix}-back-${index}`, { occurredAt })] : [sold];
  }).flat();
}

/** The only sale in Swiss francs: it has a row of its own in every table. */
const swiss = sale('swiss', { occurredAt: Date.now() - 3600_000, customerId: 'c-ch', currency: 'CHF', shipping: 300 });

describe('projection verify', function () {
  this.timeout(60_000);
  let bench: Bench;
  /** Where the Swiss sale stands in the log. */
  let place: { partition: number; offset: number };
  let event: string;

  before(async () => {
    bench = await openBench({ partitions: 2 });
    await bench.log.append([...documents('before', 60), swiss, ...documents('after', 20)]);
    await bench.log.append(documents('void', 10), { void: true });
    await bench.startWorker();
    await bench.caughtUp();
    const found = (await bench.log.read()).find((one) => JSON.stringify(one.event.data).includes('"swiss"'));
    place = { partition: found?.partition ?? -1, offset: found?.offset ?? -1 };
    event = `${place.partition}:${place.offset}`;
  });

  after(() => bench.close());

  const command = (...args: string[]): Promise<Ended> =>
    salesCommand(['projection', ...args], { env: settingsOf(bench.config) });
  const tableOf = ({ name }: Projection) => `${bench.schema}.${name}_g1`;
  const keyNames = ({ table }: Projection) => Object.keys(table.key);

  /** A number that is no part of the key: a measure of a rollup, a column of the ledger. */
  function figureOf(projection: Projection): string {
    const figures = columnsOf(projection).filter(
      ({ name, type }) => type === 'bigint' && !keyNames(projection).includes(name),
    );
    const name = figures[0]?.name;
    if (name === undefined) throw new Error(`${projection.name} has no figure`);
    return name;
  }

  async function swissRow(projection: Projection): Promise<Texts> {
    const { rows } = await bench.pool.query(`select * from ${tableOf(projection)} where currency = 'CHF'`);
    expect(rows, projection.name).to.have.length(1);
    const text = (value: unknown) => (value instanceof Date ? String(value.getTime()) : String(value));
    return Object.fromEntries(Object.entries(rows[0]).map(([name, value]) => [name, text(value)]));
  }

  const pick = (row: Texts, names: string[]) => Object.fromEntries(names.map((name) => [name, row[name] ?? '']));

  for (const projection of projections) {
    const { name } = projection;
    const figure = figureOf(projection);

    it(`names a wrong ${figure} of ${name}, a row that is missing, and one too many`, async () => {
      const row = await swissRow(projection);
      const table = tableOf(projection);
      const key = pick(row, keyNames(projection));
      await bench.pool.query(`create table ${bench.schema}.kept as select * from ${table}`);
      await bench.pool.query(`update ${table} set ${quote(figure)} = ${quote(figure)} + 7 where currency = 'CHF'`);
      const wrong = await prove(bench, name);
      expect(wrong.differences).to.equal(1);
      expect(wrong.first).to.deep.equal({
        key,
        kept: { [figure]: String(Number(row[figure]) + 7) },
        log: { [figure]: row[figure] },
        events: [event],
      });

      await bench.pool.query(`delete from ${table} where currency = 'CHF'`);
      const missing = await prove(bench, name);
      expect(missing).to.deep.include({ differences: 1, rows: wrong.rows - 1 });
      expect(missing.first).to.deep.include({ key, kept: null, events: [event] });
      expect(missing.first?.log).to.deep.include({ [figure]: row[figure] });

      const names = columnsOf(projection).map((column) => quote(column.name));
      const [other] = Object.entries(projection.table.key).filter(([, type]) => type === 'text');
      const elsewhere = names.map((column) => (column === quote(other?.[0] ?? '') ? `'nowhere'` : column));
      await bench.pool.query(`insert into ${table} (${names}) select ${names} from ${bench.schema}.kept where currency = 'CHF'
        union all select ${elsewhere} from ${bench.schema}.kept where currency = 'CHF'`);
      const additional = await prove(bench, name);
      expect(additional).to.deep.include({ differences: 1, rows: wrong.rows + 1 });
      expect(additional.first).to.deep.include({
        key: { ...key, [other?.[0] ?? '']: 'nowhere' },
        log: null,
        events: [],
      });
      expect(additional.first?.kept).to.deep.include(pick(row, figure === other?.[0] ? [] : [figure]));

      await bench.pool.query(`truncate ${table}; insert into ${table} (${names}) select ${names} from ${bench.schema}.kept;
        drop table ${bench.schema}.kept`);
      expect(await prove(bench, name)).to.deep.include({ differences: 0, first: undefined });
    });
  }

  describe('of the live window', () => {
    const minute = Math.floor(swiss.data.occurredAt / 60_000);
    const cell = `${minute}|CHF`;
    const minuteKey = () => ({
      partition: String(place.partition),
      minute: String(minute),
      time: new Date(minute * 60_000).toISOString(),
      currency: 'CHF',
    });
    const keys = () => windowKeys(namesOf(bench.config.namespace).redisPrefix, 1, place.partition);

    it('names a wrong figure of a minute, one that is missing or not listed, and one too many', async () => {
      const { redis } = bench;
      const whole = await prove(bench, 'live_window');
      expect(whole).to.deep.include({ differences: 0, first: undefined, vector: await bench.log.ends() });
      expect(whole.rows).to.be.greaterThan(80);
      const first = async () => (await prove(bench, 'live_window')).first;

      await redis.hincrby(keys().minutes, `${cell}|net`, 7);
      const wrong = { key: minuteKey(), kept: { net: '1207' }, log: { net: '1200' }, events: [event] };
      expect(await first()).to.deep.equal(wrong);
      await redis.hset(keys().minutes, `${cell}|net`, 'many');
      expect(await first()).to.deep.equal({ ...wrong, kept: { net: 'many' } });
      await redis.hdel(keys().minutes, `${cell}|net`);
      expect(await first()).to.deep.equal({ ...wrong, kept: { net: null } });
      await redis.hset(keys().minutes, `${cell}|net`, 1200);

      const score = (await redis.zscore(keys().touched, cell)) ?? '';
      await redis.zrem(keys().touched, cell);
      const log = { orders: '1', net: '1200' };
      expect(await first()).to.deep.equal({ key: minuteKey(), kept: null, log, events: [event] });
      await redis.zadd(keys().touched, score, cell);

      await redis.hset(keys().minutes, `${minute}|XXX|orders`, 1);
      const additional = {
        key: { ...minuteKey(), currency: 'XXX' },
        kept: { orders: '1', net: null },
        log: null,
        events: [],
      };
      expect(await first()).to.deep.equal(additional);
      await redis.hdel(keys().minutes, `${minute}|XXX|orders`);
      expect(await first()).to.equal(undefined);
    });

    it('names a recent entry that is wrong, missing, or one too many', async () => {
      const { redis } = bench;
      const { recent } = keys();
      const first = async () => (await prove(bench, 'live_window')).first;
      const [json = '', offset = ''] = await redis.zrange(recent, -1, -1, 'WITHSCORES');
      const entry = JSON.parse(json);
      const key = { partition: String(place.partition), recent: offset };
      const events = [`${place.partition}:${offset}`];

      await redis.zrem(recent, json);
      expect(await first()).to.deep.include({ key, kept: null, events });
      await redis.zadd(recent, offset, JSON.stringify({ ...entry, total: entry.total + 7 }));
      expect(await first()).to.deep.equal({
        key,
        kept: { total: String(entry.total + 7) },
        log: { total: String(entry.total) },
        events,
      });
      await redis.zadd(recent, offset, json);
      expect(await first()).to.deep.include({ key, log: null, events: [] });
      await redis.zremrangebyscore(recent, offset, offset);
      await redis.zadd(recent, offset, json);
      expect(await first()).to.equal(undefined);
    });

    it('waits for one that is being rebuilt, and says what to do when nobody rebuilds it', async () => {
      const idle = await openBench({ partitions: 1 });
      try {
        const failure = await prove(idle, 'live_window', { patienceMs: 300 }).catch((error) => error);
        expect(failure.message).to.match(
          /^The live window \(generation 1\) of partition 0 .* within 0.3 seconds.*npm start/,
        );
        await idle.log.append(documents('first', 5));
        const args = ['projection', 'verify', 'revenue', '--at', '0:3'];
        const { code, stderr } = await salesCommand(args, { env: settingsOf(idle.config) });
        expect([code, stderr]).to.deep.equal([
          1,
          'sales: revenue is at 0 of partition 0, and 3 was asked for. Partition 0 has not moved for 15 s: does a ' +
            'projection worker run, and has the partition not halted? See: sales projection status.\n',
        ]);
        const proof = prove(idle, 'live_window', { at: await idle.log.ends() });
        const worker = await idle.startWorker();
        expect(await proof).to.deep.include({ differences: 0, vector: await idle.log.ends() });
        await worker.stop();
        const end = (await idle.log.ends()).get(0) ?? 0;
        const stands = await prove(idle, 'live_window', { at: new Map([[0, end + 1]]), standstillMs: 300 }).catch(
          (error) => error,
        );
        expect(stands.message).to.match(
          new RegExp(
            `is at ${end}, ${end + 1} was asked for, and partition 0 has not moved for 0.3 s: does a projection`,
          ),
        );
      } finally {
        await idle.close();
      }
    });
  });

  it('finds the same in several parts, each folded in a pass of its own', async () => {
    const parts = { rowsInMemory: { rollup: 3, ledger: 20 } };
    for (const name of ['customers', 'sales']) {
      const whole = await prove(bench, name);
      expect(await prove(bench, name, parts), name).to.deep.equal(whole);
      const change = (by: number) => bench.pool.query(`update ${bench.schema}.${name}_g1 set gross = gross + ${by}`);
      await change(7);
      const wrong = await prove(bench, name);
      expect(wrong.differences, name).to.equal(whole.rows);
      expect(await prove(bench, name, parts), name).to.deep.equal(wrong);
      await change(-7);
    }
  });

  describe('on the command line', () => {
    it('names what differs in each of the tables that it reads together', async () => {
      const change = (by: number) =>
        bench.pool.query(`update ${bench.schema}.revenue_g1 set gross = gross + ${by} where currency = 'CHF';
          update ${bench.schema}.countries_g1 set orders = orders + ${by} where currency = 'CHF'`);
      await change(7);
      const { code, stdout } = await command('verify', 'revenue', 'channels', 'countries');
      await change(-7);
      expect(code).to.equal(3);
      const [revenue, channels, countries] = stdout.split('\n');
      expect(revenue).to.match(
        /^revenue .*: 1 of \d+ rows differ .*has {"gross":"1207"}, the log says {"gross":"1200"}/,
      );
      expect(channels).to.match(/^channels .*: \d+ rows are as the log says/);
      expect(countries).to.match(
        /^countries .*: 1 of \d+ rows differ .*has {"orders":"8"}, the log says {"orders":"1"}/,
      );
    });

    it('names what differs, ends with 3, and keeps what it found', async () => {
      const { minutes } = windowKeys(namesOf(bench.config.namespace).redisPrefix, 1, place.partition);
      const field = `${Math.floor(swiss.data.occurredAt / 60_000)}|CHF|orders`;
      await bench.pool.query(`update ${bench.schema}.revenue_g1 set gross = gross + 7 where currency = 'CHF'`);
      await bench.redis.hincrby(minutes, field, 1);
      const { code, stdout } = await command('verify', 'revenue', 'live_window');
      expect(code).to.equal(3);
      const [table, window] = stdout.split('\n');
      expect(table).to.match(/^revenue \(generation 1\): 1 of \d+ rows differ from the log\./);
      expect(table).to.include(
        `the table has {"gross":"1207"}, the log says {"gross":"1200"}. Events that touch it: ${event}.`,
      );
      expect(window).to.match(/^live_window \(generation 1\): 1 of \d+ figures differ from the log\./);
      expect(window).to.include(`"currency":"CHF"}: the window has {"orders":"2"}, the log says {"orders":"1"}. `);
      expect(window).to.include(`Events that touch it: ${event}.`);
      const status = await command('status');
      expect(status.stdout).to.match(/^live_window .* 1 DIFFER, \d+ events/m);
      await bench.pool.query(`update ${bench.schema}.revenue_g1 set gross = gross - 7 where currency = 'CHF'`);
      await bench.redis.hincrby(minutes, field, -1);
      const again = await command('verify', 'live_window', '--json');
      expect(again.code, again.stderr).to.equal(0);
      const vector = Object.fromEntries(await bench.log.ends());
      expect(JSON.parse(again.stdout)).to.deep.include({
        projection: 'live_window',
        generation: 1,
        vector,
        differences: 0,
      });
      expect((await command('list')).stdout).to.match(/^live_window .* equal, \d+ events/m);
    });

    it('says that Redis does not answer, and ends with 4', async () => {
      const env = { ...settingsOf(bench.config), REDIS_URL: 'redis://127.0.0.1:1' };
      const { code, stderr } = await salesCommand(['projection', 'verify', 'live_window'], { env });
      expect(code).to.equal(4);
      expect(stderr).to.match(/^sales: Redis does not answer: .*REDIS_URL/);
    });

    it('refuses to wait for what the log does not have', async () => {
      const end = (await bench.log.ends()).get(0) ?? 0;
      const beyond = await command('verify', 'revenue', '--at', `0:${end + 1}`);
      expect(beyond.code).to.equal(2);
      expect(beyond.stderr).to.match(
        new RegExp(`^sales: Cannot verify at 0:${end + 1}: partition 0 has offsets up to ${end}, `),
      );
      const unknown = await command('verify', 'live_window', '--at', '0:0,7:0', '--json');
      expect(unknown.code).to.equal(2);
      expect(JSON.parse(unknown.stderr).error).to.include('there is no partition 7; there are 0, 1.');
      const { code, stdout } = await command('verify', 'revenue', 'revenue', '--at', `0:${end}`);
      expect(code).to.equal(0);
      const vector = [...(await bench.log.ends())].map(([partition, next]) => `${partition}:${next}`).sort();
      expect(stdout).to.match(/^revenue \(generation 1\): \d+ rows are as the log says\. Verified at [0-9:,]+\.\n$/);
      expect(stdout).to.include(`Verified at ${vector.join()}.`);
    });

    it('names what has nothing live, and verifies the others of all', async () => {
      const status = (to: string, from: string) =>
        bench.pool.query(
          `update ${bench.schema}.generations set status = '${to}' where projection = 'channels' and status = '${from}'`,
        );
      await status('ready', 'live');
      try {
        const named = await command('verify', 'channels', 'revenue');
        expect([named.code, named.stdout]).to.deep.equal([1, '']);
        const nothing = 'There is nothing live to verify of channels. Rebuild first: sales projection rebuild channels';
        expect(named.stderr).to.equal(`sales: ${nothing}\n`);
        const all = await command('verify', '--all');
        expect(all.code).to.equal(3);
        expect(all.stderr).to.include(`sales: ${nothing}\n`);
        const verified = all.stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' ')[0]);
        expect(verified).to.deep.equal(everything.map(({ name }) => name).filter((name) => name !== 'channels'));
      } finally {
        await status('live', 'ready');
      }
    });

    it('finds everything equal while sales come in', async () => {
      let isVerifying = true;
      const selling = (async () => {
        for (let batch = 0; isVerifying; batch += 1) await bench.log.append(documents(`meanwhile-${batch}`, 10));
      })();
      const next = await bench.log.ends();
      const at = [...next].map(([partition, end]) => `${partition}:${end}`).join();
      const { code, stdout, stderr } = await command('verify', '--all', '--json', '--at', at).finally(() => {
        isVerifying = false;
      });
      await selling;
      expect(code, stderr).to.equal(0);
      const verdicts = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(verdicts.map(({ projection }) => projection)).to.deep.equal(everything.map(({ name }) => name));
      for (const { vector, differences } of verdicts) {
        expect(differences).to.equal(0);
        for (const [partition, end] of next) expect(vector[partition]).to.be.at.least(end);
      }
    });
  });
});
