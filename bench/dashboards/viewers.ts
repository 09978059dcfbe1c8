// Dashboards for a bench: pages in a headless Chromium, and sockets that ask for exactly what a page has asked for.

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { WebSocket } from 'ws';

const CHROMIUM = '/usr/bin/chromium';
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const DESK = { width: 1440, height: 900 };
/** A page asks for all that its panels want once it knows the markets. */
const SETTLED_MS = 3_000;
/** A machine that is busy with all of them is slow. */
const PATIENCE_MS = 180_000;

export const hasBrowser = (): boolean => existsSync(CHROMIUM);

type Asked = {
  readonly requests: readonly string[];
  /** When each path was asked for. */
  readonly paths: ReadonlyMap<string, readonly number[]>;
};

export class Viewers {
  private readonly browser: Browser;
  private readonly url: string;
  private contexts: BrowserContext[] = [];
  private sockets: WebSocket[] = [];
  private asked: Asked = { requests: [], paths: new Map() };
  private timers: NodeJS.Timeout[] = [];

  private constructor(browser: Browser, url: string) {
    this.browser = browser;
    this.url = url;
  }

  /** `url` is `http://HOST:PORT`. */
  static async start(url: string): Promise<Viewers> {
    return new Viewers(await chromium.launch({ executablePath: CHROMIUM, args: QUIET }), url);
  }

  /** Opens pages, and beside them sockets that repeat what a page, now or before, has asked for. Resolves when all are fed. */
  async open(pages: number, sockets: number): Promise<void> {
    const requests: string[] = [];
    const paths = new Map<string, number[]>();
    for (let index = 0; index < pages; index++) {
      const context = await this.browser.newContext({ viewport: DESK });
      this.contexts.push(context);
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      if (index === 0) note(page, requests, paths);
      await page.goto(`${this.url}/`);
      await page.locator('#connection[data-state="live"]').waitFor();
    }
    if (pages > 0) {
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      this.asked = { requests, paths };
    }
    await Promise.all(Array.from({ length: sockets }, () => this.repeat()));
  }

  /** One that reads as fast as it can, and shows nothing. */
  private async repeat(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/stream`, ['millrace']);
    this.sockets.push(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('message', () => undefined);
    for (const request of this.asked.requests) socket.send(request);
    for (const [path, times] of this.asked.paths) {
      await this.fetch(path);
      const everyMs = (times[times.length - 1] - times[0]) / (times.length - 1);
      if (times.length > 2) this.timers.push(setInterval(() => void this.fetch(path), everyMs));
    }
  }

  private async fetch(path: string): Promise<void> {
    // The engine has gone, or the bench is about to end.
    await fetch(`${this.url}${path}`).then(
      (answer) => answer.arrayBuffer(),
      () => undefined,
    );
  }

  /** Channels that a page has asked for. */
  get channels(): string[] {
    return this.asked.requests.flatMap((request) => {
      const { op, args } = JSON.parse(request) as { op: string; args?: readonly (string | { channel: string })[] };
      if (op !== 'subscribe') return [];
      return (args ?? []).map((item) => (typeof item === 'string' ? item : item.channel));
    });
  }

  async closeAll(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
    for (const socket of this.sockets) socket.terminate();
    await Promise.all(this.contexts.map((context) => context.close()));
    this.sockets = [];
    this.contexts = [];
  }

  async stop(): Promise<void> {
    await this.closeAll();
    await this.browser.close();
  }
}

function note(page: Page, requests: string[], paths: Map<string, number[]>): void {
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => requests.push(String(payload)));
  });
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    if (!pathname.startsWith('/v1/')) return;
    const path = pathname + search;
    paths.set(path, [...(paths.get(path) ?? []), performance.now()]);
  });
}
