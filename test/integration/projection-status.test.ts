/** `sales projection status` and `list`, as a person and a program read them. */
import { expect } from 'chai';
import { requestOperation } from '../../projections/operations.ts';
import { sale } from '../support/documents.ts';
import { openOperator } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { salesCommand } from '../support/sales-command.ts';
import { settingsOf, until } from '../support/services.ts';

describe('sales projection status', function () {
  this.timeout(120_000);
  let bench: Bench;

  before(async () => {
    bench = await openBench({ partitions: 2 });
  });

  after(async () => {
    await bench?.close();
  });

  const run = (args: string[], env: Record<string, string> = {}) =>
    salesCommand(['projection', ...args], { env: { ...settingsOf(bench.config), ...env } });

  async function status() {
    const { code, stdout } = await run(['status', '--json']);
    return { code, ...JSON.parse(stdout) };
  }

  it('says that nobody works, and what waits', async () => {
    const id = await requestOperation(bench.pool, bench.schema, 'rebuild', { projections: ['revenue'] });
    const { code, stdout } = await run(['status']);
    expect(code).to.equal(3);
    expect(stdout).to.match(/^revenue +1 +live +0 of 0 +0 +0 +0 +0 +never$/m);
    expect(stdout).to.match(/^No projection worker runs: .* npm start$/m);
    expect(stdout).to.match(/^No operator runs: .* npm start$/m);
    expect(stdout).to.match(new RegExp(`^Waiting: rebuild ${id} of revenue$`, 'm'));
    expect(await status()).to.deep.include({ workers: 0, operator: false });
  });

  it('has nothing to say but where all stands when all is well, and ends with 0', async () => {
    await bench.log.append(Array.from({ length: 20 }, (_, index) => sale(`s-${index}`)));
    await bench.startWorker();
    const operator = await openOperator(bench);
    await bench.caughtUp();
    await until('the rebuild is done', async () => (await status()).operations.length === 0, 60_000);
    expect(await status()).to.deep.include({ code: 0, workers: 1, operator: true, problems: [], halts: [] });
    await operator.stop();
    expect(await status()).to.deep.include({ code: 3, workers: 1, operator: false });
  });

  it('names a partition that has halted, tables of another version, and parked events', async () => {
    await bench.log.appendCut(1, sale('cut'));
    await bench.log.appendUnknown(0, sale('unknown'));
    await bench.pool.query(`update ${bench.schema}.generations set version = 1 where projection = 'products'`);
    await until('all of it is told', async () => (await status()).problems.length === 4, 30_000);
    const { code, stdout } = await run(['status']);
    expect(code).to.equal(3);
    expect(stdout).to.match(/^products +1 +live, outdated /m);
    expect(stdout).to.match(/^Partition 0 has halted since .* is unknown\. It goes on by itself/m);
    expect(stdout).to.match(/^The figures of products stand still: .* sales projection rebuild products$/m);
    expect(stdout).to.match(/^Figures lack events that could not be folded: .*revenue 1, .* sales dlq list$/m);
  });

  it('says which projections there are, to whoever names another one', async () => {
    const { code, stderr } = await run(['verify', 'revnue']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^sales: There is no projection revnue\. There are sales, revenue, /);
  });

  it('says what is not there: Kafka, Postgres or the read models', async () => {
    const answers = await Promise.all([
      run(['status'], { KAFKA_BROKERS: '127.0.0.1:1' }),
      run(['status'], { DATABASE_URL: 'postgres://sales@127.0.0.1:1/sales' }),
      run(['status'], { SALES_NAMESPACE: 't_nothing_here' }),
      run(['list'], { SALES_NAMESPACE: 't_nothing_here' }),
    ]);
    expect(answers.map(({ code }) => code)).to.deep.equal([4, 4, 1, 1]);
    const [kafka, postgres, ...none] = answers.map(({ stderr }) => stderr);
    expect(kafka).to.match(/^sales: Kafka does not answer: .* npm start, or set KAFKA_BROKERS .*\.\n$/);
    expect(postgres).to.match(/^sales: Postgres does not answer: .* npm start, or set DATABASE_URL .*\.\n$/);
    for (const text of none)
      expect(text).to.match(/^sales: There are no read models in the namespace t_nothing_here\./);
  });
});
