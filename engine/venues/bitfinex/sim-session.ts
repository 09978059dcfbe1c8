// Owns one client of the simulated Bitfinex: its channels, the numbers of its frames, heartbeats and errors.
//
// Source: Bitfinex docs, "WS General", "Public Channels", "Books", "Trades" (2026-07); the recording for order and forms.

import type { FeedChannel } from '../../connect/protocol.ts';
import type {
  PriceLevel,
  SimChange,
  SimMarket,
  SimSession,
  SimSocket,
  SimTrade,
  SimVenueState,
} from '../../simulate/protocol.ts';
import { BITFINEX_LIMITS, BOOK_LEVELS_ALLOWED, ErrorCode, HEARTBEAT_MS, InfoCode } from './limits.ts';
import { bookRows, levelRow, removalRow, tradeRow } from './sim-frames.ts';
import { ConfFlag } from './tail.ts';

/** Trades of the list sent on subscribing (recording). */
const TRADES_LISTED = 30;
const BOOK_LEVELS_DEFAULT = 25;
const CHANNEL_IDS_FROM = 200_000;

type Asked = Readonly<Record<string, unknown>>;
type SimChannel = {
  readonly id: number;
  readonly channel: FeedChannel;
  readonly symbol: string;
  readonly levels: number;
  /** What the client was told of each side, price to quantity. */
  sent: { bids: Map<string, string>; asks: Map<string, string> };
  lastMs: number;
};

