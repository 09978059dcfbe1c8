// What a subscription is: its kind, market and bounds, as its `subscribed` event says, found by its number. Hot path.
//
// Source: Bitfinex docs, "Public Channels", "Books", "Raw Books", "Trades", "Ticker", "Candles", "Status" (2026-07).

import { keyBytes, matches } from '../../decode/scan.ts';

const BOOK = keyBytes('book');
const TRADES = keyBytes('trades');
const TICKER = keyBytes('ticker');
const CANDLES = keyBytes('candles');
const STATUS = keyBytes('status');
const TRADE_KEY = keyBytes('trade:');
const DERIVATIVES_KEY = keyBytes('deriv:');
const LIQUIDATIONS_KEY = keyBytes('liq:');

const COLON = 0x3a;
const LETTER_F = 0x66;
const LETTER_P = 0x50;
const ZERO = 0x30;

/** Raw books, funding symbols and channels not listed here are unknown. From `book` on, frames make records. */
export const Kind = {
  unknown: 0,
  book: 1,
  trades: 2,
  ticker: 3,
  candles: 4,
  derivatives: 5,
  liquidations: 6,
} as const;

/** One subscription of the connection. */
export class Channel {
  readonly id: number;
  readonly kind: number;
  /** The market's symbol; empty where frames name it themselves (liquidations). */
  readonly symbol: Uint8Array;
  /** Levels a side of a book, 0 where it does not say. */
  readonly depth: number;
  /** Length of a candle. */
  readonly intervalMs: number;
  /** The market, once a frame of it was accepted; -1 before. */
  market = -1;
  /** Largest trade id seen, so that a `tu` tells whether its `te` came. */
  lastTradeId = -1;
  /** A book had its snapshot: with bulk updates, a list is a change from then on. */
  hasSnapshot = false;
  /** Frames were lost or unreadable before the subscription was known: its next frame tells the market. */
  owesGap: boolean;

  constructor(id: number, kind: number, symbol: Uint8Array, depth: number, intervalMs: number, owesGap: boolean) {
    this.id = id;
    this.kind = kind;
    this.symbol = symbol;
    this.depth = depth;
    this.intervalMs = intervalMs;
    this.owesGap = owesGap;
  }
}

/** What an image of a table is read with. */
export const CHANNEL_CLASSES = Object.freeze({ Channel: () => new Channel(0, 0, new Uint8Array(0), 0, 0, false) });

/** Room to begin with; the venue allows 25 on one connection (50, then 30, in former years). */
const CHANNELS_START = 32;

/** The subscriptions of one connection, by number. */
export class ChannelTable {
  private ids = new Float64Array(CHANNELS_START);
  private readonly channels: Channel[] = [];
  /** Where the last one was found: frames of one channel often follow one another. */
  private last = 0;

  /** Index of the channel with this number, ids[at], or -1. */
  find(ids: Float64Array, at: number): number {
    const count = this.channels.length;
    if (this.last < count && this.ids[this.last] === ids[at]) return this.last;
    for (let i = 0; i < count; i++) {
      if (this.ids[i] !== ids[at]) continue;
      this.last = i;
      return i;
    }
    return -1;
  }

  channel(index: number): Channel {
    return this.channels[index];
  }

  /** Adds the channel, in place of one with its number. */
  set(channel: Channel): void {
    const held = this.channels.findIndex(({ id }) => id === channel.id);
    if (held >= 0) {
      this.channels[held] = channel;
      return;
    }
    if (this.channels.length === this.ids.length) {
      const ids = new Float64Array(2 * this.ids.length);
      ids.set(this.ids);
      this.ids = ids;
    }
    this.ids[this.channels.length] = channel.id;
    this.channels.push(channel);
  }

  delete(id: number): void {
    const held = this.channels.findIndex((channel) => channel.id === id);
    if (held < 0) return;
    this.channels.splice(held, 1);
    this.ids.copyWithin(held, held + 1);
  }
}

