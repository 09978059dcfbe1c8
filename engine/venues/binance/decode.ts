// Decodes frames of Binance spot, Binance US, USD-M and COIN-M: tells the kind and hands the payload on. Hot path.
//
// Source: Binance spot and futures WebSocket docs, "Trade Streams", "Aggregate Trade Streams", "Diff. Depth Stream",
// "Individual Symbol Book Ticker Streams", "Kline/Candlestick Streams" (2026-07); docs/venues/binance.md.

import { FrameResult, TradeFlag } from '../../../schemas/ids.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import {
  CLOSE_OBJECT,
  COLON,
  documentEnd,
  findValue,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
  wrongType,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member, refusal } from '../../decode/walk.ts';
import { ContractFrames } from './contract.ts';
import { DepthFrames } from './depth.ts';
import { LETTER, plainEnd } from './frame.ts';
import { InOrderFrames } from './in-order.ts';
import { KlineFrames } from './kline.ts';
import { PartialFrames, partialSymbolEnd } from './partial.ts';
import { TickerFrames } from './ticker.ts';
import { TradeFrames } from './trade.ts';

const KEY_STREAM = keyBytes('stream');
const KEY_DATA = keyBytes('data');
const KEY_SNAPSHOT = keyBytes('snapshot');
const KEY_EVENT = keyBytes('e');
const KEY_BID = keyBytes('b');
const KEY_UPDATE = keyBytes('u');
const KEY_RESULT = keyBytes('result');
const KEY_ERROR = keyBytes('error');
const KEY_CODE = keyBytes('code');

const EVENT_TRADE = keyBytes('trade');
const EVENT_AGGREGATE = keyBytes('aggTrade');
const EVENT_DEPTH = keyBytes('depthUpdate');
const EVENT_BOOK_TICKER = keyBytes('bookTicker');
const EVENT_KLINE = keyBytes('kline');
const EVENT_TICKER = keyBytes('24hrTicker');
const EVENT_MINI_TICKER = keyBytes('24hrMiniTicker');
const EVENT_MARK_PRICE = keyBytes('markPriceUpdate');
const EVENT_FORCE_ORDER = keyBytes('forceOrder');
/** Name the market, and hold nothing that becomes a record (docs/venues/binance.md says why). */
const EVENTS_OF_MARKET = [
  keyBytes('avgPrice'),
  keyBytes('referencePrice'),
  keyBytes('blockTrade'),
  keyBytes('1hTicker'),
  keyBytes('4hTicker'),
  keyBytes('1dTicker'),
];
const EVENT_SHUTDOWN = keyBytes('serverShutdown');

/** How the venue writes what comes before a payload. */
const WRAPPER = keyBytes('{"stream":"');
const WRAPPER_DATA = keyBytes('","data":');

export class BinanceDecoder implements FrameDecoder {
  private readonly inOrder: InOrderFrames;
  private readonly trades: TradeFrames;
  private readonly depths: DepthFrames;
  private readonly tickers: TickerFrames;
  private readonly klines: KlineFrames;
  private readonly contracts: ContractFrames;
  private readonly partials: PartialFrames;
  private readonly backfills = new BackfillEnvelope();
  /** Name of the stream that the frame at hand tells, bytes[nameFrom..nameTo); both 0 where it tells none. */
  private nameFrom = 0;
  private nameTo = 0;
  /** What payload() made of the object. */
  private result: number = FrameResult.unknown;

  constructor(sink: RecordSink, venue: string) {
    const isFutures = venue === 'binance-futures' || venue === 'binance-delivery';
    this.inOrder = new InOrderFrames(sink, isFutures);
    this.trades = new TradeFrames(sink);
    this.depths = new DepthFrames(sink, isFutures);
    this.tickers = new TickerFrames(sink);
    this.klines = new KlineFrames(sink);
    this.contracts = new ContractFrames(sink);
    this.partials = new PartialFrames(sink);
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    return this.inOrder.decode(view, from, end);
  }

  decode(bytes: Uint8Array, end: number): number {
    const result = this.frame(bytes, end);
    return result < 0 ? refusal(bytes, end, result) : result;
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = end > 0 && bytes[0] === OPEN_OBJECT ? 0 : skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return notAnObject(bytes, at, end);
    const position = firstMember(bytes, at, end);
    if (position < 0) return position;
    this.nameFrom = 0;
    this.nameTo = 0;
    const letter = at + 2 < end ? bytes[at + 2] : 0;
    // `{"e"…` and spot's `{"u"…` are payloads; the wrapper is `{"stream"…`; all else is looked into first.
    if ((letter === LETTER.e || letter === LETTER.u) && at + 3 < end && bytes[at + 3] === QUOTE)
      return this.bare(bytes, at, end);
    if (letter === LETTER.s) return this.wrapped(bytes, at, end);
    return this.otherObject(bytes, at, end);
  }

