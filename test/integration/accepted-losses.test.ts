/** What each generation is known to lack after losses of the log that were accepted. */
import { expect } from 'chai';
import { inTransaction } from '../../platform/postgres/index.ts';
import { CheckpointConflict } from '../../projections/checkpoints.ts';
import { createGeneration, listGenerations, requireThere } from '../../projections/generations.ts';
import type { Operator } from '../../projections/operator/app.ts';
import { listParked } from '../../projections/parked.ts';
import { products } from '../../projections/products.ts';
import { standings } from '../../projections/status.ts';
import { sales } from '../support/documents.ts';
import {
  acceptLoss,
  createTopic,
  deleteBelow,
  deleteTopic,
  expectEqualOnceRebuilt,
  untilHalted,
} from '../support/log-faults.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench, park } from '../support/projection-worker.ts';
import { prove } from '../support/verify.ts';

describe('losses that were accepted', function () {
  this.timeout(60_000);
  let bench: Bench;
  let operator: Operator;

  /** A log of 20 events, of which `categories` does without the first. */
  beforeEach(async () => {
    bench = await openBench({ partitions: 1 });
    operator = await openOperator(bench);
    await park(bench, [...sales('poison', 1), ...sales('good', 19)]);
    for (const projection of ['revenue', 'sales']) await operate(bench, 'dlq-retry', { projection });
    await operate(bench, 'dlq-discard', { projection: 'categories', reason: 'not wanted' });
  });

  afterEach(async () => {
    await operator.stop();
    expect(bench.failures).to.deep.equal([]);
    await bench.close();
  });

  /** "lost + discarded + parked" of a generation. */
  async function lackedBy(projection: string, generation: number): Promise<string> {
    const all = await standings(bench.pool, bench.schema, new Map(), Date.now());
    const one = all.find((found) => found.projection === projection && found.generation === generation);
    return `${one?.lost} + ${one?.discarded} + ${one?.parked}`;
  }

  async function lackedByRevenue(label: string): Promise<string> {
    const all = await listGenerations(bench.pool, bench.schema);
    const own = all.find((one) => one.projection === 'revenue' && one.label === label);
    return lackedBy('revenue', own?.generation ?? 0);
  }

  it('count for what passes over a stretch that is gone, each event once', async () => {
    await bench.startWorker();
    await deleteBelow(bench, 0, 8);
    await untilHalted(bench, [0]);
    expect(await lackedBy('categories', 1)).to.equal('0 + 1 + 0');
    await acceptLoss(bench, 0);
    // It had none of the event before, and there is nothing left to be done without.
    expect(await lackedBy('categories', 1)).to.equal('1 + 0 + 0');
    expect(await lackedBy('revenue', 1)).to.equal('0 + 0 + 0');
    // So it is with what is discarded after it was lost.
    expect((await operate(bench, 'dlq-discard', { projection: 'products', reason: 'gone' })).outcome).to.deep.equal({
      discarded: ['0:0'],
    });
    expect(await lackedBy('products', 1)).to.equal('1 + 0 + 0');
    await expectEqualOnceRebuilt(bench);
    for (const projection of ['categories', 'products', 'revenue', 'live_window']) {
      expect(await lackedBy(projection, 2), projection).to.equal('8 + 0 + 0');
    }
    // Of its previous tables too, though the live ones have passed the place.
    expect((await operate(bench, 'dlq-discard', { projection: 'countries', reason: 'gone' })).status).to.equal('done');
    expect(await lackedBy('countries', 1)).to.equal('1 + 0 + 0');
    expect(await lackedBy('countries', 2)).to.equal('8 + 0 + 0');
  });

  it('count where another, shorter log stands in the place of the one that was, as far as a generation has come', async () => {
    const worker = await bench.startWorker();
    await operate(bench, 'rebuild', { projections: ['revenue'], promote: false });
    await worker.stop();
    // One that has not come to the end, and one that is being filled.
    const { config, pool, schema } = bench;
    await pool.query(`update ${schema}.checkpoints set next_offset = 15, last_event_id = null
      where projection = 'revenue' and generation = 2`);
    const options = { status: 'building', partitions: config.partitions } as const;
    const building = await inTransaction(pool, (client) => createGeneration(client, schema, products, options));
    await deleteTopic(bench);
    await createTopic(bench);
    await bench.log.append(sales('new', 8));
    await bench.startWorker();
    await untilHalted(bench, [0]);
    expect(await acceptLoss(bench, 0)).to.deep.include({ partition: 0, from: 20, to: 8 });
    // Nobody can fold in what was parked of the first one, and nothing of the other one is to be left out for it.
    expect(await listParked(pool, schema)).to.deep.equal([]);
    expect(await lackedBy('products', 1)).to.equal('1 + 0 + 0');
    // A window is folded anew.
    expect(await lackedBy('live_window', 1)).to.equal('12 + 0 + 0');
    expect(await lackedBy('revenue', 1)).to.equal('0 + 0 + 0');
    expect(await lackedBy('revenue', 2)).to.equal('5 + 0 + 0');
    expect(await lackedBy('categories', 1)).to.equal('1 + 0 + 0');
    const all = await listGenerations(pool, schema);
    expect(all.filter(({ projection }) => projection === 'products').map(({ status }) => status)).to.deep.equal([
      'live',
    ]);
    // Whoever is filling it begins anew.
    const failure = await requireThere(pool, schema, [building]).catch((error) => error);
    expect(failure).to.be.instanceOf(CheckpointConflict);

    // The other log grows. What is made of it lacks the end of the first one, unless it ends before that.
    await bench.log.append(sales('newer', 4));
    await operate(bench, 'as-of', { label: 'before', vector: { 0: 8 } });
    await operate(bench, 'as-of', { label: 'after', vector: { 0: 12 } });
    expect([await lackedByRevenue('before'), await lackedByRevenue('after')]).to.deep.equal([
      '0 + 0 + 0',
      '12 + 0 + 0',
    ]);
    await bench.caughtUp();
    await expectEqualOnceRebuilt(bench);
    const live = (await listGenerations(pool, schema)).find(
      ({ projection, status }) => projection === 'revenue' && status === 'live',
    );
    const generation = live?.generation ?? 0;
    expect(await lackedBy('revenue', generation)).to.equal('12 + 0 + 0');
    expect(await lackedBy('live_window', 2)).to.equal('12 + 0 + 0');

    // What that one lacks does not hide what it has and the log has lost since.
    await deleteBelow(bench, 0, 3);
    await untilHalted(bench, [0]);
    await acceptLoss(bench, 0);
    const { losses } = await prove(bench, 'revenue', { generation });
    expect(losses?.map(({ from, to }) => [from, to])).to.deep.equal([[0, 3]]);
  });
});
