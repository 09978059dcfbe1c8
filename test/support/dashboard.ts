// A dashboard in headless Chromium over an engine with the synthetic feed, and what a test reads off its panels.

import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeedThread } from '../../engine/synthetic/feed-thread.ts';
import type { Chromium, Scheme, WatchedPage } from './browser.ts';
import { eventually, LiveEngine } from './live-engine.ts';

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const SYNTHETIC_MARKETS = 8;
const SHOTS = join(tmpdir(), 'millrace-page');

export type Fed = { readonly engine: LiveEngine; readonly feed: FeedThread };

/** An engine with eight synthetic markets that move a thousand times a second. */
export async function fed(options: Parameters<typeof LiveEngine.start>[0] = {}): Promise<Fed> {
  const engine = await LiveEngine.start(options);
  const url = `ws://127.0.0.1:${engine.engine.ingestPort}/ingest/json`;
  const feed = await FeedThread.start({ url, token: options.token ?? null, rate: 1000, seed: 1 });
  return { engine, feed };
}

/** Pictures for people; no test reads them. */
export async function shot(watched: WatchedPage, name: string, fullPage = false): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await watched.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage });
}

export type LadderText = { readonly asks: string[][]; readonly bids: string[][]; readonly seq: number };

const plain = (text: string): string => text.replaceAll(',', '');

export class Dashboard {
  readonly watched: WatchedPage;

  private constructor(watched: WatchedPage) {
    this.watched = watched;
  }

  static async open(
    browser: Chromium,
    port: number,
    size = DESK,
    scheme: Scheme = 'dark',
    hash = '',
  ): Promise<Dashboard> {
    return new Dashboard(await browser.open(`http://127.0.0.1:${port}/${hash}`, size, scheme));
  }

  close(): Promise<void> {
    return this.watched.page.context().close();
  }

  /** Rows of the list that are drawn: name and state, last, change, rate. */
  markets(): Promise<string[][]> {
    return this.watched.rows('#markets-panel tbody tr[data-index]');
  }

  /** Best levels first; price, amount and total without commas. */
  async ladder(): Promise<LadderText> {
    const [asks, bids] = await Promise.all(
      ['asks', 'bids'].map((side) => this.watched.rows(`#ladder-panel .${side} tr`)),
    );
    const seq = Number((await this.watched.text('#ladder-panel .seq')).replace('seq ', ''));
    const told = (rows: string[][]): string[][] => rows.filter(([price]) => price !== '').map((row) => row.map(plain));
    return { asks: told(asks).reverse(), bids: told(bids), seq };
  }

  /** Newest first: time, price, amount, side. */
  async tape(): Promise<string[][]> {
    return (await this.watched.rows('#tape-panel tbody tr')).map((row) => row.map(plain));
  }

  /** What the chart's last bar, or the one read, is said to be. */
  async legend(): Promise<string> {
    return plain(await this.watched.text('#candles-panel .candle-legend'));
  }

  /** All pixels of a panel's canvases, to be compared. */
  pixels(panel: string): Promise<string> {
    return this.watched.page
      .locator(`#${panel}-panel .body canvas`)
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()).join());
  }

  /** Waits until every market panel shows live data. */
  async filled(markets = SYNTHETIC_MARKETS): Promise<void> {
    await eventually('live markets', async () => {
      const rows = await this.markets();
      return rows.length === markets && rows.every(([name, last]) => /live/.test(name) && /\d/.test(last));
    });
    await eventually('a ladder', async () => (await this.ladder()).seq > 0);
    await eventually('a bar', async () => /C [\d.]+/.test(await this.legend()));
    await eventually('trades', async () => (await this.tape()).length > 5);
  }

  /** Texts of the ages of panels, by panel. */
  async age(panel: string): Promise<string> {
    return this.watched.text(`#${panel}-panel .age`);
  }

  async isStale(panel: string): Promise<boolean> {
    return (await this.watched.page.locator(`#${panel}-panel.stale`).count()) === 1;
  }
}
