// Owns one market's subscription at a simulated venue: what the venue's session sends for each update, one frame for each.
//
// Each market has sessions of its own, so that no limit of the venue's connections binds; what counts over a connection is
// numbered anew by native-frames.ts.

import { assert } from '../base/assert.ts';
import type { FeedChannel, Subscription, VenueConnector } from '../connect/protocol.ts';
import type {
  SimChange,
  SimSession,
  SimSocket,
  SimTrade,
  SimulatedVenue,
  SimVenueState,
} from '../simulate/protocol.ts';
import { fixedText } from '../synthetic/text.ts';
import type { BookUpdate, LoadMarket } from './load-market.ts';
import { TAG_DECIMALS } from './protocol.ts';

/**
 * Channels of which a session gathers updates until its tick, and when that tick is: at the update's own time, which these
 * venues write into their frames; right after it; or far behind it, where trades are collected by the clock.
 */
const GATHERS: Readonly<Record<string, { readonly channels: readonly FeedChannel[]; readonly tickAfterMs: number }>> = {
  binance: { channels: ['book'], tickAfterMs: 0 },
  'binance-us': { channels: ['book'], tickAfterMs: 0 },
  'binance-futures': { channels: ['book'], tickAfterMs: 0 },
  'binance-delivery': { channels: ['book'], tickAfterMs: 0 },
  okx: { channels: ['trades'], tickAfterMs: 1 },
  hyperliquid: { channels: ['book', 'trades'], tickAfterMs: 0 },
  coinbase: { channels: ['trades'], tickAfterMs: 1_000 },
};
/** Inner requests of a subscription have been answered by then (dYdX). */
const ANSWERED_MS = 100;

/** Keeps what the session sends. */
export class LaneSocket implements SimSocket {
  texts: string[] = [];

  answer(text: string): void {
    this.texts.push(text);
  }

  data(_symbol: string, _channel: FeedChannel, text: string): void {
    this.texts.push(text);
  }

  ping(): void {}

  close(code: number, reason: string): void {
    throw new Error(`simulated venue: closed with ${code}: ${reason}`);
  }

  violation(rule: string): void {
    throw new Error(`simulated venue: complained of ${rule}`);
  }

  take(): string[] {
    const { texts } = this;
    this.texts = [];
    return texts;
  }
}

/** Levels as text, in the order of the update. */
function levelTexts(market: LoadMarket, count: number, ticks: Float64Array, tags: Float64Array): [string, string][] {
  return Array.from({ length: count }, (_, i) => [market.priceText(ticks[i]), fixedText(tags[i], TAG_DECIMALS)]);
}

/** The update as simulators are told of it. */
export function simChange(market: LoadMarket, update: BookUpdate): SimChange {
  return {
    timeMs: market.timeMs,
    firstSequence: update.sequence,
    lastSequence: update.sequence,
    previousSequence: update.sequence - 1,
    bids: levelTexts(market, update.bids, update.bidTicks, update.bidTags),
    asks: levelTexts(market, update.asks, update.askTicks, update.askTags),
  };
}

export type LaneParts = {
  readonly simulated: SimulatedVenue;
  readonly connector: VenueConnector;
  readonly state: SimVenueState;
};

/** Opens a session at an address of the connector. */
export function openSession({ simulated, state }: LaneParts, socket: SimSocket, address: string): SimSession {
  const [path, query = ''] = address.split('?');
  return simulated.open(socket, path, new URLSearchParams(query), state);
}

export class NativeLane {
  readonly market: LoadMarket;
  private readonly subscription: Subscription;
  private readonly parts: LaneParts;
  private readonly socket = new LaneSocket();
  private readonly session: SimSession;
  private readonly gathers: boolean;
  private readonly tickAfterMs: number;
  private tickMs = 0;

  constructor(parts: LaneParts, market: LoadMarket, channel: FeedChannel) {
    const { connector, simulated } = parts;
    this.parts = parts;
    this.market = market;
    this.subscription = { symbol: market.symbol, channel };
    this.session = openSession(parts, this.socket, connector.path([this.subscription]));
    // Greetings are the connection's.
    this.socket.take();
    const gathers = GATHERS[simulated.venue];
    this.gathers = gathers?.channels.includes(channel) ?? false;
    this.tickAfterMs = gathers?.tickAfterMs ?? ANSWERED_MS;
  }

  /** Sends the texts that subscribe; returns what the venue answers, the book first of all. */
  subscribe(texts: readonly string[]): string[] {
    for (const text of texts) this.session.message(text);
    this.session.tick(this.nextTick());
    const answers = this.socket.take();
    const { symbol, channel } = this.subscription;
    const { connector } = this.parts;
    if (channel === 'book' && connector.bookSource === 'rest') answers.push(this.snapshot(symbol));
    return answers;
  }

  private snapshot(symbol: string): string {
    const { connector, simulated, state } = this.parts;
    const request = connector.snapshot?.(symbol);
    assert(request !== undefined && connector.snapshotFrame !== undefined, `${symbol}: expected a snapshot by REST`);
    const [path, query = ''] = request.path.split('?');
    const { method, body = '' } = request;
    const answer = simulated.rest({ method, path, query: new URLSearchParams(query), body }, state);
    assert(answer?.status === 200, `${symbol}: expected a snapshot, was ${answer?.body}`);
    return connector.snapshotFrame(symbol, answer.body);
  }

  /** The frames of the market's latest change. */
  change(): string[] {
    return this.writeChange(simChange(this.market, this.market.update));
  }

  trade(id: number, ticks: number, tag: number, takerSide: 'buy' | 'sell'): string[] {
    const { market } = this;
    const quantity = fixedText(tag, TAG_DECIMALS);
    return this.writeTrade({ timeMs: market.timeMs, id, price: market.priceText(ticks), quantity, takerSide });
  }

  writeChange(change: SimChange): string[] {
    this.session.change(this.market, change);
    return this.sent();
  }

  writeTrade(trade: SimTrade): string[] {
    this.session.trade(this.market, trade);
    return this.sent();
  }

  private sent(): string[] {
    if (this.gathers) this.session.tick(this.nextTick());
    return this.socket.take();
  }

  /** Where ticks lie far apart they run ahead of the time: only their distance counts there. */
  private nextTick(): number {
    const { tickAfterMs } = this;
    const nowMs = this.parts.state.nowMs();
    this.tickMs = tickAfterMs > 1 ? Math.max(this.tickMs, nowMs) + tickAfterMs : nowMs + tickAfterMs;
    return this.tickMs;
  }
}
