// T11: connections cut after each byte of their dialogue: those to venues, plain and by TLS, always come back to live books,
// and of pushed ones what is applied is the frames that came whole.

import { type Feed, startFeed } from '../../engine/connect/feed.ts';
import type { VenueConnector } from '../../engine/connect/protocol.ts';
import { FEED_SETTINGS } from '../../engine/connect/settings.ts';
import { SystemTransport } from '../../engine/connect/system-transport.ts';
import { CONNECTORS } from '../../engine/ingress/connectors.ts';
import { wireFrame } from '../../engine/load/frame-socket.ts';
import type { PriceLevel } from '../../engine/simulate/protocol.ts';
import { type Simulator, startSimulator } from '../../engine/simulate/simulator.ts';
import { BookState, type Dialect } from '../../schemas/ids.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { testCertificates } from '../support/test-certificates.ts';
import { levelsOf } from '../unit/workers/book/book-records.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { FastTimers, FollowerHooks } from './follower-hooks.ts';
import { RawClient, upgradeText } from './raw-client.ts';
import { accountOf, type Figure, type Log, percentileOf, type Scenario, told, zeroOf } from './scenario.ts';
import { DEPTHS } from './venue-session.ts';

const CUTS = { tiny: 12, small: 150, full: 700 } as const;
const TLS_CUTS = { tiny: 6, small: 75, full: 300 } as const;
const PUSHED_BYTES = { tiny: 420, small: 1_000, full: 2_000 } as const;
const VENUES: readonly Dialect[] = ['okx', 'binance', 'kraken', 'bybit'];
const BYTES_MAX = 2_400;
/** What a client sends for certain, upgrade and subscription or TLS: the rest may not come to be. */
const CLIENT_BYTES_MAX = 240;
const MARKETS = 2;
const RATE = 200;
const LEVELS = 12;
/** Waits pass faster by this: 1, 2, 4, 8 s are 10 to 80 ms. Patience with the other side keeps its length. */
const FASTER = 100;
const STUCK_MS = 60_000;

/** Patience is with a machine that is busy, so it does not pass faster. */
function patient(connector: VenueConnector): VenueConnector {
  const times = ['deadAfterMs', 'firstDataMs'] as const;
  const slower = times.map((name) => [name, { value: connector[name] * FASTER }] as const);
  return Object.create(connector, Object.fromEntries(slower)) as VenueConnector;
}

class Cutter {
  readonly figures = { cuts: 0, stuck: 0, wrong: 0, looked: 0, second: 0, left: 0, afterClose: 0 };
  readonly recoveryMs: number[] = [];
  private readonly simulator: Simulator;
  private readonly proxy: CuttingProxy;
  private readonly hooks: FollowerHooks;
  private readonly feed: Feed;

  private constructor(venue: Dialect, simulator: Simulator, proxy: CuttingProxy, url: string, ca: string | null) {
    this.simulator = simulator;
    this.proxy = proxy;
    const timers = new FastTimers(FASTER);
    this.hooks = new FollowerHooks(venue, timers);
    this.hooks.taken = () => this.look(venue);
    const connector = CONNECTORS[venue]?.();
    if (connector === undefined) throw new Error(`${venue}: expected a connector`);
    const { breaker, rest, openTimeoutMs, ackTimeoutMs, closeTimeoutMs } = FEED_SETTINGS;
    this.feed = startFeed({
      connector: patient(connector),
      symbols: simulator.symbols,
      channels: ['book'],
      streamUrl: url,
      restUrl: url.replace(/^ws/, 'http'),
      timers,
      transport: new SystemTransport({ token: null, proxy: null, ca }),
      hooks: this.hooks,
      settings: {
        breaker: { ...breaker, retriesMax: null, probeTimeoutMs: breaker.probeTimeoutMs * FASTER },
        rest: { ...rest, timeoutMs: rest.timeoutMs * FASTER },
        openTimeoutMs: openTimeoutMs * FASTER,
        ackTimeoutMs: ackTimeoutMs * FASTER,
        closeTimeoutMs: closeTimeoutMs * FASTER,
      },
    });
  }

