import { expect } from 'chai';
import { LogLostError } from '../../platform/kafka/log-lost.ts';
import { namesOf } from '../../platform/names.ts';
import { projections } from '../../projections/catalogue.ts';
import { listHalts, recordHalt } from '../../projections/halts.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { listParked } from '../../projections/parked.ts';
import { refund, sale } from '../support/documents.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { until } from '../support/services.ts';
import { prove } from '../support/verify.ts';

const sales = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => sale(`${prefix}-${index}`, { occurredAt: Date.now() - index * 20_000 }));

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

  const poison = (event: { data: object }) => 'saleId' in event.data && String(event.data.saleId).startsWith('poison');

  it('park what cannot be decoded, go on, and fold it in when it is retried', async () => {
    const [first, ...others] = [sale('poison-1', { occurredAt: Date.now() }), ...sales('good', 20)];
    await bench.log.append([first, ...others, refund(first, 'r-1', { occurredAt: Date.now() })]);
    const worker = await bench.startWorker({ poison });
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
    await bench.startWorker({ poison });
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
    const worker = await bench.startWorker({ poison });
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