/** What a `subscribed` event names, as texts of the frame: offsets of each, `to` 0 where it is absent. */
export type Subscribed = {
  readonly channelFrom: number;
  readonly channelTo: number;
  readonly symbolFrom: number;
  readonly symbolTo: number;
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly precisionFrom: number;
  readonly precisionTo: number;
  readonly depth: number;
};

/** The channel that the event describes; null where a name it needs is absent. */
export function channelOf(bytes: Uint8Array, event: Subscribed, id: number, owesGap: boolean): Channel | null {
  const { channelFrom: from, channelTo: to } = event;
  if (matches(bytes, from, to, CANDLES)) return event.keyTo === 0 ? null : candles(bytes, event, id, owesGap);
  if (matches(bytes, from, to, STATUS)) return event.keyTo === 0 ? null : status(bytes, event, id, owesGap);
  let kind: number = Kind.unknown;
  if (matches(bytes, from, to, BOOK)) kind = isRaw(bytes, event) ? Kind.unknown : Kind.book;
  else if (matches(bytes, from, to, TRADES)) kind = Kind.trades;
  else if (matches(bytes, from, to, TICKER)) kind = Kind.ticker;
  if (kind !== Kind.unknown && event.symbolTo === 0) return null;
  return make(bytes, kind, event.symbolFrom, event.symbolTo, event.depth, 0, id, owesGap);
}

/** A market's own channel; those of funding currencies (`fUSD`) have other rows. */
function make(
  bytes: Uint8Array,
  kind: number,
  from: number,
  to: number,
  depth: number,
  intervalMs: number,
  id: number,
  owesGap: boolean,
): Channel {
  const known = to > from && bytes[from] === LETTER_F ? Kind.unknown : kind;
  return new Channel(id, known, bytes.slice(from, to), depth, intervalMs, owesGap);
}

/** Books by price have precisions P0 to P4; R0 is by order. Absent it is P0. */
function isRaw(bytes: Uint8Array, { precisionFrom, precisionTo }: Subscribed): boolean {
  return precisionTo > 0 && (precisionTo - precisionFrom !== 2 || bytes[precisionFrom] !== LETTER_P);
}

/** `trade:1m:tBTCUSD`; a symbol may have a colon, too. */
function candles(bytes: Uint8Array, { keyFrom, keyTo }: Subscribed, id: number, owesGap: boolean): Channel {
  const frame = keyFrom + TRADE_KEY.length;
  const colon = bytes.indexOf(COLON, frame);
  if (!matches(bytes, keyFrom, frame, TRADE_KEY) || colon < 0 || colon >= keyTo)
    return make(bytes, Kind.unknown, 0, 0, 0, 0, id, owesGap);
  return make(bytes, Kind.candles, colon + 1, keyTo, 0, intervalOf(bytes, frame, colon), id, owesGap);
}

const UNITS_MS = new Map([
  [0x6d, 60_000], // m
  [0x68, 3_600_000], // h
  [0x44, 86_400_000], // D
  [0x57, 604_800_000], // W
]);

/** `1m` to `14D` in ms; 0 for months, which differ, and for texts that are none. */
function intervalOf(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to - 1; i++) count = count * 10 + bytes[i] - ZERO;
  return count * (UNITS_MS.get(bytes[to - 1]) ?? 0);
}

/** `deriv:tBTCF0:USTF0` or `liq:global`. */
function status(bytes: Uint8Array, { keyFrom, keyTo }: Subscribed, id: number, owesGap: boolean): Channel {
  const symbolFrom = keyFrom + DERIVATIVES_KEY.length;
  if (matches(bytes, keyFrom, symbolFrom, DERIVATIVES_KEY) && symbolFrom < keyTo)
    return make(bytes, Kind.derivatives, symbolFrom, keyTo, 0, 0, id, owesGap);
  const isLiquidations = matches(bytes, keyFrom, keyFrom + LIQUIDATIONS_KEY.length, LIQUIDATIONS_KEY);
  return make(bytes, isLiquidations ? Kind.liquidations : Kind.unknown, 0, 0, 0, 0, id, owesGap);
}