  static async start(venue: Dialect, seed: number, isSecure: boolean): Promise<Cutter> {
    const { ca, server } = testCertificates();
    const tls = isSecure ? server : null;
    const limitsScale = FASTER;
    const simulator = await startSimulator({
      venue,
      markets: MARKETS,
      rate: RATE,
      levels: LEVELS,
      seed,
      limitsScale,
      tls,
    });
    const proxy = new CuttingProxy(simulator.port);
    const port = await proxy.listen();
    return new Cutter(venue, simulator, proxy, `${isSecure ? 'wss' : 'ws'}://127.0.0.1:${port}`, isSecure ? ca : null);
  }

  private isLive(): boolean {
    return this.simulator.symbols.every(
      (symbol) => this.hooks.follower.markets.get(symbol)?.book.state === BookState.live,
    );
  }

  /** Every live book after every frame is one that the venue had. */
  private look(venue: Dialect): void {
    for (const symbol of this.simulator.symbols) {
      const book = this.hooks.follower.markets.get(symbol)?.book;
      if (book === undefined || book.state !== BookState.live) continue;
      this.figures.looked++;
      const sides = [levelsOf(book.bids), levelsOf(book.asks)] as const;
      const [bids, asks] = sides.map((side) => side.map(([price, quantity]): PriceLevel => [price, quantity]));
      if (this.simulator.truth.versionOf(symbol, bids, asks, DEPTHS[venue] ?? 0) === null) this.figures.wrong++;
    }
  }

  /** Cuts the next connection after so many bytes of one side; then it must come back by itself. */
  async cut(bytes: number, from: 'venue' | 'client'): Promise<void> {
    const { figures, proxy } = this;
    const before = proxy.cuts;
    proxy.order({ from, bytes });
    if (!(await this.waitFor(() => proxy.cuts > before))) throw new Error(`expected a cut after ${bytes} bytes`);
    const began = performance.now();
    figures.cuts++;
    await this.waitFor(() => proxy.open === 0 || !this.isLive());
    const isBack = await this.waitFor(() => proxy.open > 0 && this.isLive());
    if (!isBack) figures.stuck++;
    else this.recoveryMs.push(performance.now() - began);
    // Each connection is two sockets of the proxy; REST keeps one connection for later.
    if (this.simulator.stats().sockets.open > 1) {
      if (!(await this.waitFor(() => this.simulator.stats().sockets.open <= 1))) figures.second++;
    }
  }

  async untilLive(): Promise<void> {
    if (!(await this.waitFor(() => this.isLive()))) throw new Error('expected live books before any cut');
  }

  private async waitFor(isSo: () => boolean): Promise<boolean> {
    const until = performance.now() + STUCK_MS;
    while (!isSo() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 2));
    return isSo();
  }

  async stop(): Promise<void> {
    const { sockets_left: sockets, timers_left: timers } = await this.feed.stop();
    this.figures.left = sockets + timers;
    this.figures.afterClose = this.hooks.takenAfterClose;
    this.proxy.close();
    await this.simulator.stop();
  }
}

async function cutVenue(venue: Dialect, seed: number, cuts: number, isSecure: boolean, log: Log): Promise<Cutter> {
  const cutter = await Cutter.start(venue, seed, isSecure);
  await cutter.untilLive();
  const most = isSecure ? BYTES_MAX * 2 : BYTES_MAX;
  for (let i = 0; i < cuts; i++) {
    const isClient = i % 3 === 2;
    await cutter.cut(Math.floor((i * (isClient ? CLIENT_BYTES_MAX : most)) / cuts), isClient ? 'client' : 'venue');
  }
  await cutter.stop();
  log(`${venue}${isSecure ? ' by TLS' : ''} ${JSON.stringify(cutter.figures)}`);
  return cutter;
}

