// Owns a simulated venue without sockets or timers: real markets, a socket that keeps what it was sent, time that tests move.

import { SimulatedMarket, venueSpecs } from '../../engine/simulate/market.ts';
import type {
  SimAnswer,
  SimChange,
  SimMarket,
  SimSession,
  SimSocket,
  SimTrade,
  SimulatedVenue,
  SimVenueState,
} from '../../engine/simulate/protocol.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';

/** What a session sent, in order. Answers have no symbol. */
export type SentFrame =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'data'; readonly symbol: string; readonly channel: 'book' | 'trades'; readonly text: string };

/** A socket that keeps everything. */
export class FakeSimSocket implements SimSocket {
  readonly sent: SentFrame[] = [];
  readonly violations: string[] = [];
  pings = 0;
  /** Code and reason of the session's close, null while open. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  private taken = 0;

  answer(text: string): void {
    this.sent.push({ kind: 'answer', text });
  }

  data(symbol: string, channel: 'book' | 'trades', text: string): void {
    this.sent.push({ kind: 'data', symbol, channel, text });
  }

  ping(): void {
    this.pings++;
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  violation(rule: string): void {
    this.violations.push(rule);
  }

  /** All texts so far. */
  get texts(): string[] {
    return this.sent.map(({ text }) => text);
  }

  /** What was sent since the last call. */
  take(): SentFrame[] {
    const fresh = this.sent.slice(this.taken);
    this.taken = this.sent.length;
    return fresh;
  }

  takeTexts(): string[] {
    return this.take().map(({ text }) => text);
  }
}

export type FakeVenueOptions = {
  readonly markets?: number;
  readonly seed?: number;
  /** Levels a side, about. */
  readonly levels?: number;
  readonly startMs?: number;
};

/** A moment without meaning. */
export const FAKE_START_MS = Date.UTC(2026, 2, 4, 9, 30);

/** What happened in a step. */
export type FakeEvent = {
  readonly market: SimMarket;
  readonly change: SimChange | null;
  readonly trade: SimTrade | null;
};

/** The venue's state on the real SimulatedMarket, and its clients. */
export class FakeVenue implements SimVenueState {
  readonly simulated: SimulatedVenue;
  readonly markets: readonly SimulatedMarket[];
  /** Everything that happened, in order. */
  readonly events: FakeEvent[] = [];
  private readonly sessions = new Set<SimSession>();
  private readonly random;
  private timeMs: number;

  constructor(simulated: SimulatedVenue, options: FakeVenueOptions = {}) {
    const { markets = 3, seed = 1, levels = 60, startMs = FAKE_START_MS } = options;
    this.simulated = simulated;
    this.timeMs = startMs;
    this.random = seededRandom(seed, 'fake venue');
    this.markets = venueSpecs(simulated, markets).map((spec) => new SimulatedMarket(spec, seed, startMs, levels));
  }

  market(symbol: string): SimulatedMarket | null {
    return this.markets.find((market) => market.symbol === symbol) ?? null;
  }

  nowMs(): number {
    return this.timeMs;
  }

  /** A client at an address: `path` may hold a query. */
  open(path: string): { readonly socket: FakeSimSocket; readonly session: SimSession } {
    const url = new URL(path, 'ws://fake');
    const socket = new FakeSimSocket();
    const session = this.simulated.open(socket, url.pathname, url.searchParams, this);
    this.sessions.add(session);
    return { socket, session };
  }

  /** The client is gone. */
  leave(session: SimSession): void {
    this.sessions.delete(session);
  }

  /** A GET, or a POST where there is a body. */
  rest(path: string, body = ''): SimAnswer | null {
    const url = new URL(path, 'http://fake');
    const method = body === '' ? 'GET' : 'POST';
    return this.simulated.rest({ method, path: url.pathname, query: url.searchParams, body }, this);
  }

  /** Lets `count` things happen in one market, or spread over all, `stepMs` apart; sessions are told as by the server. */
  step(count = 1, symbol: string | null = null, stepMs = 7): void {
    for (let i = 0; i < count; i++) {
      this.moveTime(stepMs);
      const chosen = symbol === null ? this.markets[this.random.integer(this.markets.length)] : this.market(symbol);
      if (chosen === null) throw new Error(`fake venue: expected one of its markets, was ${symbol}`);
      this.stepMarket(chosen);
    }
  }

  /** Goes on until changes show all trades, so that books may be compared. */
  settle(): void {
    for (const market of this.markets) while (market.isUnsettled) this.stepMarket(market);
  }

  /** Time passes without events; sessions get their tick at each 100 ms. */
  moveTime(ms: number): void {
    const endMs = this.timeMs + ms;
    while (Math.floor(this.timeMs / 100) < Math.floor(endMs / 100)) {
      this.timeMs = (Math.floor(this.timeMs / 100) + 1) * 100;
      for (const session of this.sessions) session.tick(this.timeMs);
    }
    this.timeMs = endMs;
  }

  private stepMarket(market: SimulatedMarket): void {
    const event = market.step(this.timeMs);
    if (event.kind === 'trade') {
      this.events.push({ market, change: null, trade: event.trade });
      for (const session of this.sessions) session.trade(market, event.trade);
    } else {
      this.events.push({ market, change: event.change, trade: null });
      for (const session of this.sessions) session.change(market, event.change);
    }
  }
}
