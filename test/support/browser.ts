// A headless Chromium for reports that lie in a file. Every request that it makes and every word of its console is kept: a
// report makes none and says nothing.

import { type Browser, chromium, type Page } from 'playwright-core';
import type { WhenOver } from './highwater.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

export interface OpenedPage {
  readonly page: Page;
  /** What was asked of a network, but for the file itself. */
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

export async function openFile(
  browser: Browser,
  file: string,
  whenOver: WhenOver,
  { width = 1440, colorScheme = 'light' as 'light' | 'dark' } = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  whenOver(() => context.close());
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  const url = `file://${file}`;
  page.on('request', (request) => {
    if (request.url() !== url) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, requests, complaints };
}

/** Scrolls to each chart, waits until it is drawn, and goes back to the top. */
export async function drawAll(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const plot of document.querySelectorAll('.plot')) {
      plot.scrollIntoView({ behavior: 'instant' });
      while (!plot.matches('[data-drawn]')) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    scrollTo({ top: 0, behavior: 'instant' });
  });
}
