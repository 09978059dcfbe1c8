// Reads trades in the order they were sent: those of `publicTrade`, and those fetched by REST after a loss. Hot path.
//
// Source: Bybit API v5 docs, "Trade" and "Get Recent Public Trades" (2026-08): the side is the taker's; the id is a UUID
// on linear, and digits beyond 2^53 on spot, so it is kept as text; `BT` marks a block trade, agreed beside the book.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { TRADE_ID_BYTES_MAX, trade } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { isZero, writeTradeId } from '../../decode/records.ts';
import { booleanEnd, decimalString, integerString, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime, toMicroseconds } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { repeatedSymbol, type TopicSymbol } from './symbol.ts';

const BACKSLASH = 0x5c;
const LETTER_T = 0x74;
const BUY = keyBytes('Buy');
const SELL = keyBytes('Sell');

const HAS_TIME = 1;
const HAS_ID = 2;
const HAS_PRICE = 4;
const HAS_QUANTITY = 8;
const HAS_SIDE = 16;
const HAS_BLOCK = 32;
const HAS_SYMBOL = 64;
const NEEDS = HAS_TIME | HAS_ID | HAS_PRICE | HAS_QUANTITY | HAS_SIDE;

abstract class TradeList extends ObjectList {
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly sink: RecordSink;
  private readonly symbol: TopicSymbol;
  private readonly listFlags: number;
  private market = 0;
  private flags = 0;
  private idFrom = 0;
  private idTo = 0;

  constructor(sink: RecordSink, symbol: TopicSymbol, listFlags: number) {
    super();
    this.sink = sink;
    this.symbol = symbol;
    this.listFlags = listFlags;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    this.market = market;
    return this.entries(bytes, at, end);
  }

  protected override beginEntry(): number {
    this.flags = this.listFlags;
    return super.beginEntry();
  }

  protected decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  protected price(bytes: Uint8Array, at: number, end: number): number {
    return this.decimal(HAS_PRICE, bytes, at, end, field.price);
  }

  protected quantity(bytes: Uint8Array, at: number, end: number): number {
    return this.decimal(HAS_QUANTITY, bytes, at, end, field.quantity);
  }

  /** A time in milliseconds as a number. */
  protected time(bytes: Uint8Array, at: number, end: number): number {
    return this.once(HAS_TIME) ? integerTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
  }

  /** The same as text. */
  protected timeText(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_TIME)) return FrameResult.shape;
    const after = integerString(bytes, at, end, this.values, field.timeUs);
    if (after < 0) return after;
    const fits = toMicroseconds(this.values, field.timeUs);
    return fits < 0 ? fits : after;
  }

  protected repeated(bytes: Uint8Array, at: number, end: number): number {
    return this.once(HAS_SYMBOL) ? repeatedSymbol(bytes, at, end, this.symbol) : FrameResult.shape;
  }

  protected side(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_SIDE)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const isBuy = matches(bytes, at + 1, close, BUY);
    if (!isBuy && !matches(bytes, at + 1, close, SELL)) return FrameResult.type;
    this.flags |= isBuy ? Side.buy : Side.sell;
    return close + 1;
  }

  protected block(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_BLOCK)) return FrameResult.shape;
    const after = booleanEnd(bytes, at, end);
    if (after >= 0 && bytes[at] === LETTER_T) this.flags |= TradeFlag.offMarket;
    return after;
  }

  protected id(bytes: Uint8Array, at: number, end: number): number {
    if (!this.once(HAS_ID)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (close === at + 1 || close - at - 1 > TRADE_ID_BYTES_MAX) return FrameResult.shape;
    for (let i = at + 1; i < close; i++) if (bytes[i] === BACKSLASH) return FrameResult.shape;
    this.idFrom = at + 1;
    this.idTo = close;
    return close + 1;
  }

  protected endEntry(bytes: Uint8Array): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const { sink, values } = this;
    if (isZero(values, field.price) || isZero(values, field.quantity)) return FrameResult.range;
    const slot = sink.claim(this.market, RecordType.trade);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.flags | TradeFlag.textId;
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    sink.f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + trade.at.priceMilli + i] = values[field.price + i];
    sink.f64[base + trade.at.id] = 0;
    return writeTradeId(this.sink, this.market, bytes, this.idFrom, this.idTo);
  }
}

const KEY_BLOCK = keyBytes('BT');
const LETTER_TIME = 0x54;
const LETTER_SYMBOL = 0x73;
const LETTER_SIDE = 0x53;
const LETTER_QUANTITY = 0x76;
const LETTER_PRICE = 0x70;
const LETTER_ID = 0x69;

/** Entries of `publicTrade`. */
export class PushedTrades extends TradeList {
  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super(sink, symbol, 0);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (to - from !== 1)
      return matches(bytes, from, to, KEY_BLOCK) ? this.block(bytes, at, end) : skipValue(bytes, at, end);
    switch (bytes[from]) {
      case LETTER_TIME:
        return this.time(bytes, at, end);
      case LETTER_SYMBOL:
        return this.repeated(bytes, at, end);
      case LETTER_SIDE:
        return this.side(bytes, at, end);
      case LETTER_QUANTITY:
        return this.quantity(bytes, at, end);
      case LETTER_PRICE:
        return this.price(bytes, at, end);
      case LETTER_ID:
        return this.id(bytes, at, end);
      default:
        return skipValue(bytes, at, end);
    }
  }
}

const KEY_EXECUTION = keyBytes('execId');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_PRICE = keyBytes('price');
const KEY_SIZE = keyBytes('size');
const KEY_SIDE = keyBytes('side');
const KEY_TIME = keyBytes('time');
const KEY_IS_BLOCK = keyBytes('isBlockTrade');

/** Entries of `GET /v5/market/recent-trade`, whose ids are those of the stream. */
export class FetchedTrades extends TradeList {
  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super(sink, symbol, TradeFlag.history);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_EXECUTION)) return this.id(bytes, at, end);
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.repeated(bytes, at, end);
    if (matches(bytes, from, to, KEY_PRICE)) return this.price(bytes, at, end);
    if (matches(bytes, from, to, KEY_SIZE)) return this.quantity(bytes, at, end);
    if (matches(bytes, from, to, KEY_SIDE)) return this.side(bytes, at, end);
    if (matches(bytes, from, to, KEY_TIME)) return this.timeText(bytes, at, end);
    if (matches(bytes, from, to, KEY_IS_BLOCK)) return this.block(bytes, at, end);
    return skipValue(bytes, at, end);
  }
}
