/** The promise of the import: a real year of sales, through every part, to the penny, however often it is tried. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { pence, retailFile, scratchFolder, truth } from '../support/retail-file.ts';
import { salesCommand } from '../support/sales-command.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

/** The query of the issue, as it stands there. */
const query = `{ revenue(from: "2010-12-01", to: "2011-12-31", timeZone: "Europe/London", granularity: MONTH, currency: "GBP") {
    buckets { start gross { amount currencyCode } returns { amount } net { amount } orders units } } }`;

interface Bucket {
  start: string;
  gross: { amount: string; currencyCode: string };
  returns: { amount: string };
  net: { amount: string };
  orders: number;
  units: number;
}

describe('Importing the UCI Online Retail dataset', function () {
  this.timeout(240_000);
  const folder = scratchFolder();
  let config: Config;
  let services: Services;

  before(async () => {
    config = await servers();
    services = await startServices(config);
  });
  after(async () => {
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  const importFile = (path: string, watch?: Parameters<typeof salesCommand>[1]) =>
    salesCommand(
      ['import', path, '--format', 'uci-online-retail', '--commands', services.commandsUrl, '--json'],
      watch,
    );

  async function months(): Promise<Record<string, unknown>> {
    const response = await fetch(services.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = await response.json();
    expect(errors).to.equal(undefined);
    const buckets: Bucket[] = data.revenue.buckets;
    return Object.fromEntries(buckets.map(({ start, ...figures }) => [start, figures]));
  }

  it('a truncated copy gives what is readable of it, and says so', async () => {
    const path = folder.file('cut.csv.gz', readFileSync(retailFile).subarray(0, 500_000));
    const { code, stdout } = await importFile(path);
    expect(code).to.equal(3);
    const summary = JSON.parse(stdout);
    expect(summary.damage.message).to.contain('truncated');
    expect(summary.sales.recorded).to.be.greaterThan(1000);
    expect(summary.sales.rejected).to.equal(0);
  });

  it('interrupted, it ends in good order', async () => {
    let told = false;
    const { code, stdout } = await importFile(retailFile, {
      watch: (line, child) => {
        if (told || !line.includes('"Sending"')) return;
        told = true;
        child.kill('SIGINT');
      },
    });
    const summary = JSON.parse(stdout);
    expect(code).to.equal(summary.interrupted ? 130 : 0);
    expect(summary.sales.rejected).to.equal(0);
  });

  it('run again, it brings the rest: GraphQL says what truth.json says', async () => {
    const { code, stdout, stderr } = await importFile(retailFile);
    expect(code, stderr).to.equal(0);
    const { rows, sales, returns, notes } = JSON.parse(stdout);
    expect(rows).to.equal(truth.lines);
    expect(sales.recorded + sales.alreadyThere).to.equal(truth.sales.orders);
    expect(returns.recorded + returns.alreadyThere).to.equal(truth.cancellations.orders);
    expect(notes).to.deep.equal({ stock_movement: 1336, no_price: 1179, bad_debt: 3 });

    const expected = expectedMonths();
    // When it waits in vain, the comparison below says in which months.
    await until('GraphQL has it', async () => isDeepStrictEqual(await months(), expected), 60_000).catch(() => {});
    expect(await months()).to.deep.equal(expected);
  });

  it('run once more, it changes nothing and says so', async () => {
    const before = await months();
    const { code, stdout } = await importFile(retailFile);
    expect(code).to.equal(0);
    const { sales, returns } = JSON.parse(stdout);
    expect(sales).to.deep.equal({ recorded: 0, alreadyThere: truth.sales.orders, rejected: 0 });
    expect(returns).to.deep.equal({ recorded: 0, alreadyThere: truth.cancellations.orders, rejected: 0 });
    expect(await months()).to.deep.equal(before);
  });
});

function expectedMonths(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(truth.sales_by_month).map(([month, sold]) => {
      const gross = pence(sold.revenue_line_rounded_half_up);
      const returned = -pence(truth.cancellations_by_month[month]?.revenue_line_rounded_half_up ?? '0');
      return [
        `${month}-01T00:00:00${month >= '2011-04' && month <= '2011-10' ? '+01:00' : '+00:00'}`,
        {
          gross: { amount: pounds(gross), currencyCode: 'GBP' },
          returns: { amount: pounds(returned) },
          net: { amount: pounds(gross - returned) },
          orders: sold.orders,
          units: sold.quantity,
        },
      ];
    }),
  );
}

function pounds(amount: number): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
}
