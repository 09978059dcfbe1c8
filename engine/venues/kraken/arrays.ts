// Decodes v1 data frames: arrays `[channelID, payload(s)…, "channel", "pair"]`. Hot path.
//
// Source: Kraken WebSocket v1 docs, "Public messages" (2026-05), and the recording; docs/venues/kraken.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { CLOSE_ARRAY, documentEnd, keyBytes, matches, next, skipSpace, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { V1Book } from './v1-book.ts';
import { V1Candles } from './v1-candles.ts';
import { V1Quotes } from './v1-quotes.ts';
import { V1Tail } from './v1-tail.ts';
import { V1Trades } from './v1-trades.ts';

const NAME_BOOK = keyBytes('book-');
const NAME_OHLC = keyBytes('ohlc-');
const NAME_TRADE = keyBytes('trade');
const NAME_TICKER = keyBytes('ticker');
const NAME_SPREAD = keyBytes('spread');

/** Digits after `book-` and `ohlc-`: 1000 and 21600 are the most there are. */
const DIGITS_MAX = 6;

const Kind = { unknown: 0, book: 1, trades: 2, ticker: 3, spread: 4, candles: 5 } as const;

export class ArrayFrames {
  private readonly sink: RecordSink;
  private readonly tail = new V1Tail();
  private readonly book: V1Book;
  private readonly trades: V1Trades;
  private readonly quotes: V1Quotes;
  private readonly candles: V1Candles;
  private kind: number = Kind.unknown;
  /** The number in the channel's name: depth of a book, minutes of a candle. */
  private parameter = 0;
  private market = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
    this.book = new V1Book(sink);
    this.trades = new V1Trades(sink, false);
    this.quotes = new V1Quotes(sink);
    this.candles = new V1Candles(sink);
  }

  /** Decodes the frame at bytes[at] (its `[`); returns a FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (!this.tail.find(bytes, at, end)) return otherArray(bytes, at, end);
    this.readName(bytes);
    const begun = this.begin(bytes);
    if (begun < 0) return begun;
    const after = this.payloads(bytes, at, end);
    if (after < 0) return after;
    const closed = this.close(bytes, after, end);
    if (closed < 0) return closed;
    if (this.kind === Kind.unknown) return FrameResult.unknown;
    const finished = this.kind === Kind.book ? this.book.finish(this.parameter) : 1;
    return finished < 0 ? finished : FrameResult.applied;
  }

  private begin(bytes: Uint8Array): number {
    if (this.kind === Kind.unknown) return 1;
    this.market = this.sink.market(bytes, this.tail.pairFrom, this.tail.pairTo);
    if (this.market < 0) return this.market;
    return this.kind === Kind.book ? this.book.begin(this.market) : 1;
  }

  private readName(bytes: Uint8Array): void {
    const from = this.tail.nameFrom;
    const to = this.tail.nameTo;
    this.kind = Kind.unknown;
    if (matches(bytes, from, to, NAME_TRADE)) this.kind = Kind.trades;
    else if (matches(bytes, from, to, NAME_TICKER)) this.kind = Kind.ticker;
    else if (matches(bytes, from, to, NAME_SPREAD)) this.kind = Kind.spread;
    else if (this.readParameter(bytes, from, to, NAME_BOOK)) this.kind = Kind.book;
    else if (this.readParameter(bytes, from, to, NAME_OHLC)) this.kind = Kind.candles;
  }

  /** True where the name is `prefix` and a number above 0, which is kept. */
  private readParameter(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
    const digits = from + prefix.length;
    if (to <= digits || to - digits > DIGITS_MAX || !matches(bytes, from, digits, prefix)) return false;
    this.parameter = 0;
    for (let i = digits; i < to; i++) {
      const digit = bytes[i] - 0x30;
      if (digit < 0 || digit > 9) return false;
      this.parameter = this.parameter * 10 + digit;
    }
    return this.parameter > 0;
  }

  /** Reads from the channel id up to the name; returns the offset of the name's opening quote. */
  private payloads(bytes: Uint8Array, at: number, end: number): number {
    const name = this.tail.nameFrom - 1;
    let count = 0;
    let position = skipValue(bytes, skipSpace(bytes, at + 1, end), end);
    if (position < 0) return position;
    position = next(bytes, position, end, CLOSE_ARRAY);
    while (position < name) {
      if (position < 0) return position;
      if (bytes[position] === CLOSE_ARRAY || (count > 0 && this.kind > Kind.book)) return FrameResult.shape;
      count++;
      position = this.payload(bytes, position, end);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
    }
    return position === name && count > 0 ? position : FrameResult.shape;
  }

  private payload(bytes: Uint8Array, at: number, end: number): number {
    switch (this.kind) {
      case Kind.book:
        return this.book.payload(bytes, at, end);
      case Kind.trades:
        return this.trades.payload(bytes, at, end, this.market);
      case Kind.ticker:
        return this.quotes.ticker(bytes, at, end, this.market);
      case Kind.spread:
        return this.quotes.spread(bytes, at, end, this.market);
      case Kind.candles:
        return this.candles.payload(bytes, at, end, this.market, this.parameter);
      default:
        return skipValue(bytes, at, end);
    }
  }

  /** Checks that nothing but the two strings stands between the payloads and the end; `at` is the name's quote. */
  private close(bytes: Uint8Array, at: number, end: number): number {
    const pair = next(bytes, this.tail.nameTo + 1, end, CLOSE_ARRAY);
    if (pair < 0) return pair;
    if (at !== this.tail.nameFrom - 1 || pair !== this.tail.pairFrom - 1) return FrameResult.shape;
    const bracket = next(bytes, this.tail.pairTo + 1, end, CLOSE_ARRAY);
    if (bracket < 0) return bracket;
    if (bytes[bracket] !== CLOSE_ARRAY) return FrameResult.shape;
    return documentEnd(bytes, bracket + 1, end);
  }
}

/** An array that does not end in two strings: of no known shape, or no JSON. */
function otherArray(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : FrameResult.shape;
}
