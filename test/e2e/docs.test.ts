import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { Config } from '../../platform/config.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices } from '../support/services.ts';
import { launchBrowser, openPage } from './browser.ts';

describe('the docs page', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let browser: Browser;

  before(async () => {
    config = await servers({ partitions: 2 });
    services = await startServices(config, ['command-api', 'command-processor']);
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  it('shows every operation and tries one, without any other host', async () => {
    const { page, problems } = await openPage(browser, 'about:blank');
    const refused: string[] = [];
    await page.route(
      (url) => url.origin !== services.commandsUrl && url.protocol !== 'data:',
      async (route) => {
        refused.push(route.request().url());
        await route.abort();
      },
    );
    const response = await page.goto(`${services.commandsUrl}/docs`);
    expect(response?.headers()['content-security-policy']).to.match(/^default-src 'none'; script-src 'self';/);
    for (const operation of ['recordSale', 'recordReturn', 'refundSale', 'voidSale', 'sendCommands']) {
      await page.locator(`#operations-Commands-${operation}`).waitFor();
    }
    const recordSale = page.locator('#operations-Commands-recordSale');
    await recordSale.locator('.opblock-summary-control').click();
    await recordSale.getByRole('button', { name: 'Execute' }).click();
    const answer = recordSale.locator('.live-responses-table .response-col_status', { hasText: '201' });
    await answer.waitFor();
    expect(await recordSale.locator('.live-responses-table').innerText()).to.include('SaleRecorded:S-1001');
    expect(refused).to.deep.equal([]);
    expect(problems).to.deep.equal([]);
  });
});
