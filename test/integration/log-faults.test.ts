/** Some of the faults of test/slow/projections/log-faults.test.ts. */
import { expect } from 'chai';
import { standings } from '../../projections/status.ts';
import { documents } from '../support/live-traffic.ts';
import {
  acceptLoss,
  deleteBelow,
  expectEqualOnceRebuilt,
  untilHalted,
  untilLevel,
  writeTransaction,
} from '../support/log-faults.ts';
import { openOperator } from '../support/operator.ts';
import { type Bench, checkpointsOf, openBench } from '../support/projection-worker.ts';
import { salesCommand } from '../support/sales-command.ts';
import { settingsOf } from '../support/services.ts';

/** What each generation lacks of what the log has lost, by name and number. */
async function lostOf(bench: Bench): Promise<Map<string, number>> {
  const found = await standings(bench.pool, bench.schema, new Map(), Date.now());
  return new Map(found.map(({ projection, generation, lost }) => [`${projection} ${generation}`, lost]));
}

describe('a log with a hole, where a transaction of somebody else ended', () => {
  it('halts its partition there, all before it being folded in, until the loss is accepted', async () => {
    const bench = await openBench({ partitions: 3 });
    const operator = await openOperator(bench);
    await bench.log.append(documents('before', 120));
    await bench.startWorker();
    await bench.caughtUp();
    await writeTransaction(bench, 2);
    const hole = ((await bench.log.ends()).get(2) ?? 0) - 1;
    await bench.log.append(documents('behind', 60));
    const [halt] = await untilHalted(bench, [2]);
    expect(halt).to.deep.include({ reason: 'LogLostError', lost: { from: hole, to: hole + 1 } });
    await untilLevel(bench, [0, 1]);
    expect((await checkpointsOf(bench)).get(2)).to.equal(hole);
    expect(await acceptLoss(bench, 2)).to.deep.equal({ partition: 2, from: hole, to: hole + 1 });
    await bench.caughtUp();
    await bench.expectEqualToLog();
    await expectEqualOnceRebuilt(bench);
    const lost = await lostOf(bench);
    expect(new Set(lost.values())).to.deep.equal(new Set([1]));
    expect(lost).to.include.keys('revenue 1', 'revenue 2', 'live_window 2');
    expect(bench.failures).to.deep.equal([]);
    await operator.stop();
    await bench.close();
  });
});

describe('a log whose start was deleted and accepted as lost', function () {
  this.timeout(60_000);
  let bench: Bench;
  let low: number;

  before(async () => {
    bench = await openBench({ partitions: 2 });
    await bench.log.append(documents('before', 60));
    await bench.startWorker();
    await bench.caughtUp();
    low = (await bench.log.ends()).get(1) ?? 0;
    // All of it: what a rebuild lacks is the last of that partition too.
    await deleteBelow(bench, 1, low);
    await untilHalted(bench, [1]);
    const operator = await openOperator(bench);
    await acceptLoss(bench, 1);
    await operator.stop();
  });

  after(() => bench.close());

  const command = (...args: string[]) => salesCommand(['projection', ...args], { env: settingsOf(bench.config) });

  it('is named by a proof of what was folded before, and by the status', async () => {
    const { code, stdout } = await command('verify', 'revenue', 'sales', 'live_window');
    expect(code).to.equal(3);
    const advice = (place: string, name: string) =>
      `The log has lost 1:0-${low - 1}, which was accepted, and the ${place} keeps what it had of that; ` +
      `a rebuild makes them equal: sales projection rebuild ${name}.`;
    expect(stdout).to.include(advice('table', 'revenue'));
    expect(stdout).to.include(advice('table', 'sales'));
    expect(stdout).to.include(advice('window', 'live_window'));
    const status = await command('status');
    expect(status.stdout).to.match(
      new RegExp(`differed from the log on .*The log has lost 1:0-${low - 1}, which may be why.*rebuild revenue`),
    );
    expect(status.stdout).to.include(`Accepted as lost: 1:0-${low - 1} (lost 1). Figures lack nothing of it until`);
    expect((await lostOf(bench)).get('revenue 1')).to.equal(0);
  });

  it('is equal once it is rebuilt, and is known to be lacking', async () => {
    const operator = await openOperator(bench);
    await expectEqualOnceRebuilt(bench);
    await operator.stop();
    const lost = await lostOf(bench);
    expect([lost.get('revenue 1'), lost.get('revenue 2')]).to.deep.equal([0, low]);
    const status = await command('status');
    expect(status.stdout).to.include(`Figures lack of it: categories ${low}, `);
    await bench.pool.query(`update ${bench.schema}.revenue_g2 set gross = gross + 1 where ctid = (
      select min(ctid) from ${bench.schema}.revenue_g2)`);
    // That is not why.
    const { stdout } = await command('verify', 'revenue');
    expect(stdout).to.match(/1 of \d+ rows differ/);
    expect(stdout).not.to.include('has lost');
  });
});
