/** The promise of the import: a real year of sales, through every part, to the penny, however often it is tried. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { retailFile, scratchFolder, truth } from '../support/retail-file.ts';
import { expectedMonths, importFile, months } from '../support/retail-import.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

describe('Importing the UCI Online Retail dataset', function () {
  this.timeout(240_000);
  const cut = scratchFolder().file('cut.csv.gz', readFileSync(retailFile).subarray(0, 500_000));
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

  it('a truncated copy gives what is readable of it, and says so', async () => {
    const { code, stdout } = await importFile(services, cut);
    expect(code).to.equal(3);
    const summary = JSON.parse(stdout);
    expect(summary.damage.message).to.contain('truncated');
    expect(summary.sales.recorded).to.be.greaterThan(1000);
    expect(summary.sales.rejected).to.equal(0);
  });

  it('interrupted, it ends in good order', async () => {
    let told = false;
    const { code, stdout } = await importFile(services, retailFile, {
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
    const { code, stdout, stderr } = await importFile(services, retailFile);
    expect(code, stderr).to.equal(0);
    const { rows, sales, returns, notes } = JSON.parse(stdout);
    expect(rows).to.equal(truth.lines);
    expect(sales.recorded + sales.alreadyThere).to.equal(truth.sales.orders);
    expect(returns.recorded + returns.alreadyThere).to.equal(truth.cancellations.orders);
    expect(notes).to.deep.equal({ stock_movement: 1336, no_price: 1179, bad_debt: 3 });

    const expected = expectedMonths();
    // When it waits in vain, the comparison below says in which months.
    await until('GraphQL has it', async () => isDeepStrictEqual(await months(services), expected), 60_000).catch(
      () => {},
    );
    expect(await months(services)).to.deep.equal(expected);
  });

  it('run once more, by the copy, it changes nothing and says so', async () => {
    const before = await months(services);
    const { stdout } = await importFile(services, cut);
    const { sales, returns, importableRows } = JSON.parse(stdout);
    expect(importableRows).to.be.greaterThan(10_000);
    for (const one of [sales, returns]) expect(one).to.deep.include({ recorded: 0, rejected: 0 });
    expect(sales.alreadyThere).to.be.greaterThan(1000);
    expect(await months(services)).to.deep.equal(before);
  });
});