export class BitfinexSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly channels = new Map<number, SimChannel>();
  private flags = 0;
  private sequence = 0;

  constructor(socket: SimSocket, state: SimVenueState) {
    this.socket = socket;
    this.state = state;
    const serverId = '5d9f1c0e-7e3b-4c5a-9b7a-2f1c3d4e5f60';
    this.say({ event: 'info', version: 2, serverId, platform: { status: 1 } });
  }

  message(text: string): void {
    const asked = readAsked(text);
    switch (asked['event']) {
      case 'conf':
        this.configure(asked);
        break;
      case 'ping':
        this.say({ event: 'pong', ts: this.state.nowMs(), ...('cid' in asked ? { cid: asked['cid'] } : {}) });
        break;
      case 'subscribe':
        this.subscribe(asked);
        break;
      case 'unsubscribe':
        this.unsubscribe(asked);
        break;
      default:
        this.say({ event: 'error', msg: 'event: invalid', code: ErrorCode.unknownEvent });
    }
  }

  change(market: SimMarket, _change: SimChange): void {
    for (const channel of this.channels.values()) {
      if (channel.channel === 'book' && channel.symbol === market.symbol) this.sendChanges(channel, market);
    }
  }

  trade(market: SimMarket, trade: SimTrade): void {
    for (const channel of this.channels.values()) {
      if (channel.channel !== 'trades' || channel.symbol !== market.symbol) continue;
      this.send(channel, `"te",${tradeRow(trade)}`);
      this.send(channel, `"tu",${tradeRow(trade)}`);
    }
  }

  tick(timeMs: number): void {
    for (const channel of this.channels.values()) {
      if (timeMs - channel.lastMs < HEARTBEAT_MS) continue;
      channel.lastMs = timeMs;
      this.socket.answer(this.numbered(channel.id, '"hb"'));
    }
  }

  /** Frames are numbered over the connection: no market has a counter of its own. */
  resetCounter(_symbol: string): void {}

  announceEnd(): boolean {
    this.say({ event: 'info', code: InfoCode.restart, msg: 'Stopping. Please try to reconnect' });
    return true;
  }

  private say(event: object): void {
    this.socket.answer(JSON.stringify(event));
  }

  private configure({ flags }: Asked): void {
    const isValid = typeof flags === 'number' && Number.isInteger(flags) && flags >= 0;
    if (isValid) this.flags = flags;
    this.say({ event: 'conf', status: isValid ? 'OK' : 'FAILED', flags: isValid ? flags : null });
  }

  // ---- subscriptions

  private subscribe(asked: Asked): void {
    const { channel, symbol } = asked;
    const market = typeof symbol === 'string' ? this.state.market(symbol) : null;
    if (channel !== 'book' && channel !== 'trades') this.refuse(asked, 'channel: unknown', ErrorCode.unknownChannel);
    else if (market === null) this.refuse(asked, 'symbol: invalid', ErrorCode.subscribeFailed);
    else if (channel === 'book' && !isBook(asked)) this.refuse(asked, 'len: invalid', ErrorCode.subscribeFailed);
    else if (this.channels.has(this.idOf(market, channel)))
      this.refuse(asked, 'subscribe: dup', ErrorCode.alreadySubscribed);
    else if (this.channels.size >= BITFINEX_LIMITS.subscriptionsPerConnection) {
      this.socket.violation('subscriptions');
      this.refuse(asked, 'subscribe: limit', ErrorCode.channelLimit);
    } else this.begin(this.make(asked, market, channel), market);
  }

  private make(asked: Asked, market: SimMarket, channel: FeedChannel): SimChannel {
    const sent = { bids: new Map<string, string>(), asks: new Map<string, string>() };
    const id = this.idOf(market, channel);
    return { id, channel, symbol: market.symbol, levels: levelsOf(asked), sent, lastMs: this.state.nowMs() };
  }

  /** Numbers of one symbol's channels are the same on every connection (recording). */
  private idOf(market: SimMarket, channel: FeedChannel): number {
    const index = this.state.markets.findIndex(({ symbol }) => symbol === market.symbol);
    return CHANNEL_IDS_FROM + 2 * index + (channel === 'book' ? 0 : 1);
  }

  private begin(channel: SimChannel, market: SimMarket): void {
    const { id: chanId, symbol, levels } = channel;
    this.channels.set(chanId, channel);
    const pair = symbol.slice(1);
    if (channel.channel === 'trades') {
      this.say({ event: 'subscribed', channel: 'trades', chanId, symbol, pair });
      const rows = market.trades(TRADES_LISTED).map(tradeRow).toReversed();
      this.send(channel, `[${rows.join(',')}]`);
      return;
    }
    const bounds = { prec: 'P0', freq: 'F0', len: String(levels) };
    this.say({ event: 'subscribed', channel: 'book', chanId, symbol, ...bounds, pair });
    channel.sent = { bids: new Map(market.bids(levels)), asks: new Map(market.asks(levels)) };
    this.send(channel, `[${bookRows(market, levels).join(',')}]`);
  }

  private unsubscribe(asked: Asked): void {
    const { chanId } = asked;
    const isEnded = typeof chanId === 'number' && this.channels.delete(chanId);
    if (isEnded) this.say({ event: 'unsubscribed', status: 'OK', chanId });
    else this.refuse(asked, 'unsubscribe: invalid', ErrorCode.notSubscribed);
  }

  /** Errors repeat what was asked. */
  private refuse(asked: Asked, msg: string, code: number): void {
    this.say({ ...asked, event: 'error', msg, code });
  }

  // ---- data

  /** One frame a level. What is taken out comes first, so that no step on the way is crossed. */
  private sendChanges(channel: SimChannel, market: SimMarket): void {
    const { levels, sent } = channel;
    const bids = market.bids(levels);
    const asks = market.asks(levels);
    const rows = [
      ...goneRows(sent.bids, bids, false),
      ...goneRows(sent.asks, asks, true),
      ...newRows(sent.bids, bids, false),
      ...newRows(sent.asks, asks, true),
    ];
    channel.sent = { bids: new Map(bids), asks: new Map(asks) };
    for (const row of rows) this.send(channel, row);
  }

  private send(channel: SimChannel, payload: string): void {
    channel.lastMs = this.state.nowMs();
    this.socket.data(channel.symbol, channel.channel, this.numbered(channel.id, payload));
  }

  private numbered(id: number, payload: string): string {
    const hasNumber = (this.flags & ConfFlag.sequence) !== 0;
    return hasNumber ? `[${id},${payload},${++this.sequence}]` : `[${id},${payload}]`;
  }
}

function levelsOf(asked: Asked): number {
  return Number(asked['len'] ?? BOOK_LEVELS_DEFAULT);
}

/** A book as this venue of one precision and one pace has it. */
function isBook(asked: Asked): boolean {
  const isKind = (asked['prec'] ?? 'P0') === 'P0' && (asked['freq'] ?? 'F0') === 'F0';
  return isKind && BOOK_LEVELS_ALLOWED.includes(levelsOf(asked));
}

function goneRows(sent: Map<string, string>, now: readonly PriceLevel[], isAsk: boolean): string[] {
  const prices = new Set(now.map(([price]) => price));
  return [...sent.keys()].filter((price) => !prices.has(price)).map((price) => removalRow(price, isAsk));
}

function newRows(sent: Map<string, string>, now: readonly PriceLevel[], isAsk: boolean): string[] {
  return now.filter(([price, quantity]) => sent.get(price) !== quantity).map((level) => levelRow(level, isAsk));
}

function readAsked(text: string): Asked {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
