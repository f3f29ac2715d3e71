/** The whole year of test/integration/import.test.ts, imported twice. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Config } from '../../platform/config.ts';
import { retailFile, truth } from '../support/retail-file.ts';
import { expectedMonths, importFile, months } from '../support/retail-import.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

describe('Importing all of the UCI Online Retail dataset', function () {
  this.timeout(240_000);
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

  it('changes nothing the second time and says so', async () => {
    const first = await importFile(services, retailFile);
    expect(first.code, first.stderr).to.equal(0);
    const expected = expectedMonths();
    await until('GraphQL has it', async () => isDeepStrictEqual(await months(services), expected), 60_000);
    const { code, stdout } = await importFile(services, retailFile);
    expect(code).to.equal(0);
    const { sales, returns } = JSON.parse(stdout);
    expect(sales).to.deep.equal({ recorded: 0, alreadyThere: truth.sales.orders, rejected: 0 });
    expect(returns).to.deep.equal({ recorded: 0, alreadyThere: truth.cancellations.orders, rejected: 0 });
    expect(await months(services)).to.deep.equal(expected);
  });
});
