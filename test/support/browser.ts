// Headless Chromium for tests of the page; notes what a person would not see: errors and requests to other hosts.

import { access } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const QUIET = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** Far beyond what anything takes: a failing test ends, a slow machine does not fail. */
const PATIENCE_MS = 120_000;

export type Scheme = 'light' | 'dark';

export class Chromium {
  private readonly browser: Browser;

  private constructor(browser: Browser) {
    this.browser = browser;
  }

  /** Rejects where the Debian package is not installed; `npm test` sees to it. */
  static async start(): Promise<Chromium> {
    await access(CHROMIUM).catch(() => {
      throw new Error(`expected ${CHROMIUM}, was absent: .ci/packages installs it`);
    });
    return new Chromium(await chromium.launch({ executablePath: CHROMIUM, args: QUIET, timeout: PATIENCE_MS }));
  }

  /** A fresh page without cookies or cache of another. */
  async open(url: string, size: { width: number; height: number }, scheme: Scheme): Promise<WatchedPage> {
    const context = await this.browser.newContext({ viewport: size, colorScheme: scheme });
    context.setDefaultTimeout(PATIENCE_MS);
    const watched = new WatchedPage(await context.newPage(), new URL(url).host);
    await watched.page.goto(url);
    return watched;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

export class WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: string[] = [];
  /** Requests that left for another host. */
  readonly strangers: string[] = [];

  constructor(page: Page, host: string) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && url.host !== host) this.strangers.push(request.url());
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== host) this.strangers.push(socket.url());
    });
  }

  /** The text of one element. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).first().textContent()) ?? '';
  }

  /** The texts of the cells of a table's rows. */
  rows(selector: string): Promise<string[][]> {
    return this.page
      .locator(selector)
      .evaluateAll((rows) =>
        rows.map((row) => Array.from((row as HTMLTableRowElement).cells, (cell) => cell.textContent ?? '')),
      );
  }

  /** Chromium's own warning where the page is wider than the window. */
  isWiderThanWindow(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  }
}
