// Reads the entries of `trades`, and of past trades asked for by REST, in the order they were sent. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", WsTrade (2026-06): `side` is the taker's, `B` bought, `A` sold.
// `tid` is a hash of the two order ids, one trade only together with coin and time: the id is the text `time-tid`.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { trade, tradeId } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { isZero } from '../../decode/records.ts';
import { decimalString, integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import type { FirstPushes } from './first-pushes.ts';

const KEY_COIN = keyBytes('coin');
const KEY_SIDE = keyBytes('side');
const KEY_PRICE = keyBytes('px');
const KEY_QUANTITY = keyBytes('sz');
const KEY_TIME = keyBytes('time');
const KEY_ID = keyBytes('tid');
const BUY = keyBytes('B');
const SELL = keyBytes('A');
const HYPHEN = 0x2d;

const HAS_COIN = 1;
const HAS_SIDE = 2;
const HAS_PRICE = 4;
const HAS_QUANTITY = 8;
const HAS_TIME = 16;
const HAS_ID = 32;
const NEEDS = HAS_COIN | HAS_SIDE | HAS_PRICE | HAS_QUANTITY | HAS_TIME | HAS_ID;

export class TradeEntries extends ObjectList {
  private readonly sink: RecordSink;
  private readonly firstPushes: FirstPushes;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private side = 0;
  private coinFrom = 0;
  private coinTo = 0;
  private timeFrom = 0;
  private timeTo = 0;
  private idFrom = 0;
  private idTo = 0;
  /** The symbol that all coins must be, of an answer by REST; nothing for a push. */
  private symbolFrom = 0;
  private symbolTo = 0;

  constructor(sink: RecordSink, firstPushes: FirstPushes) {
    super();
    this.sink = sink;
    this.firstPushes = firstPushes;
  }

  /** The list of a push at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.symbolTo = 0;
    return this.entries(bytes, at, end);
  }

  /** The list at `at` of past trades, all of the market named by bytes[from..to). */
  decodePast(bytes: Uint8Array, at: number, end: number, from: number, to: number): number {
    this.symbolFrom = from;
    this.symbolTo = to;
    return this.entries(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_COIN)) return this.once(HAS_COIN) ? this.coin(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIDE))
      return this.once(HAS_SIDE) ? this.takerSide(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PRICE)) return this.decimal(HAS_PRICE, bytes, at, end, field.price);
    if (matches(bytes, from, to, KEY_QUANTITY)) return this.decimal(HAS_QUANTITY, bytes, at, end, field.quantity);
    if (matches(bytes, from, to, KEY_TIME)) return this.once(HAS_TIME) ? this.time(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ID)) return this.once(HAS_ID) ? this.id(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private coin(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    this.coinFrom = at + 1;
    this.coinTo = close;
    return close < 0 ? close : close + 1;
  }

  private takerSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  private time(bytes: Uint8Array, at: number, end: number): number {
    const after = integerTime(bytes, at, end, this.values, field.timeUs);
    this.timeFrom = at;
    this.timeTo = after;
    return after;
  }

  private id(bytes: Uint8Array, at: number, end: number): number {
    const after = integerNumber(bytes, at, end, this.values, field.id);
    this.idFrom = at;
    this.idTo = after;
    return after;
  }

  protected endEntry(bytes: Uint8Array): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (isZero(this.values, field.price) || isZero(this.values, field.quantity)) return FrameResult.range;
    const isPast = this.symbolTo > 0;
    if (isPast && !this.isSymbol(bytes)) return FrameResult.shape;
    const market = this.sink.market(bytes, this.coinFrom, this.coinTo);
    if (market < 0) return market;
    const history = isPast || this.firstPushes.isFirst(market) ? TradeFlag.history : 0;
    const written = this.writeTrade(market, this.side | TradeFlag.textId | history);
    return written < 0 ? written : this.writeId(bytes, market);
  }

  private isSymbol(bytes: Uint8Array): boolean {
    const length = this.symbolTo - this.symbolFrom;
    if (this.coinTo - this.coinFrom !== length) return false;
    for (let i = 0; i < length; i++) if (bytes[this.coinFrom + i] !== bytes[this.symbolFrom + i]) return false;
    return true;
  }

  private writeTrade(market: number, flags: number): number {
    const { sink, values } = this;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = flags;
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    sink.f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + trade.at.exchangeTimeUs] = values[field.timeUs];
    for (let i = 0; i < 4; i++) sink.f64[base + trade.at.priceMilli + i] = values[field.price + i];
    sink.f64[base + trade.at.id] = 0;
    return 1;
  }

  /** `time-tid`, the digits as sent: at most 33 bytes. */
  private writeId(bytes: Uint8Array, market: number): number {
    const { sink, timeFrom, timeTo, idFrom, idTo } = this;
    const slot = sink.claim(market, RecordType.tradeId);
    if (slot < 0) return slot;
    const { u8 } = sink;
    let to = slot * SLOT_BYTES + tradeId.at.text;
    sink.u32[slot * SLOT_U32 + tradeId.at.count] = timeTo - timeFrom + 1 + idTo - idFrom;
    for (let i = timeFrom; i < timeTo; i++) u8[to++] = bytes[i];
    u8[to++] = HYPHEN;
    for (let i = idFrom; i < idTo; i++) u8[to++] = bytes[i];
    return 1;
  }
}