  private bare(bytes: Uint8Array, at: number, end: number): number {
    const after = this.payload(bytes, at, end);
    if (after < 0) return after;
    return after === end || documentEnd(bytes, after, end) > 0 ? this.result : FrameResult.syntax;
  }

  /** `{"stream":"<name>","data":<payload>}` in this order, nothing after it: the common combined form. */
  private wrapped(bytes: Uint8Array, at: number, end: number): number {
    const nameAt = at + WRAPPER.length;
    if (!matchesAt(bytes, at, end, WRAPPER)) return this.otherObject(bytes, at, end);
    const nameEnd = plainEnd(bytes, nameAt, end);
    if (nameEnd === 0 || !matchesAt(bytes, nameEnd, end, WRAPPER_DATA)) return this.otherObject(bytes, at, end);
    const dataAt = nameEnd + WRAPPER_DATA.length;
    if (dataAt >= end || bytes[dataAt] !== OPEN_OBJECT) return this.otherObject(bytes, at, end);
    this.nameFrom = nameAt;
    this.nameTo = nameEnd;
    const after = this.payload(bytes, dataAt, end);
    if (after < 0) return after;
    if (after + 1 === end && bytes[after] === CLOSE_OBJECT) return this.result;
    const position = this.passWrapper(bytes, next(bytes, after, end, CLOSE_OBJECT), end);
    if (position < 0) return position;
    return documentEnd(bytes, position, end) < 0 ? FrameResult.syntax : this.result;
  }

  /** Passes the members after `data` up to the `}` of the wrapper; returns the offset after it. */
  private passWrapper(bytes: Uint8Array, at: number, end: number): number {
    let position = at;
    while (position >= 0 && bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      if (matches(bytes, keyFrom, keyTo, KEY_DATA) || matches(bytes, keyFrom, keyTo, KEY_STREAM))
        return FrameResult.shape;
      const after = skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
    }
    return position < 0 ? position : position + 1;
  }

