/** The log is cut, deleted or made anew: partitions halt, visibly, and go on when they may. */
import { expect } from 'chai';
import { createKafka, withAdmin } from '../../../platform/kafka/client.ts';
import { namesOf } from '../../../platform/names.ts';
import { listHalts } from '../../../projections/halts.ts';
import type { Operator } from '../../../projections/operator/app.ts';
import { documents } from '../../support/live-traffic.ts';
import {
  acceptedLosses,
  acceptLoss,
  copyLog,
  createTopic,
  deleteBelow,
  deleteTopic,
  expectEqualOnceRebuilt,
  restoreLog,
  shownHalts,
  untilHalted,
  untilLevel,
} from '../../support/log-faults.ts';
import { openOperator, operate } from '../../support/operator.ts';
import { startProjectionProcess } from '../../support/projection-process.ts';
import { type Bench, checkpointsOf, openBench } from '../../support/projection-worker.ts';
import { until } from '../../support/services.ts';

const ALL = [0, 1, 2];

describe('a log that', function () {
  this.timeout(120_000);
  let bench: Bench;
  let operator: Operator;

  beforeEach(async () => {
    bench = await openBench({ partitions: ALL.length });
    operator = await openOperator(bench);
    await bench.log.append(documents('before', 120));
  });

  afterEach(async () => {
    await operator.stop();
    expect(bench.failures).to.deep.equal([]);
    await bench.close();
  });

  async function endOf(partition: number): Promise<number> {
    return (await bench.log.ends()).get(partition) ?? 0;
  }

  async function countSales(): Promise<number> {
    return (await bench.pool.query(`select count(*) as count from ${bench.schema}.sales`)).rows[0].count;
  }

  it('lost its start beyond a checkpoint halts there, and goes on past what was accepted as lost', async () => {
    const worker = await bench.startWorker();
    await bench.caughtUp();
    await worker.stop();
    const before = await checkpointsOf(bench);
    const known = await countSales();
    await bench.log.append(documents('unread', 120));
    const low = (await endOf(1)) - 5;
    await deleteBelow(bench, 1, low);
    await bench.startWorker();
    const [halt] = await untilHalted(bench, [1]);
    expect(halt).to.deep.include({ reason: 'LogLostError', lost: { from: 0, to: low } });
    expect((await shownHalts(bench)).map(({ partition, detail }) => [partition, detail])).to.deep.equal([
      [1, halt?.detail],
    ]);
    await bench.log.append(documents('after', 30));
    await untilLevel(bench, [0, 2]);
    expect((await checkpointsOf(bench)).get(1)).to.equal(before.get(1));
    expect(await acceptLoss(bench, 1)).to.deep.equal({ partition: 1, from: 0, to: low });
    await bench.caughtUp();
    expect(await acceptedLosses(bench)).to.deep.equal([{ partition: 1, lost_from: 0, lost_to: low, reason: 'lost 1' }]);
    const readable = (await bench.log.read()).filter(({ partition, offset }) => {
      return partition !== 1 || offset >= low;
    });
    const unread = readable.filter(({ partition, offset }) => offset >= (before.get(partition) ?? 0));
    expect(await countSales()).to.equal(known + unread.length);
    await expectEqualOnceRebuilt(bench);
  });

  it('lost its start below a checkpoint halts too, and its window is not folded from the rest in silence', async () => {
    await bench.startWorker();
    await bench.caughtUp();
    const known = await countSales();
    const low = (await endOf(0)) - 5;
    await deleteBelow(bench, 0, low);
    const [halt] = await untilHalted(bench, [0]);
    expect(halt).to.deep.include({ reason: 'LogLostError', lost: { from: 0, to: low } });
    expect((await shownHalts(bench)).map(({ partition }) => partition)).to.deep.equal([0]);
    const end = await endOf(0);
    await bench.log.append(documents('after', 60));
    await untilLevel(bench, [1, 2]);
    expect((await checkpointsOf(bench)).get(0)).to.equal(end);
    const refused = await operate(bench, 'rebuild', { projections: ['revenue'] });
    expect(refused.outcome?.error).to.match(/holds offsets \d+ to \d+, but the next offset to read is 0/);
    const keys = await bench.redis.keys(`${namesOf(bench.config.namespace).redisPrefix}live:1:0:*`);
    await bench.redis.del(keys);
    await bench.log.append(documents('later', 60));
    await untilLevel(bench, [1, 2]);
    expect((await bench.reader.read(1, 0)).fence).to.equal(null);
    await acceptLoss(bench, 0);
    await bench.caughtUp();
    expect(await countSales()).to.be.greaterThan(known);
    await expectEqualOnceRebuilt(bench);
  });

  it('is deleted and comes back shorter halts everywhere, and goes on from its end once that is accepted', async () => {
    await bench.startWorker();
    await bench.caughtUp();
    const ends = await bench.log.ends();
    await deleteTopic(bench);
    await createTopic(bench);
    await bench.log.append(documents('new', 20));
    await untilHalted(bench, ALL);
    expect((await shownHalts(bench)).map(({ reason }) => reason)).to.deep.equal(ALL.map(() => 'LogLostError'));
    expect(await checkpointsOf(bench)).to.deep.equal(ends);
    for (const partition of ALL) {
      const outcome = await acceptLoss(bench, partition);
      expect(outcome).to.deep.include({ partition, from: ends.get(partition), to: await endOf(partition) });
      expect(outcome.advice).to.match(/rebuild everything/);
    }
    expect((await acceptedLosses(bench)).map(({ reason }) => reason)).to.deep.equal(ALL.map((one) => `lost ${one}`));
    await bench.log.append(documents('newer', 20));
    await bench.caughtUp();
    await expectEqualOnceRebuilt(bench);
  });

  it('comes back shorter and grows beyond the checkpoints while it is not accepted does not slip through', async () => {
    const worker = await bench.startWorker();
    await bench.caughtUp();
    const ends = await bench.log.ends();
    await worker.stop();
    await deleteTopic(bench);
    await createTopic(bench);
    await bench.log.append(documents('other', 240));
    await bench.startWorker();
    const halts = await untilHalted(bench, ALL);
    expect(halts.map(({ reason }) => reason)).to.deep.equal(ALL.map(() => 'LogChangedError'));
    expect(await checkpointsOf(bench)).to.deep.equal(ends);
  });

  it('is made anew with other content of the same length halts everywhere, until that is accepted', async () => {
    await bench.startWorker();
    await bench.caughtUp();
    const ends = await bench.log.ends();
    const copy = await copyLog(bench);
    await deleteTopic(bench);
    await createTopic(bench);
    // Reversed within each partition, and so void: what was folded there is not what is there now.
    await restoreLog(bench, new Map([...copy].map(([partition, records]) => [partition, [...records].reverse()])));
    expect(await bench.log.ends()).to.deep.equal(ends);
    const halts = await untilHalted(bench, ALL);
    await until('all are found to have changed', async () => {
      const found = await listHalts(bench.pool, bench.schema);
      return found.length === ALL.length && found.every(({ reason }) => reason === 'LogChangedError');
    });
    expect(halts.length).to.equal(ALL.length);
    expect((await shownHalts(bench)).map(({ reason }) => reason)).to.deep.equal(ALL.map(() => 'LogChangedError'));
    for (const partition of ALL) {
      const end = ends.get(partition);
      expect(await acceptLoss(bench, partition)).to.deep.include({ partition, from: end, to: end });
    }
    await bench.log.append(documents('after', 30));
    await bench.caughtUp();
    await expectEqualOnceRebuilt(bench);
  });

  it('is deleted halts everywhere, and goes on by itself once it is restored as it was', async () => {
    await bench.startWorker();
    await bench.caughtUp();
    const copy = await copyLog(bench);
    await deleteTopic(bench);
    const halts = await untilHalted(bench, ALL);
    expect(halts[0]?.detail).to.match(/does not exist/);
    await createTopic(bench);
    await restoreLog(bench, copy);
    await untilHalted(bench, []);
    await bench.log.append(documents('after', 30));
    await bench.caughtUp(30_000);
    await bench.expectEqualToLog();
    expect(await acceptedLosses(bench)).to.deep.equal([]);
  });

  it('has another number of partitions is refused at start, and is an alarm for who runs already', async () => {
    for (const name of ['projection-worker', 'operator'] as const) {
      const refusing = await startProjectionProcess({ ...bench.config, partitions: 4 }, name);
      expect(await refusing.ended).to.equal(1);
      expect(refusing.output()).to.include('has 3 partitions, and SALES_PARTITIONS is 4');
    }
    const topic = namesOf(bench.config.namespace).topics.events;
    await withAdmin(createKafka(bench.config, 'test'), (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] }),
    );
    await bench.startWorker();
    const halts = await untilHalted(bench, [3, 4]);
    expect(halts.map(({ reason }) => reason)).to.deep.equal(['TopicError', 'TopicError']);
    expect((await shownHalts(bench)).map(({ partition }) => partition)).to.deep.equal([3, 4]);
    await untilLevel(bench, ALL);
  });
});
