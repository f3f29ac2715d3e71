import { expect } from 'chai';
import type { Operator } from '../../projections/operator/app.ts';
import { sale } from '../support/documents.ts';
import { openOperator } from '../support/operator.ts';
import { type Bench, isPoison, openBench } from '../support/projection-worker.ts';
import { salesCommand } from '../support/sales-command.ts';
import { settingsOf } from '../support/services.ts';

describe('sales dlq', function () {
  this.timeout(60_000);
  let bench: Bench;
  let operator: Operator;

  before(async () => {
    bench = await openBench({ partitions: 1 });
    operator = await openOperator(bench);
    await bench.log.append(['poison-1', 'good-1', 'poison-2', 'good-2', 'poison-3'].map((saleId) => sale(saleId)));
    await bench.startWorker({ poison: isPoison });
    await bench.caughtUp();
  });

  after(async () => {
    await operator.stop();
    await bench.close();
  });

  const dlq = (...args: string[]) => salesCommand(['dlq', ...args], { env: settingsOf(bench.config) });

  it('lists what is parked, grouped by how it failed', async () => {
    const { code, stdout } = await dlq('list', '--projection', 'sales');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^projection +events +such as +failure$/m);
    expect(stdout).to.match(/^sales +3 +0:0 +DecodeError: event … is poison$/m);
    expect((await dlq('list')).stdout.split('\n')).to.have.length.greaterThan(6);
  });

  it('shows each with its whole error, or one alone', async () => {
    const { stdout } = await dlq('show', '0:2', '--projection', 'sales');
    expect(stdout).to.match(/^0:2 {2}sales \(generation 1\), parked \d{4}-.*\n {2}event ".*poison-2" is poison\n$/);
    const { parked } = JSON.parse((await dlq('show', '--projection', 'sales', '--json')).stdout);
    expect(parked.map(({ offset }: { offset: number }) => offset)).to.deep.equal([0, 2, 4]);
  });

  it('retries one alone, and all that failed alike', async () => {
    const one = await dlq('retry', '0:4', '--projection', 'sales');
    expect([one.code, one.stdout]).to.deep.equal([0, '1 event folded in.\n']);
    const failure = 'DecodeError: event … is poison';
    const alike = await dlq('retry', '--projection', 'sales', '--failure', failure, '--json');
    expect(JSON.parse(alike.stdout)).to.deep.include({ retried: 2, left: 0 });
    expect((await dlq('show', '--projection', 'sales')).stdout).to.equal('Nothing is parked.\n');
  });

  it('discards with a reason, which is kept, and refuses to without', async () => {
    expect((await dlq('discard', '--projection', 'revenue')).code).to.equal(2);
    const { code, stdout } = await dlq('discard', '0:0', '--projection', 'revenue', '--reason', 'a test sale');
    expect(code).to.equal(0);
    expect(stdout).to.match(/0:0/);
    const { rows } = await bench.pool.query(`select projection, "offset", reason from ${bench.schema}.discarded`);
    expect(rows).to.deep.equal([{ projection: 'revenue', offset: 0, reason: 'a test sale' }]);
    const none = await dlq('retry', '0:0', '--projection', 'revenue');
    expect([none.code, none.stderr]).to.deep.equal([1, none.stderr]);
    expect(none.stderr).to.match(/nothing like this is parked/);
  });
});