  /** Objects in no common order: checks the whole, looks for the fields that tell the kind, then decodes. */
  private otherObject(bytes: Uint8Array, at: number, end: number): number {
    const after = skipValue(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    const snapshot = findValue(bytes, at, end, KEY_SNAPSHOT);
    if (snapshot > 0) return this.snapshot(bytes, at, snapshot, end);
    const data = findValue(bytes, at, end, KEY_DATA);
    if (data > 0) return this.inner(bytes, at, data, end);
    const backfill = findValue(bytes, at, end, KEY_BACKFILL);
    if (backfill > 0) return this.backfill(bytes, at, backfill, end);
    const decoded = this.payload(bytes, at, end);
    return decoded < 0 ? decoded : this.result;
  }

  private snapshot(bytes: Uint8Array, at: number, value: number, end: number): number {
    if (bytes[value] !== OPEN_OBJECT) return FrameResult.type;
    if (hasTwice(bytes, at, end, KEY_SNAPSHOT)) return FrameResult.shape;
    const decoded = this.depths.snapshot(bytes, value, end);
    return decoded < 0 ? decoded : FrameResult.applied;
  }

  /** Trades fetched by REST. */
  private backfill(bytes: Uint8Array, at: number, value: number, end: number): number {
    if (hasTwice(bytes, at, end, KEY_BACKFILL)) return FrameResult.shape;
    const { backfills } = this;
    const after = backfills.read(bytes, value, end);
    if (after < 0) return after;
    const { tradesAt, symbolFrom, symbolTo } = backfills;
    const decoded = this.trades.decodePast(bytes, tradesAt, end, symbolFrom, symbolTo);
    return decoded < 0 ? decoded : FrameResult.applied;
  }

  private inner(bytes: Uint8Array, at: number, value: number, end: number): number {
    if (bytes[value] === OPEN_ARRAY) return FrameResult.unknown;
    if (bytes[value] !== OPEN_OBJECT) return FrameResult.type;
    if (hasTwice(bytes, at, end, KEY_DATA)) return FrameResult.shape;
    const stream = findValue(bytes, at, end, KEY_STREAM);
    if (stream > 0 && bytes[stream] === QUOTE) {
      this.nameFrom = stream + 1;
      this.nameTo = stringEnd(bytes, stream + 1, end);
    }
    const decoded = this.payload(bytes, value, end);
    return decoded < 0 ? decoded : this.result;
  }

  /** Decodes the payload object at `at`; sets this.result and returns the offset after it, or a negative FrameResult. */
  private payload(bytes: Uint8Array, at: number, end: number): number {
    this.result = FrameResult.applied;
    if (at + 6 < end && bytes[at + 1] === QUOTE && bytes[at + 3] === QUOTE) {
      // `{"e":"…"`, and spot's bookTicker `{"u":…`, whose other fields say whether it is one.
      if (bytes[at + 2] === LETTER.e && bytes[at + 4] === COLON && bytes[at + 5] === QUOTE) {
        return this.event(bytes, at, at + 6, end);
      }
      if (bytes[at + 2] === LETTER.u) {
        const after = this.tickers.decodeBare(bytes, at, end);
        if (after !== 0) return after;
      }
    }
    const event = findValue(bytes, at, end, KEY_EVENT);
    if (event < 0) return event;
    if (event === 0) return this.withoutEvent(bytes, at, end);
    if (bytes[event] !== QUOTE) return wrongType(bytes, event, end);
    return this.event(bytes, at, event + 1, end);
  }

  /** Decodes a payload by the name of its event, which begins at `from`. */
  private event(bytes: Uint8Array, at: number, from: number, end: number): number {
    const to = stringEnd(bytes, from, end);
    if (to < 0) return to;
    if (matches(bytes, from, to, EVENT_TRADE)) return this.trades.decode(bytes, at, end, 0);
    if (matches(bytes, from, to, EVENT_DEPTH)) return this.depth(bytes, at, end);
    if (matches(bytes, from, to, EVENT_AGGREGATE)) return this.trades.decode(bytes, at, end, TradeFlag.aggregate);
    if (matches(bytes, from, to, EVENT_BOOK_TICKER)) return this.tickers.decode(bytes, at, end);
    if (matches(bytes, from, to, EVENT_KLINE)) return this.klines.decode(bytes, at, end);
    if (matches(bytes, from, to, EVENT_TICKER) || matches(bytes, from, to, EVENT_MINI_TICKER))
      return this.tickers.decodeDay(bytes, at, end);
    if (matches(bytes, from, to, EVENT_MARK_PRICE)) return this.contracts.markPrice(bytes, at, end);
    if (matches(bytes, from, to, EVENT_FORCE_ORDER)) return this.contracts.forceOrder(bytes, at, end);
    for (let i = 0; i < EVENTS_OF_MARKET.length; i++)
      if (matches(bytes, from, to, EVENTS_OF_MARKET[i])) return this.tickers.decodeSign(bytes, at, end);
    this.result = matches(bytes, from, to, EVENT_SHUTDOWN) ? FrameResult.control : FrameResult.unknown;
    return skipValue(bytes, at, end);
  }

  /** A change of the book; of the futures also a part of it, which only the stream's name tells apart. */
  private depth(bytes: Uint8Array, at: number, end: number): number {
    const symbolEnd = partialSymbolEnd(bytes, this.nameFrom, this.nameTo);
    return symbolEnd === 0
      ? this.depths.change(bytes, at, end)
      : this.partials.decode(bytes, at, end, this.nameFrom, symbolEnd);
  }

  /** Spot bookTicker, spot partial books, acknowledgements and errors carry no `e`. */
  private withoutEvent(bytes: Uint8Array, at: number, end: number): number {
    const bid = findValue(bytes, at, end, KEY_BID);
    if (bid < 0) return bid;
    if (bid > 0 && findValue(bytes, at, end, KEY_UPDATE) > 0) return this.tickers.decode(bytes, at, end);
    const symbolEnd = partialSymbolEnd(bytes, this.nameFrom, this.nameTo);
    if (symbolEnd > 0) return this.partials.decode(bytes, at, end, this.nameFrom, symbolEnd);
    const isControl =
      findValue(bytes, at, end, KEY_RESULT) > 0 ||
      findValue(bytes, at, end, KEY_ERROR) > 0 ||
      findValue(bytes, at, end, KEY_CODE) > 0;
    this.result = isControl ? FrameResult.control : FrameResult.unknown;
    return skipValue(bytes, at, end);
  }
}

/** A list or a plain value: JSON of a kind not known (`!miniTicker@arr`), or no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}

function matchesAt(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  return at + text.length <= end && matches(bytes, at, at + text.length, text);
}

/** True where the object at `at`, already checked, has a key twice. */
function hasTwice(bytes: Uint8Array, at: number, end: number, key: Uint8Array): boolean {
  let count = 0;
  let position = firstMember(bytes, at, end);
  while (bytes[position] !== CLOSE_OBJECT) {
    const value = member(bytes, position, end);
    if (matches(bytes, keyFrom, keyTo, key)) count++;
    position = next(bytes, skipValue(bytes, value, end), end, CLOSE_OBJECT);
  }
  return count > 1;
}
