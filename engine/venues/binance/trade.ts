// Decodes `trade` and `aggTrade` payloads, and pushed answers of REST, into trade records. Hot path.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import {
  booleanEnd,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  decimalString,
  integerNumber,
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
import { RECEIVE } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT, HAS_EVENT_TIME, HAS_SYMBOL, LETTER } from './frame.ts';

const MARKET = keyBytes('MARKET');

const HAS_PRICE = 8;
const HAS_QUANTITY = 16;
const HAS_TIME = 32;
const HAS_MAKER = 64;
const HAS_ID = 128;
const HAS_FIRST = 256;
const HAS_LAST = 512;
const HAS_EXECUTION = 1024;

const TRADE_NEEDS = HAS_SYMBOL | HAS_PRICE | HAS_QUANTITY | HAS_TIME | HAS_MAKER | HAS_ID;
const AGGREGATE_NEEDS = TRADE_NEEDS | HAS_FIRST | HAS_LAST;

/** Aggregates of more matches than a u32 holds do not exist; this bounds `l - f + 1`. */
const MATCHES_MAX = 0xffffffff;

export class TradeFrames extends FrameKind {
  private flags = 0;
  private isOffMarket = false;

  /** Decodes the payload at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, flags: number): number {
    this.begin(flags);
    const after = this.walk(bytes, at, end);
    if (after < 0) return after;
    const written = this.write(bytes, (flags & TradeFlag.aggregate) === 0 ? TRADE_NEEDS : AGGREGATE_NEEDS);
    return written < 0 ? written : after;
  }

  private walk(bytes: Uint8Array, at: number, end: number): number {
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after =
        keyTo - keyFrom === 1 ? this.field(bytes, bytes[keyFrom], value, end) : skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  /**
   * Decodes the list at `at` of an answer to `GET …/aggTrades`, of the market whose symbol is bytes[from..to): the same
   * fields without event and symbol. Returns the offset after it, or a negative FrameResult.
   */
  decodePast(bytes: Uint8Array, at: number, end: number, from: number, to: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    const market = this.sink.market(bytes, from, to);
    if (market < 0) return market;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (position >= end || bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      this.begin(TradeFlag.aggregate | TradeFlag.history);
      this.seen = HAS_SYMBOL;
      this.symbolFrom = from;
      this.symbolTo = to;
      const after = this.walk(bytes, position, end);
      if (after < 0) return after;
      const written = this.write(bytes, AGGREGATE_NEEDS);
      if (written < 0) return written;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private begin(flags: number): void {
    this.seen = 0;
    this.flags = flags;
    this.isOffMarket = false;
  }

  private field(bytes: Uint8Array, key: number, at: number, end: number): number {
    const values = this.values;
    switch (key) {
      case LETTER.p:
        return this.once(HAS_PRICE) ? decimalString(bytes, at, end, values, field.price) : FrameResult.shape;
      case LETTER.q:
        return this.once(HAS_QUANTITY) ? decimalString(bytes, at, end, values, field.quantity) : FrameResult.shape;
      case LETTER.T:
        return this.once(HAS_TIME) ? this.time(bytes, at, end, field.tradeTime) : FrameResult.shape;
      case LETTER.E:
        return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
      case LETTER.s:
        return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
      case LETTER.m: // the buyer was the maker, so the taker sold
        if (!this.once(HAS_MAKER)) return FrameResult.shape;
        this.flags |= bytes[at] === LETTER.t ? Side.sell : Side.buy;
        return booleanEnd(bytes, at, end);
      case LETTER.t:
      case LETTER.a:
        if ((key === LETTER.a) !== ((this.flags & TradeFlag.aggregate) !== 0)) return skipValue(bytes, at, end);
        return this.once(HAS_ID) ? integerNumber(bytes, at, end, values, field.id) : FrameResult.shape;
      case LETTER.f:
        return this.once(HAS_FIRST) ? integerNumber(bytes, at, end, values, field.firstId) : FrameResult.shape;
      case LETTER.l:
        return this.once(HAS_LAST) ? integerNumber(bytes, at, end, values, field.lastId) : FrameResult.shape;
      case LETTER.e:
        return this.once(HAS_EVENT) ? skipValue(bytes, at, end) : FrameResult.shape;
      case LETTER.X:
        return this.once(HAS_EXECUTION) ? this.execution(bytes, at, end) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  /** What made the trade (USD-M): all but `MARKET` stay out of bars (venues.md §11.1). */
  private execution(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
    const close = stringEnd(bytes, at + 1, end);
    if (close < 0) return close;
    this.isOffMarket = !matches(bytes, at + 1, close, MARKET);
    return close + 1;
  }

  private write(bytes: Uint8Array, needs: number): number {
    if ((this.seen & needs) !== needs) return FrameResult.missingField;
    const values = this.values;
    const isZero =
      (values[field.price] === 0 && values[field.price + 1] === 0) ||
      (values[field.quantity] === 0 && values[field.quantity + 1] === 0);
    if (isZero && !this.isOffMarket) return FrameResult.range;
    let matchesCount = 1;
    if ((this.flags & TradeFlag.aggregate) !== 0) {
      if (values[field.lastId] < values[field.firstId] || values[field.lastId] - values[field.firstId] >= MATCHES_MAX)
        return FrameResult.range;
      matchesCount = values[field.lastId] - values[field.firstId] + 1;
    }
    const sink = this.sink;
    const market = sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const f64 = sink.f64;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.flags | (this.isOffMarket ? TradeFlag.offMarket : 0);
    sink.u32[slot * SLOT_U32 + trade.at.count] = matchesCount;
    f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = values[field.tradeTime];
    f64[base + trade.at.priceMilli] = values[field.price];
    f64[base + trade.at.priceAtto] = values[field.price + 1];
    f64[base + trade.at.quantityMilli] = values[field.quantity];
    f64[base + trade.at.quantityAtto] = values[field.quantity + 1];
    f64[base + trade.at.id] = values[field.id];
    return 1;
  }
}
