/** A real browser on the dashboard, and what a person reads there. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../support/chromium.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser; the caller closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}

/** How a reader's machine is set up. */
export interface Reader {
  width?: number;
  colorScheme?: 'light' | 'dark';
}

/** A page in a context of its own, and what went wrong in it: console errors and uncaught exceptions. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, colorScheme = 'light' }: Reader = {},
): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme,
    locale: 'en-GB',
    timezoneId: 'America/New_York',
  });
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url);
  return { page, problems };
}

/** Waits until a figure reads as it should. */
export async function seeFigure(page: Page, name: 'net' | 'orders' | 'average' | 'units' | 'returns', text: string) {
  await page.locator(`[data-testid=figure-${name}] [data-testid=value]:text-is("${text}")`).waitFor();
}

/** Waits until the connection reads as it should. */
export async function seeConnection(page: Page, word: 'Live' | 'Reconnecting' | 'Paused') {
  await page.locator('[data-testid=connection]', { hasText: word }).waitFor();
}
