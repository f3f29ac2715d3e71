import type { ChildProcess } from 'node:child_process';
import { expect } from 'chai';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import { namesOf } from '../../platform/names.ts';
import { projections } from '../../projections/catalogue.ts';
import { listHalts, recordHalt } from '../../projections/halts.ts';
import { findOperation, requestOperation } from '../../projections/operations.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { listParked } from '../../projections/parked.ts';
import { refund, sale, sales } from '../support/documents.ts';
import { openOperator, operate, untilEnded } from '../support/operator.ts';
import { type Bench, isPoison, openBench } from '../support/projection-worker.ts';
import { salesCommand } from '../support/sales-command.ts';
import { settingsOf, until } from '../support/services.ts';
import { prove } from '../support/verify.ts';

describe('operations on projections', function () {
  this.timeout(60_000);
  let bench: Bench;
  let operator: Operator;

  beforeEach(async () => {
    bench = await openBench({ partitions: 2 });
    operator = await openOperator(bench);
  });

  afterEach(async () => {
    await operator.stop();
    await bench.close();
  });

  async function countSales(schema = bench.schema): Promise<number> {
    const { rows } = await bench.pool.query(`select count(*) as count from ${schema}.sales`);
    return rows[0].count;
  }

  it('park what cannot be decoded, go on, and fold it in when it is retried', async () => {
    const [first, ...others] = [sale('poison-1', { occurredAt: Date.now() }), ...sales('good', 20)];
    await bench.log.append([first, ...others, refund(first, 'r-1', { occurredAt: Date.now() })]);
    const worker = await bench.startWorker({ poison: isPoison });
    await bench.caughtUp();
    expect(await countSales()).to.equal(20);
    const parked = await listParked(bench.pool, bench.schema);
    expect(new Set(parked.map(({ projection }) => projection))).to.deep.equal(
      new Set([...projections.map(({ name }) => name), 'live_window']),
    );
    expect(new Set(parked.map(({ failure }) => failure))).to.deep.equal(new Set(['DecodeError: event … is poison']));
    await worker.stop();
    await bench.startWorker();
    const { outcome } = await operate(bench, 'dlq-retry', {});
    expect(outcome).to.deep.equal({ retried: parked.length, left: 0 });
    expect(await listParked(bench.pool, bench.schema)).to.deep.equal([]);
    await bench.caughtUp();
    await bench.expectEqualToLog();
  });

  it('do without what was discarded, in a rebuild too, and verify it so', async () => {
    await bench.log.append([sale('poison-1'), ...sales('good', 20)]);
    await bench.startWorker({ poison: isPoison });
    await bench.caughtUp();
    const refused = await operate(bench, 'dlq-discard', { projection: 'sales', reason: ' ' });
    expect(refused.outcome?.error).to.equal('a discard needs a reason');
    await operate(bench, 'dlq-discard', { projection: 'sales', reason: 'a test sale of the till' });
    const rebuilt = await operate(bench, 'rebuild', { projections: ['sales'] });
    expect(rebuilt.outcome).to.deep.include({ promoted: true, verified: { sales: 20 } });
    expect(await countSales()).to.equal(20);
    const { rows } = await bench.pool.query(`select reason from ${bench.schema}.discarded`);
    expect(rows).to.deep.equal([{ reason: 'a test sale of the till' }]);
  });

  it('keep out of the live window what it lacks, also when it is folded anew or rebuilt, and verify it so', async () => {
    const now = Date.now();
    const hours = (count: number) => now + count * 3600_000;
    const [waiting, dropped] = ['poison-1', 'poison-2'].map((id) => sale(id, { occurredAt: now, currency: 'CHF' }));
    const others = [-49, -47.9, -1, 0, 23].map((at) => sale(`at-${at}`, { occurredAt: hours(at) }));
    await bench.log.append([waiting, dropped, ...others].flatMap((one) => one ?? []));
    await bench.log.append(sales('void', 10), { void: true });
    const worker = await bench.startWorker({ poison: isPoison });
    await bench.caughtUp();
    const [, second] = await listParked(bench.pool, bench.schema, { projection: 'live_window' });
    const place = `${second?.partition}:${second?.offset}`;
    await operate(bench, 'dlq-discard', { projection: 'live_window', place, reason: 'a test sale of the till' });
    const figures = 4 + others.length;
    const equal = { differences: 0, first: undefined, rows: figures };
    expect(await prove(bench, 'live_window')).to.deep.include(equal);

    // From here on the code can decode them.
    await worker.stop();
    await bench.startWorker();
    await bench.redis.del(await bench.redis.keys(`${namesOf(bench.config.namespace).redisPrefix}live:*`));
    await bench.caughtUp();
    expect(await prove(bench, 'live_window')).to.deep.include(equal);
    const rebuilt = await operate(bench, 'rebuild', { projections: ['live_window'] });
    expect(rebuilt.outcome?.verified).to.deep.equal({ live_window: figures });
    expect(await listParked(bench.pool, bench.schema, { projection: 'live_window' })).to.have.length(2);

    await operate(bench, 'dlq-retry', { projection: 'live_window' });
    for (const generation of [1, 2]) {
      expect(await prove(bench, 'live_window', { generation })).to.deep.include({ differences: 0, rows: figures + 2 });
    }
  });

  it('give the figures as they stood, under a label, and drop them', async () => {
    await bench.log.append(sales('early', 20));
    await bench.startWorker();
    await bench.caughtUp();
    const vector = Object.fromEntries(await bench.log.ends());
    await bench.log.append(sales('late', 20));
    await bench.caughtUp();
    const { outcome } = await operate(bench, 'as-of', { label: 'early', vector });
    expect(outcome).to.deep.include({ label: 'early', vector });
    expect([await countSales(), await countSales(`${bench.schema}_at_early`)]).to.deep.equal([40, 20]);
    const { rows } = await bench.pool.query(
      `select distinct status from ${bench.schema}_at_early.generations join ${bench.schema}_at_early.checkpoints
       using (projection, generation)`,
    );
    expect(rows).to.deep.equal([{ status: 'live' }]);
    const again = await operate(bench, 'as-of', { label: 'early', time: new Date().toISOString() });
    expect(again.outcome?.error).to.match(/^early is there already/);
    expect((await operate(bench, 'drop-as-of', { label: 'early' })).status).to.equal('done');
    expect((await operate(bench, 'drop-as-of', { label: 'early' })).outcome?.error).to.match(
      /^there is nothing labelled/,
    );
  });

  it('make figures under many labels at once, beside a rebuild and a drop, and refuse what is beyond five', async () => {
    await bench.log.append(sales('early', 20));
    await bench.startWorker();
    await bench.caughtUp();
    const vector = Object.fromEntries(await bench.log.ends());
    const labels = Array.from({ length: 7 }, (_, index) => `at_${index}`);
    const [rebuilt, dropped, ...kept] = await Promise.all([
      operate(bench, 'rebuild', { projections: ['revenue', 'revenue'] }),
      operate(bench, 'drop', { projections: ['sales', 'customers'] }),
      ...labels.map((label) => operate(bench, 'as-of', { label, vector })),
    ]);
    expect(rebuilt?.outcome).to.include({ promoted: true });
    expect(dropped?.status).to.equal('done');
    const failures = kept.flatMap(({ status, outcome }) => (status === 'failed' ? [String(outcome?.error)] : []));
    expect(failures).to.have.length(2);
    for (const error of failures) expect(error).to.match(/^there are 5 already .*; drop one of them first$/);
    for (const { status, outcome } of kept.filter((one) => one.status === 'done')) {
      expect([status, await countSales(`${bench.schema}_at_${outcome?.label}`)]).to.deep.equal(['done', 20]);
    }
  });

  it('work on a label one at a time, and leave what is being made under it alone', async () => {
    await bench.log.append(sales('early', 20));
    const vector = Object.fromEntries(await bench.log.ends());
    // It can't keep its first proof, and so stands still while the others are asked for.
    const client = await bench.pool.connect();
    await client.query(`begin; lock table ${bench.schema}.verifications in access exclusive mode`);
    const first = await requestOperation(bench.pool, bench.schema, 'as-of', { label: 'early', vector });
    try {
      await until('tables are filled', async () => {
        const { progress } = (await findOperation(bench.pool, bench.schema, first)) ?? {};
        return progress?.step.startsWith('verifying') ?? false;
      });
      for (const kind of ['as-of', 'drop-as-of'] as const) {
        const { status, outcome } = await operate(bench, kind, { label: 'early', vector });
        expect(status).to.equal('failed');
        expect(outcome?.error).to.match(new RegExp(`^as-of ${first} of label early is under way since .*Wait until`));
      }
      const { outcome } = await operate(bench, 'drop', { projections: ['revenue'] });
      expect(outcome).to.deep.equal({ dropped: [] });
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect((await untilEnded(bench, first)).status).to.equal('done');
    expect(await countSales(`${bench.schema}_at_early`)).to.equal(20);
  });

  it('refuse moments that the log does not have, and keep nothing of what failed', async () => {
    await bench.log.append(sales('early', 20));
    const vector = Object.fromEntries(await bench.log.ends());
    const later = new Date(Date.now() + 3600_000).toISOString();
    const failure = async (given: object) => {
      const { outcome } = await operate(bench, 'as-of', { label: 'wrong', ...given });
      return String(outcome?.error);
    };
    expect(await failure({ vector: { 0: 1, 7: 1 } })).to.equal('there is no partition 7; there are 0, 1');
    expect(await failure({ vector: { 1: 1000 } })).to.match(
      /^partition 1 has offsets up to \d+, and 1000 was asked for/,
    );
    expect(await failure({ time: later })).to.equal(`${later} is yet to come`);
    expect(await failure({ time: 'soon' })).to.equal('soon is no time');
    expect(await failure({})).to.equal('neither a time nor a vector was given');
    expect(await failure({ label: 'Wrong', vector })).to.match(/^a label has lower-case letters/);
    // Its views can't be made.
    await bench.pool.query(
      `create schema ${bench.schema}_at_wrong; create table ${bench.schema}_at_wrong.sales (id int)`,
    );
    expect(await failure({ vector })).to.match(/is not a view/);
    const labelled = `select from ${bench.schema}.generations where label is not null`;
    expect((await bench.pool.query(labelled)).rowCount).to.equal(0);
    await bench.pool.query(`drop schema ${bench.schema}_at_wrong cascade`);

    const { outcome } = await operate(bench, 'as-of', { label: 'part', vector: { 1: vector[1] } });
    expect(outcome?.vector).to.deep.equal({ 0: 0, 1: vector[1] });
    expect(await countSales(`${bench.schema}_at_part`)).to.be.within(1, 19);
  });

  it('keep nothing under a label when it is not as the log says, and say so', async () => {
    await bench.log.append(sales('early', 20));
    const client = await bench.pool.connect();
    // The tables are there, and nothing is filled yet.
    await client.query(`begin; lock table ${bench.schema}.discarded in access exclusive mode`);
    const vector = Object.fromEntries(await bench.log.ends());
    const id = await requestOperation(bench.pool, bench.schema, 'as-of', { label: 'wrong', vector });
    await until('there are tables', async () => {
      const { rows } = await bench.pool.query(`select from ${bench.schema}.generations where label = 'wrong'`);
      return rows.length > 0;
    });
    await bench.pool.query(`insert into ${bench.schema}.channels_g2 (bucket, currency, channel, units)
      values (now(), 'XXX', 'nowhere', 1)`);
    await client.query('rollback');
    client.release();
    const { outcome } = await untilEnded(bench, id);
    expect(outcome?.error).to.match(/^channels \(generation 2\): .* differ .* Nothing is kept under wrong\.$/);
  });

  describe('on the command line', () => {
    const command = (args: string[], watch?: (line: string, child: ChildProcess) => void) =>
      salesCommand(args, { env: settingsOf(bench.config), ...(watch && { watch }) });

    it('say why they failed, and what to do', async () => {
      const loss = await command(['projection', 'accept-loss', '0', '--reason', 'x']);
      expect([loss.code, loss.stderr]).to.deep.equal([
        1,
        'sales: accept-loss 1 failed: partition 0 has not halted. See what has halted: sales projection status\n',
      ]);
      const drop = await command(['projection', 'drop-as-of', 'nothing']);
      expect(drop.stderr).to.equal(
        'sales: drop-as-of 2 failed: there is nothing labelled nothing. Nothing that is live was changed.\n',
      );
      const partition = await command(['projection', 'accept-loss', 'abc', '--reason', 'x']);
      expect(partition.code).to.equal(2);
      expect(partition.stderr).to.include('Give the number of a partition');
    });

    it('go on when whoever follows them is interrupted', async () => {
      // It can't keep its first proof, and so is not done before the interruption.
      const client = await bench.pool.connect();
      await client.query(`begin; lock table ${bench.schema}.verifications in access exclusive mode`);
      try {
        const { code, stdout, stderr } = await command(
          ['projection', 'as-of', '0:0', '--label', 'empty'],
          (_line, child) => child.kill('SIGINT'),
        );
        expect([code, stdout]).to.deep.equal([130, '']);
        expect(stderr).to.include('as-of 1 goes on without this. See what becomes of it: sales projection operations');
      } finally {
        await client.query('rollback');
        client.release();
      }
      expect((await untilEnded(bench, 1)).status).to.equal('done');
    });

    it('are predicted by what was measured of the same projections', async () => {
      const outcome = JSON.stringify({ events: 50_000, seconds: 10 });
      await bench.pool.query(
        `insert into ${bench.schema}.operations (kind, arguments, status, outcome)
         select 'rebuild', '{"projections":["sales","revenue"]}', 'done', $1`,
        [outcome],
      );
      const predicted = async (...names: string[]) =>
        JSON.parse((await command(['projection', 'rebuild', ...names, '--dry-run', '--json'])).stdout);
      expect(await predicted('revenue', 'sales')).to.include({ perSecond: 5000, basis: 'as rebuild 1 here' });
      expect((await predicted('revenue')).basis).to.match(/^assumed/);
    });
  });

  it('accept a loss where a partition has halted, with a reason, and move on', async () => {
    await bench.log.append(sales('before', 20));
    await bench.startWorker();
    await bench.caughtUp();
    const end = (await bench.log.ends()).get(0) ?? 0;
    expect((await operate(bench, 'accept-loss', { partition: 0, reason: 'x' })).outcome?.error).to.match(
      /has not halted/,
    );
    const lost = new LogLostError('a hole', { from: end, to: end + 5 });
    await recordHalt(bench.pool, bench.schema, 0, lost);
    const { outcome } = await operate(bench, 'accept-loss', { partition: 0, reason: 'the disk is gone' });
    expect(outcome).to.deep.equal({ partition: 0, from: end, to: end + 5 });
    const { rows } = await bench.pool.query(
      `select distinct next_offset as next from ${bench.schema}.checkpoints where partition = 0`,
    );
    expect(rows).to.deep.equal([{ next: end + 5 }]);
    await until('the halt is over', async () => {
      const halts = await listHalts(bench.pool, bench.schema);
      return halts.every(
        ({ reason, detail }) =>
          reason === 'LogLostError' && detail.includes(`${namesOf(bench.config.namespace).topics.events}/0`),
      );
    });
  });
});
