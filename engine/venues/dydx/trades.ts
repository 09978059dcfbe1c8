// Reads the contents of `v4_trades`: trades in the order they were sent, past ones from the oldest on. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets", "Trades" (2026-04); server source `fillToTradeResponseObject` (2026-03);
// venues.md §5.2. `side` is the taker's. Lists of past trades, on subscribing and by REST, have the newest first.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { TRADE_ID_BYTES_MAX, trade } from '../../../schemas/market-data.ts';
import { writeLiquidation } from '../../decode/derivatives.ts';
import { isZero, writeTradeId } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { Contents } from './contents.ts';
import { EntryStarts } from './entry-starts.ts';
import { field } from './fields.ts';

const KEY_TRADES = keyBytes('trades');
const KEY_ID = keyBytes('id');
const KEY_PRICE = keyBytes('price');
const KEY_SIZE = keyBytes('size');
const KEY_SIDE = keyBytes('side');
const KEY_TIME = keyBytes('createdAt');
const KEY_TYPE = keyBytes('type');
const BUY = keyBytes('BUY');
const SELL = keyBytes('SELL');
const LIQUIDATED = keyBytes('LIQUIDATED');
const DELEVERAGED = keyBytes('DELEVERAGED');

const HAS_PRICE = 1;
const HAS_SIZE = 2;
const HAS_SIDE = 4;
const HAS_TIME = 8;
const HAS_ID = 16;
const HAS_TYPE = 32;
const NEEDS = HAS_PRICE | HAS_SIZE | HAS_SIDE | HAS_TIME;
/** Of the contents themselves. */
const HAS_TRADES = 64;

const BACKSLASH = 0x5c;

export class TradeContents extends Contents {
  private readonly starts = new EntryStarts();
  private isEntry = false;
  private side = 0;
  private isForced = false;
  private isOffMarket = false;
  private idFrom = 0;
  private idTo = 0;

  one(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.isEntry = false;
    this.starts.count = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & HAS_TRADES) === 0) return FrameResult.missingField;
    const read = this.entries(bytes, end);
    return read < 0 ? read : after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (this.isEntry) return this.entryMember(bytes, from, to, at, end);
    if (!matches(bytes, from, to, KEY_TRADES)) return skipValue(bytes, at, end);
    return this.once(HAS_TRADES) ? this.findEntries(bytes, at, end) : FrameResult.shape;
  }

  private findEntries(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      this.starts.add(position);
      position = skipValue(bytes, position, end);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private entries(bytes: Uint8Array, end: number): number {
    this.isEntry = true;
    const { count, offsets } = this.starts;
    for (let i = 0; i < count; i++) {
      const read = this.entry(bytes, offsets[this.isInitial ? count - 1 - i : i], end);
      if (read < 0) return read;
    }
    return 1;
  }

  private entry(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.isForced = false;
    this.isOffMarket = false;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (isZero(this.values, field.price) || isZero(this.values, field.quantity)) return FrameResult.range;
    return this.write(bytes);
  }

  private entryMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const { values } = this;
    if (matches(bytes, from, to, KEY_ID)) return this.once(HAS_ID) ? this.id(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIZE))
      return this.once(HAS_SIZE) ? decimalString(bytes, at, end, values, field.quantity) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PRICE))
      return this.once(HAS_PRICE) ? decimalString(bytes, at, end, values, field.price) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIDE))
      return this.once(HAS_SIDE) ? this.takerSide(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? isoTime(bytes, at, end, values, field.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TYPE)) return this.once(HAS_TYPE) ? this.type(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private id(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.idFrom = at + 1;
    this.idTo = close;
    if (close === at + 1 || close - at - 1 > TRADE_ID_BYTES_MAX) return FrameResult.shape;
    for (let i = at + 1; i < close; i++) if (bytes[i] === BACKSLASH) return FrameResult.shape;
    return close + 1;
  }

  private takerSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  /** Other types than these are trades like any other. A liquidation is matched in the book, a deleveraging beside it. */
  private type(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.isOffMarket = matches(bytes, at + 1, close, DELEVERAGED);
    this.isForced = this.isOffMarket || matches(bytes, at + 1, close, LIQUIDATED);
    return close + 1;
  }

  private get flags(): number {
    const id = (this.seen & HAS_ID) === 0 ? TradeFlag.noId : TradeFlag.textId;
    const history = this.isInitial ? TradeFlag.history : 0;
    return this.side | id | history | (this.isOffMarket ? TradeFlag.offMarket : 0);
  }

  private write(bytes: Uint8Array): number {
    const { sink, values } = this;
    const slot = sink.claim(this.market, RecordType.trade);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.flags;
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    sink.f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + trade.at.priceMilli + i] = values[field.price + i];
    sink.f64[base + trade.at.id] = 0;
    const written =
      (this.seen & HAS_ID) === 0 ? 1 : writeTradeId(this.sink, this.market, bytes, this.idFrom, this.idTo);
    if (written < 0 || !this.isForced || this.isInitial) return written;
    return writeLiquidation(sink, this.market, this.side, values, field.timeUs, values, field.price);
  }
}
