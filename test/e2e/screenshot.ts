/**
 * Takes the README's picture of a running dashboard:
 *   node --import tsx test/e2e/screenshot.ts http://127.0.0.1:4000 docs/dashboard.png [light|dark] [width]
 * The address may carry choices (`…/?range=30d`). Waits until the page is live and its charts are drawn.
 */
import { launchBrowser, openPage, seeConnection } from './browser.ts';

const [url, file, scheme = 'light', width = '1440'] = process.argv.slice(2);
if (!url || !file) {
  console.error('Usage: node --import tsx test/e2e/screenshot.ts URL FILE.png [light|dark] [width]');
  process.exit(2);
}

const browser = await launchBrowser();
try {
  const { page } = await openPage(browser, url, {
    width: Number(width),
    colorScheme: scheme === 'dark' ? 'dark' : 'light',
  });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await seeConnection(page, 'Live');
  await page.locator('[data-testid=trend] .apexcharts-line-series path').first().waitFor({ state: 'attached' });
  await page.getByTestId('feed-item').first().waitFor();
  await page.getByLabel('Loading').first().waitFor({ state: 'detached' });
  await page.screenshot({ path: file, fullPage: true });
} finally {
  await browser.close();
}
