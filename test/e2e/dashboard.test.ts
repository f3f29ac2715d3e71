import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { Config } from '../../platform/config.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';
import { launchBrowser, openPage, type Reader, seeConnection, seeFigure } from './browser.ts';
import { recordReturn, recordSale, refundSale, voidSale } from './sales.ts';

/** Two days that no test ever moves, beside the sales that happen "now". */
const TWO_DAYS = '?range=custom&from=2024-03-05&to=2024-03-06';

describe('dashboard in a real browser', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let browser: Browser;
  const pages: Page[] = [];

  before(async () => {
    config = await servers();
    [services, browser] = await Promise.all([startServices(config), launchBrowser()]);
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.close()));
  });
  after(async () => {
    await browser?.close();
    await services?.stop();
    if (config) await dropNamespace(config);
  });

  async function open(search = '', reader?: Reader) {
    const opened = await openPage(browser, `${services.dashboardUrl}/${search}`, reader);
    pages.push(opened.page);
    return opened;
  }
  const justNow = () => new Date(Date.now() - 1000).toISOString();

  it('without data says how to send a first sale, and fills when it comes', async () => {
    const { page, problems } = await open('?range=7d');
    await page.getByRole('heading', { name: 'No sales yet' }).waitFor();
    expect(await page.locator('pre').textContent()).to.contain('curl -X POST');
    await recordSale(services.commandsUrl, { id: 'first', at: justNow(), price: 1250, quantity: 2 });
    await seeFigure(page, 'net', '£25.00');
    expect(problems).to.deep.equal([]);
  });

  it('shows what was recorded: figures, change, categories, payments, products', async () => {
    const { commandsUrl } = services;
    await recordSale(commandsUrl, { id: 'a', at: '2024-03-05T10:00:00Z', price: 1000, quantity: 3, product: 'Lamp' });
    await recordSale(commandsUrl, {
      id: 'b',
      at: '2024-03-06T23:30:00Z',
      price: 500,
      product: 'Puzzle',
      category: 'Toys',
      method: 'gift_card',
    });
    await recordReturn(commandsUrl, { id: 'c', at: '2024-03-06T12:00:00Z', price: 250 });
    await recordSale(commandsUrl, { id: 'd', at: '2024-03-04T09:00:00Z', price: 1625 });
    await recordSale(commandsUrl, { id: 'e', at: '2024-03-05T09:00:00Z', price: 77777, currency: 'EUR' });

    const { page, problems } = await open(TWO_DAYS);
    await seeFigure(page, 'net', '£32.50');
    await seeFigure(page, 'orders', '2');
    await seeFigure(page, 'average', '£17.50');
    await seeFigure(page, 'units', '4');
    await seeFigure(page, 'returns', '£2.50');
    expect(await page.getByTestId('figure-net').textContent()).to.match(/up\s*100%\s*vs £16\.25/);
    expect(await page.getByTestId('figure-returns').textContent()).to.contain('New');
    await page.getByText('compared with 3 – 4 Mar 2024').waitFor();

    expect(await rowsOf(page, 'Top products')).to.deep.equal([
      'Lamp Kitchen 1 3 – £30.00',
      'Puzzle Toys 1 1 – £5.00',
      'Mug Kitchen 0 0 1 -£2.50',
    ]);
    await page.getByRole('button', { name: 'Categories as a table' }).click();
    await page.getByRole('button', { name: 'Payment methods as a table' }).click();
    await page.getByRole('button', { name: 'Chosen days as a table' }).click();
    expect(await rowsOf(page, 'Categories')).to.deep.equal(['Kitchen £27.50 84.6% 1 3', 'Toys £5.00 15.4% 1 1']);
    expect(await rowsOf(page, 'Payment methods')).to.deep.equal(['Card 1 £30.00 £2.50', 'Gift card 1 £5.00 £0.00']);
    expect((await rowsOf(page, 'Chosen days')).length).to.equal(48);
    expect(problems).to.deep.equal([]);
  });

  it('moves by itself: a new sale changes the figures, the last hour and the feed without a reload', async () => {
    const { page, problems } = await open('?range=7d');
    await seeConnection(page, 'Live');
    const figure = page.getByTestId('figure-orders').getByTestId('value');
    await figure.waitFor();
    const orders = Number(await figure.textContent());
    const lastHour = Number(await page.getByTestId('live-orders').textContent());
    await page.evaluate('window.notReloaded = true');

    await recordSale(services.commandsUrl, { id: 'moving', at: justNow(), price: 4200, product: 'Teapot' });
    await page.getByTestId('feed-item').filter({ hasText: 'Teapot' }).filter({ hasText: '£42.00' }).waitFor();
    await page.locator(`[data-testid=live-orders]:text-is("${lastHour + 1}")`).waitFor();
    await seeFigure(page, 'orders', String(orders + 1));
    expect(await page.evaluate('window.notReloaded')).to.equal(true);
    expect(problems).to.deep.equal([]);
  });

  it('takes back what is refunded or voided, and says so in the feed', async () => {
    const { commandsUrl } = services;
    const day = '?range=custom&from=2024-02-05&to=2024-02-06';
    const first = { id: 'lamp', at: '2024-02-05T10:00:00Z', price: 1000, quantity: 3, product: 'Lamp' };
    await recordSale(commandsUrl, first);
    await recordSale(commandsUrl, { id: 'vase', at: '2024-02-05T11:00:00Z', price: 7000, product: 'Vase' });
    await recordSale(commandsUrl, { ...first, id: 'lamp again', price: 1200, quantity: 1 });
    const { page, problems } = await open(day);
    await seeFigure(page, 'net', '£112.00');
    await refundSale(commandsUrl, 'lamp', 'r-1', '2024-02-06T10:00:00Z');
    await voidSale(commandsUrl, 'vase', '2024-02-06T10:00:00Z');
    await seeFigure(page, 'net', '£12.00');
    await seeFigure(page, 'orders', '2');
    await seeFigure(page, 'returns', '£30.00');
    const value = page.getByTestId('figure-returns').getByTestId('value');
    expect(await value.getAttribute('title')).to.equal('£0.00 returned, £30.00 refunded');
    await page.getByTestId('feed-item').filter({ hasText: 'Lamp' }).filter({ hasText: 'Refund' }).first().waitFor();
    await page.getByTestId('feed-item').filter({ hasText: 'Void' }).filter({ hasText: '−£70.00' }).first().waitFor();
    // Every card follows at its own pace.
    const products = async () => (await rowsOf(page, 'Top products')).join();
    await until('the products have followed', async () => (await products()) === 'Lamp Kitchen 2 4 3 £12.00');
    expect(problems).to.deep.equal([]);
  });

  it('says what the figures lack', async () => {
    const { page } = await open('?range=7d');
    await seeConnection(page, 'Live');
    expect(await page.getByTestId('gaps').count()).to.equal(0);
    const pool = createPool(config, { applicationName: 'test', max: 1 });
    const ns = config.namespace;
    await pool.query(`insert into ${ns}.parked (projection, generation, partition, "offset", failure, error)
      select projection, generation, 0, 1, 'x', 'x' from ${ns}.generations where status = 'live'`);
    await pool.query(
      `insert into ${ns}.halts (partition, reason, detail) values (7, 'LogLostError', 'Offset 3 is gone.')`,
    );
    await page.reload();
    const notices = page.getByTestId('gaps');
    await notices.getByText('1 event not included').waitFor();
    const halted = notices.getByText('Partition 7 stands still');
    expect(await halted.getAttribute('title')).to.equal('Partition 7: Offset 3 is gone. (LogLostError)');
    await pool.query(`delete from ${ns}.parked; delete from ${ns}.halts`);
    await notices.waitFor({ state: 'detached', timeout: 30_000 });
    await pool.end();
  });

  it('stands still while paused, and catches up afterwards', async () => {
    const { page } = await open('?range=7d');
    await seeConnection(page, 'Live');
    await page.getByRole('button', { name: 'Pause' }).click();
    await seeConnection(page, 'Paused');
    const other = await open('?range=7d');
    await seeConnection(other.page, 'Live');
    await recordSale(services.commandsUrl, { id: 'paused', at: justNow(), price: 100, product: 'Spoon' });
    await other.page.getByTestId('feed-item').filter({ hasText: 'Spoon' }).waitFor();
    expect(await page.getByTestId('feed-item').filter({ hasText: 'Spoon' }).count()).to.equal(0);
    await page.keyboard.press('p');
    await page.getByTestId('feed-item').filter({ hasText: 'Spoon' }).waitFor();
  });

  it('never moves the feed under a reader: news waits on a button', async () => {
    const { page } = await open('?range=7d', { width: 360 });
    const feed = page.getByTestId('feed').getByRole('region');
    await page.getByTestId('feed-item').nth(6).waitFor();
    await feed.evaluate((list) => list.scrollTo({ top: 100 }));
    const before = await page.getByTestId('feed-item').allTextContents();
    await recordSale(services.commandsUrl, { id: 'unseen', at: justNow(), price: 300, product: 'Whisk' });
    await page.getByRole('button', { name: '+1 new' }).waitFor();
    expect((await page.getByTestId('feed-item').allTextContents()).length).to.equal(before.length);
    expect(await page.getByTestId('feed-item').filter({ hasText: 'Whisk' }).count()).to.equal(0);
    await page.getByRole('button', { name: '+1 new' }).click();
    await page.getByTestId('feed-item').first().filter({ hasText: 'Whisk' }).waitFor();
    expect(await feed.evaluate((list) => list.scrollTop)).to.equal(0);
  });

  it('lets a card fail and come back by itself, beside cards that work', async () => {
    const { page } = await open();
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('query Categories') ? route.abort() : route.continue(),
    );
    await page.goto(`${services.dashboardUrl}/${TWO_DAYS}`);
    const categories = page.getByRole('region', { name: 'Categories' });
    await categories.getByText('This card couldn’t load.').waitFor();
    await seeFigure(page, 'orders', '2');
    await page.unroute('**/graphql');
    await categories.getByText('Toys').waitFor();
  });

  it('keeps every choice in the address: range, currency, time zone, figure', async () => {
    const { page, problems } = await open(TWO_DAYS);
    await page.getByLabel('Currency').selectOption('EUR');
    await seeFigure(page, 'net', '€777.77');
    await page.getByLabel('Currency').selectOption('GBP');
    await page.getByLabel('Time zone').selectOption('America/New_York');
    await seeFigure(page, 'net', '£32.50');
    await page.getByLabel('Last day').fill('2024-03-05');
    await seeFigure(page, 'orders', '1');
    await page.getByTestId('figure-units').click();
    expect(new URL(page.url()).search).to.equal(
      '?range=custom&from=2024-03-05&to=2024-03-05&currency=GBP&tz=America/New_York&metric=units',
    );
    await page.reload();
    await seeFigure(page, 'orders', '1');
    expect(await page.getByTestId('figure-units').getAttribute('aria-pressed')).to.equal('true');

    await page.keyboard.press('d');
    await page.getByRole('heading', { name: 'Today so far' }).waitFor();
    await page.keyboard.press('w');
    await page.getByRole('heading', { name: 'Last 7 days' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Today so far' }).waitFor();
    expect(problems).to.deep.equal([]);
  });

  it('reconnects when the read API comes back, keeping its figures in the meantime', async () => {
    const { page } = await open(TWO_DAYS);
    await seeConnection(page, 'Live');
    await seeFigure(page, 'net', '£32.50');
    await services.kill('read-api', 'SIGKILL');
    await seeConnection(page, 'Reconnecting');
    await seeFigure(page, 'net', '£32.50');
    await recordSale(services.commandsUrl, { id: 'meanwhile', at: '2024-03-06T13:00:00Z', price: 750 });
    await services.start('read-api');
    await seeConnection(page, 'Live');
    await seeFigure(page, 'net', '£40.00');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`fits a phone without sideways scrolling, and follows the system: ${colorScheme}`, async () => {
      const { page, problems } = await open('?range=7d', { width: 360, colorScheme });
      await page.locator('[data-testid=trend] svg').waitFor();
      const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(wider).to.equal(0);
      const background = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
      expect(brightness(String(background))).to.be[colorScheme === 'dark' ? 'below' : 'above'](128);
      expect(problems).to.deep.equal([]);
    });
  }
});

/** The rows of a card's table, each as its visible cells in one line. */
async function rowsOf(page: Page, card: string): Promise<string[]> {
  const rows = page.getByRole('region', { name: card }).first().locator('tbody tr');
  await rows.first().waitFor();
  const texts = await rows.evaluateAll((all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent)));
  return texts.map((cells) => cells.join(' ').replace(/\s+/g, ' ').trim());
}

/** Mean of the channels of a CSS `rgb(…)`, 0 to 255. */
function brightness(rgb: string): number {
  const channels = rgb.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return channels.reduce((sum, channel) => sum + channel, 0) / 3;
}
