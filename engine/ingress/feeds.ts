// Joins the connectors with the ingress thread: each connection gets a session, and they are told what shards make of it.

import { FEEDS_CLOSE_MS } from '../../schemas/config.ts';
import { BackfillFlag, type FrameResult, StateReason } from '../../schemas/ids.ts';
import type { EngineClock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { withoutUser } from '../base/hosts.ts';
import { type Feed, startFeed } from '../connect/feed.ts';
import type { FeedPlan } from '../connect/feed-plan.ts';
import type { FeedHooks, LogLevel, MarketState, Session, TradeMark, TradeMarks } from '../connect/hooks.ts';
import type { BookSource, FeedChannel, Pace, Subscription, VenueConnector, VenueLimits } from '../connect/protocol.ts';
import type { FeedReport, FeedStats } from '../connect/report.ts';
import { FEED_SETTINGS } from '../connect/settings.ts';
import { SystemTransport } from '../connect/system-transport.ts';
import { SystemTimers } from '../connect/timers.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { LatestReader } from '../memory/latest-values.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { Connections } from './connections.ts';
import { dataTime, FeedSession } from './feed-session.ts';
import type { FrameWriter } from './frame-writer.ts';

const NS_PER_MS = 1e6;
const US_PER_MS = 1000;

export type FeedLog = (level: LogLevel, text: string, fields: Readonly<Record<string, unknown>>) => void;

/** What all feeds of the thread share. */
export type FeedParts = {
  readonly memory: EngineMemory;
  readonly clock: EngineClock;
  readonly writer: FrameWriter;
  readonly markets: MarketDirectory;
  readonly connections: Connections;
  /** Pushed frames that wait are decoded, so that each keeps its own receive time. */
  readonly before: () => void;
  readonly log: FeedLog;
};

/** Connections are numbered over the whole thread: a market's records name the one they came from. */
export class VenueHooks implements FeedHooks {
  readonly log: FeedLog;
  private readonly venue: string;
  private readonly bookSource: BookSource;
  private readonly factory: DecoderFactory;
  private readonly parts: FeedParts;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly latest: LatestReader;
  private readonly interest: Int32Array;
  private readonly address: string | null;
  private readonly sessions = new Map<number, FeedSession>();
  private readonly sinceAnchorMs: number;
  /** Sessions whose loss was told. */
  private readonly lost = new WeakSet<FeedSession>();
  private commitScheduled = false;
  /** The engine ends: its books stand as they are, and so does their end in a recording. */
  isEnding = false;
  /** Records that belong to no connection (back-fills) go through the newest session. */
  private newest: FeedSession | null = null;

  constructor(
    plan: FeedPlan,
    bookSource: BookSource,
    factory: DecoderFactory,
    ids: ReadonlyMap<string, number>,
    parts: FeedParts,
  ) {
    this.venue = plan.venue;
    // It is written to disk, where a password has no place.
    this.address = plan.url === null ? null : withoutUser(plan.url);
    this.bookSource = bookSource;
    this.factory = factory;
    this.ids = ids;
    this.parts = parts;
    this.latest = new LatestReader(parts.memory);
    this.interest = new Int32Array(parts.memory.interest);
    this.sinceAnchorMs = parts.clock.nowNs() / NS_PER_MS - performance.now();
    this.log = (level, text, fields) => parts.log(level, `${plan.venue}: ${text}`, fields);
  }

  openSession(connectionId: number): Session {
    const session = this.begin(connectionId);
    this.sessions.set(connectionId, session);
    this.newest = session;
    return {
      take: (bytes, isRest) => {
        this.commitSoon();
        return session.take(bytes, isRest) as FrameResult;
      },
      sent: (text) => session.sent(text),
      dataAtMs: (symbol, channel) => this.dataAtMs(session, symbol, channel),
      close: () => {
        if (!this.sessions.delete(connectionId)) return;
        this.leave(session);
        this.parts.connections.end(session.session.connection);
        if (this.newest === session) this.newest = [...this.sessions.values()].at(-1) ?? null;
      },
    };
  }

  private begin(connectionId: number): FeedSession {
    const { writer, markets, before, connections } = this.parts;
    const answer = (category: string, message: string, count: number): void =>
      this.log('warn', `frames refused: ${message}`, { connectionId, category, count });
    const facts = { dialect: this.venue, source: 'feed', producer: null, address: this.address } as const;
    const number = connections.number(facts);
    const { feedMarkets } = connections;
    const made = new FeedSession(this.venue, number, this.factory, writer, markets, feedMarkets, before, answer);
    connections.adopt(number, facts, made.session);
    return made;
  }

  /**
   * A connection that another has replaced ends. Where books come with their snapshot, one that still stands on this
   * connection's can go no further: its successor brought none. Those that moved on pass this over.
   */
  private leave(session: FeedSession): void {
    if (this.isEnding || this.bookSource !== 'stream' || this.lost.has(session)) return;
    const sinceUs = session.missingSinceUs(this.parts.clock);
    for (const market of session.bookMarkets) session.lose(market, StateReason.connectionLost, sinceUs);
    this.commitSoon();
  }

  private dataAtMs(session: FeedSession, symbol: string, channel: FeedChannel): number | null {
    const market = this.ids.get(symbol);
    if (market === undefined) return null;
    const atNs = session.dataNs(market, channel === 'book' ? dataTime.bookNs : dataTime.tradeNs);
    return Number.isNaN(atNs) ? null : this.timerMs(atNs);
  }

  /** Of engine time, on the clock of the timers. */
  private timerMs(timeNs: number): number {
    return timeNs / NS_PER_MS - this.sinceAnchorMs;
  }

  /** One commit for all that a turn of the event loop brings. */
  private commitSoon(): void {
    if (this.commitScheduled) return;
    this.commitScheduled = true;
    setImmediate(() => {
      this.commitScheduled = false;
      this.parts.writer.commit();
    });
  }

  connectionLost(connectionId: number, subscriptions: readonly Subscription[], reason: string): void {
    const session = this.sessions.get(connectionId);
    if (session === undefined) return;
    this.log('warn', `connection ${connectionId} lost: ${reason}`, { subscriptions: subscriptions.length });
    this.lost.add(session);
    const sinceUs = session.missingSinceUs(this.parts.clock);
    const books = new Set(subscriptions.filter(({ channel }) => channel === 'book').map(({ symbol }) => symbol));
    for (const symbol of new Set(subscriptions.map((subscription) => subscription.symbol))) {
      const market = this.ids.get(symbol);
      if (market === undefined) continue;
      session.lose(market, books.has(symbol) ? StateReason.connectionLost : StateReason.none, sinceUs);
    }
    this.commitSoon();
  }

  tradesMissing(connectionId: number, marks: TradeMarks): void {
    const session = this.sessions.get(connectionId);
    if (session === undefined) return;
    for (const [symbol, { lastTimeMs }] of marks) {
      const market = this.ids.get(symbol);
      if (market !== undefined && lastTimeMs !== null) session.lose(market, StateReason.none, lastTimeMs * US_PER_MS);
    }
    this.commitSoon();
  }

  bookState(symbol: string): MarketState | null {
    const market = this.ids.get(symbol);
    if (market === undefined) return null;
    const { state, reason, sinceNs } = this.latest.readMarks(market);
    return { state, reason, sinceMs: this.timerMs(sinceNs) };
  }

  isWatched(symbol: string): boolean {
    const market = this.ids.get(symbol);
    return market !== undefined && Atomics.load(this.interest, market) !== 0;
  }

  tradeMark(symbol: string): TradeMark {
    const market = this.ids.get(symbol);
    if (market === undefined) return { lastId: null, lastTimeMs: null };
    const { lastTradeId, lastTradeTimeUs } = this.latest.readMarks(market);
    return {
      lastId: Number.isNaN(lastTradeId) ? null : lastTradeId,
      lastTimeMs: lastTradeTimeUs === 0 ? null : Math.floor(lastTradeTimeUs / US_PER_MS),
    };
  }

  backfilling(symbol: string, fromMs: number, toMs: number, lastId: number | null): void {
    this.writeBackfill(symbol, BackfillFlag.begin, fromMs, toMs, lastId);
  }

  backfilled(symbol: string, fromMs: number, toMs: number, isWhole: boolean): void {
    this.writeBackfill(symbol, isWhole ? BackfillFlag.whole : 0, fromMs, toMs);
  }

  private writeBackfill(
    symbol: string,
    flags: number,
    fromMs: number,
    toMs: number,
    lastId: number | null = null,
  ): void {
    const market = this.ids.get(symbol);
    if (market === undefined) return;
    this.newest?.backfill(market, flags, fromMs * US_PER_MS, toMs * US_PER_MS, lastId ?? Number.NaN);
    this.commitSoon();
  }

  takeCounts(): void {
    for (const session of this.sessions.values()) session.takeCounts();
  }

  /** Tells the feed of trades that a shard finds missing, again and again until they are asked for. */
  tellLosses(feed: Feed): void {
    for (const [symbol, market] of this.ids) {
      const { openLosses, lossFromId, lossFromTimeUs } = this.latest.readMarks(market);
      if (openLosses === 0 || lossFromTimeUs === 0) continue;
      const lastId = Number.isNaN(lossFromId) ? null : lossFromId;
      feed.missingTrades(symbol, lastId, Math.floor(lossFromTimeUs / US_PER_MS), Date.now());
    }
  }
}

/** All feeds of the thread. */
export class Feeds {
  private readonly feeds: { readonly feed: Feed; readonly hooks: VenueHooks; readonly transport: SystemTransport }[] =
    [];

  /** Registers the markets and begins to connect. Throws a UsageError where a venue or market cannot be had. */
  constructor(
    plans: readonly FeedPlan[],
    parts: FeedParts,
    connectors: Readonly<Partial<Record<string, () => VenueConnector>>>,
    decoders: Readonly<Partial<Record<string, DecoderFactory>>>,
  ) {
    // Nothing is connected to before all plans are known to be right: what had begun would be left behind.
    const ready = plans.map((plan) => {
      const connector = connectors[plan.venue]?.();
      const factory = decoders[plan.venue];
      if (connector === undefined || factory === undefined)
        throw new UsageError(`--feed ${plan.venue}: expected a venue that can be connected to, was none`);
      const hooks = new VenueHooks(plan, connector.bookSource, factory, register(plan, parts), parts);
      return { plan, connector, hooks };
    });
    for (const { plan, connector, hooks } of ready) {
      const transport = new SystemTransport({ token: plan.token, proxy: plan.proxy, ca: plan.ca });
      this.feeds.push({ feed: begin(plan, connector, hooks, transport), hooks, transport });
    }
  }

  reports(): FeedReport[] {
    return this.feeds.map(({ feed }) => feed.report());
  }

  /** Takes over what decoders count themselves. */
  eachSecond(): void {
    for (const { hooks, feed } of this.feeds) {
      hooks.takeCounts();
      hooks.tellLosses(feed);
    }
  }

  async stop(): Promise<FeedStats[]> {
    for (const { hooks } of this.feeds) hooks.isEnding = true;
    const stats = await Promise.all(this.feeds.map(({ feed }) => feed.stop(FEEDS_CLOSE_MS)));
    for (const { transport } of this.feeds) transport.close();
    return stats;
  }
}

/** The markets of a feed are known from its start on, so that one that never comes can be seen. */
function register(plan: FeedPlan, { markets, writer }: FeedParts): Map<string, number> {
  const venue = Buffer.from(plan.venue);
  const ids = new Map<string, number>();
  for (const symbol of plan.symbols) {
    const bytes = Buffer.from(symbol);
    const id = markets.find(venue, 0, venue.length, bytes, 0, bytes.length);
    if (id < 0) {
      throw new UsageError(
        `--feed ${plan.venue}:${symbol}: expected a market that the patterns and --markets-max allow, was refused`,
      );
    }
    ids.set(symbol, id);
  }
  markets.confirm();
  const names = plan.symbols.map((symbol) => `${plan.venue}:${symbol}`);
  writer.journal?.markets(Buffer.from(JSON.stringify(names)), writer.nowNs());
  return ids;
}

function begin(plan: FeedPlan, connector: VenueConnector, hooks: FeedHooks, transport: SystemTransport): Feed {
  const urls =
    plan.url === null ? {} : { streamUrl: withProtocol(plan.url, 'ws'), restUrl: withProtocol(plan.url, 'http') };
  return startFeed({
    connector: withLife(withFasterLimits(connector, plan.limitsScale), plan.lifeMs),
    symbols: plan.symbols,
    withoutBook: plan.withoutBook ?? [],
    ...urls,
    timers: new SystemTimers(),
    transport,
    hooks,
    settings: {
      ...FEED_SETTINGS,
      breaker: { ...FEED_SETTINGS.breaker, failuresMax: plan.breakerFailures, retriesMax: plan.breakerRetries },
    },
  });
}

function withLife(connector: VenueConnector, lifeMs: number | undefined): VenueConnector {
  if (lifeMs === undefined) return connector;
  return Object.create(connector, { lifeMs: { value: lifeMs } }) as VenueConnector;
}

function withFasterLimits(connector: VenueConnector, scale: number): VenueConnector {
  if (scale === 1) return connector;
  const faster = ({ count, windowMs }: Pace): Pace => ({ count, windowMs: windowMs / scale });
  const { messages, requests, connects, rest, ...others } = connector.limits;
  const limits: VenueLimits = {
    ...others,
    messages: faster(messages),
    requests: requests === null ? null : faster(requests),
    connects: faster(connects),
    rest: faster(rest),
  };
  return Object.create(connector, { limits: { value: limits } }) as VenueConnector;
}

/** One address stands for both: `ws://host` and `http://host`, `wss` and `https`. */
function withProtocol(url: string, plain: 'ws' | 'http'): string {
  return url.replace(/^(?:ws|http)(s?):/, `${plain}$1:`);
}