type Pushed = { readonly cuts: number; readonly wrong: number; readonly received: number; readonly applied: number };

/** A producer's dialogue cut after each of so many bytes: the upgrade, then trades; those that came whole are applied. */
async function cutPushed(bytes: number): Promise<Pushed> {
  const engine = await LiveEngine.start();
  const { ingestPort } = engine.engine;
  const head = Buffer.from(upgradeText('/ingest/json', ingestPort));
  const frames = Array.from({ length: 12 }, (_, i) =>
    wireFrame(
      Buffer.from(
        `{"type":"trade","exchange":"x","symbol":"A","id":"${i}","timestamp":${Date.now()},"price":"1","amount":"1"}`,
      ),
    ),
  );
  const dialogue = Buffer.concat([head, ...frames]);
  const ends = frames.map((_, i) => head.length + frames.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
  let [wrong, cuts] = [0, 0];
  for (let at = 0; at < Math.min(bytes, dialogue.length); at++) {
    const before = engine.ingress('frames');
    const opened = engine.ingress('connectionsClosed');
    await sendCut(ingestPort, dialogue.subarray(0, Math.min(at, head.length)), dialogue.subarray(head.length, at));
    if (at >= head.length)
      await eventually('the end of the connection', () => engine.ingress('connectionsClosed') > opened);
    cuts++;
    if (engine.ingress('frames') - before !== ends.filter((end) => end <= at).length) wrong++;
  }
  const [received, applied] = [engine.ingress('frames'), engine.ingress('applied')];
  await engine.stop();
  return { cuts, wrong, received, applied };
}

/** A client waits for the answer to its upgrade before it sends more (RFC 6455 §4.1). */
async function sendCut(port: number, head: Buffer, rest: Buffer): Promise<void> {
  const client = new RawClient(port);
  client.write(head);
  if (rest.length > 0) await client.until(() => client.answer !== '');
  client.write(rest);
  client.socket.end();
  await client.until(() => client.isEnded, 1_000);
  client.end();
}

export const scenario: Scenario = {
  id: 'T11',
  title: 'Cuts anywhere',
  async run(size, seed, log) {
    const cutters = await Promise.all([
      ...VENUES.map((venue) => cutVenue(venue, seed, CUTS[size], false, log)),
      cutVenue('okx', seed, TLS_CUTS[size], true, log),
    ]);
    const pushed = await cutPushed(PUSHED_BYTES[size]);
    const sum = (name: keyof Cutter['figures']): number =>
      cutters.reduce((total, { figures }) => total + figures[name], 0);
    const recovery = cutters.flatMap(({ recoveryMs }) => recoveryMs);
    const figures: Figure[] = [
      zeroOf('connections to venues that did not come back to live books', sum('stuck'), sum('cuts')),
      zeroOf('live books that the venue never had', sum('wrong'), sum('looked')),
      zeroOf('second connections alive beside the first', sum('second'), sum('cuts')),
      zeroOf('sockets and timers left behind by a feed', sum('left'), cutters.length),
      zeroOf('frames taken of a connection that was over', sum('afterClose'), sum('looked')),
      told(`time to live books, waits ${FASTER} times faster, p99`, percentileOf(recovery, 0.99), 'ms'),
      zeroOf('pushed: cuts after which more or fewer frames counted than had come whole', pushed.wrong, pushed.cuts),
    ];
    return {
      injected: sum('cuts') + pushed.cuts,
      detected: null,
      falseAlarms: null,
      figures,
      accounting: accountOf(pushed.received, { applied: pushed.applied }),
      knownHoles: [],
      notes: [
        `${CUTS[size]} cuts for each of ${VENUES.join(', ')} over the venue’s first ${BYTES_MAX} bytes and our first ${CLIENT_BYTES_MAX}, ${TLS_CUTS[size]} by TLS, two in three of the venue’s bytes, else of ours; ${pushed.cuts} of a pushed dialogue, each byte of it.`,
      ],
    };
  },
};
