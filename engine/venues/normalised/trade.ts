// Decodes normalised `trade` messages into trade records. Hot path.

import { FrameResult, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { TRADE_ID_BYTES_MAX, trade } from '../../../schemas/market-data.ts';
import { parseInteger } from '../../decode/integer.ts';
import { writeTradeId } from '../../decode/records.ts';
import {
  CLOSE_OBJECT,
  decimalAny,
  keyBytes,
  matches,
  next,
  QUOTE,
  skipValue,
  stringEnd,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { HAS_MARKET, HAS_TIME, MessageFields, OWN_FIELDS } from './message.ts';

const KEY_PRICE = keyBytes('price');
const KEY_AMOUNT = keyBytes('amount');
const KEY_SIDE = keyBytes('side');
const KEY_ID = keyBytes('id');
const BUY = keyBytes('buy');
const SELL = keyBytes('sell');
const UNKNOWN = keyBytes('unknown');

const HAS_PRICE = OWN_FIELDS;
const HAS_AMOUNT = OWN_FIELDS << 1;
const HAS_SIDE = OWN_FIELDS << 2;
const HAS_ID = OWN_FIELDS << 3;
const NEEDS = HAS_MARKET | HAS_TIME | HAS_PRICE | HAS_AMOUNT;

/** Scratch: price, quantity (milli, atto each), id. */
const PRICE = 0;
const QUANTITY = 2;
const ID = 4;

const LETTER_N = 0x6e;
const BACKSLASH = 0x5c;

export class TradeMessages {
  private readonly sink: RecordSink;
  private readonly shared = new MessageFields();
  private readonly values = new Float64Array(5);
  private flags = 0;
  private idFrom = 0;
  private idTo = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes the message at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.shared.begin();
    this.flags = TradeFlag.noId;
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.field(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.write(bytes);
    return written < 0 ? written : position + 1;
  }

  private field(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const shared = this.shared;
    if (matches(bytes, from, to, KEY_PRICE))
      return shared.once(HAS_PRICE) ? decimalAny(bytes, at, end, this.values, PRICE) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_AMOUNT))
      return shared.once(HAS_AMOUNT) ? decimalAny(bytes, at, end, this.values, QUANTITY) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SIDE))
      return shared.once(HAS_SIDE) ? this.side(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ID)) return shared.once(HAS_ID) ? this.id(bytes, at, end) : FrameResult.shape;
    return shared.take(bytes, from, to, at, end);
  }

  private side(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
    const close = stringEnd(bytes, at + 1, end);
    if (close < 0) return close;
    if (matches(bytes, at + 1, close, BUY)) this.flags |= Side.buy;
    else if (matches(bytes, at + 1, close, SELL)) this.flags |= Side.sell;
    else if (!matches(bytes, at + 1, close, UNKNOWN)) return FrameResult.type;
    return close + 1;
  }

  /** A number or text; `null` is none. A whole number below 2^53 in its plain form is the id, any other is kept as text. */
  private id(bytes: Uint8Array, at: number, end: number): number {
    const isText = at < end && bytes[at] === QUOTE;
    const after = isText ? stringEnd(bytes, at + 1, end) : skipValue(bytes, at, end);
    if (after < 0) return after;
    if (!isText && bytes[at] === LETTER_N) return after;
    if (!isText && (bytes[at] > 0x39 || bytes[at] < 0x2d)) return FrameResult.type;
    const from = isText ? at + 1 : at;
    if (after === from) return FrameResult.shape;
    this.flags &= ~TradeFlag.noId;
    if (parseInteger(bytes, from, after, this.values, ID) === after) return isText ? after + 1 : after;
    if (after - from > TRADE_ID_BYTES_MAX) return FrameResult.shape;
    for (let i = from; i < after; i++) if (bytes[i] === BACKSLASH) return FrameResult.shape;
    this.flags |= TradeFlag.textId;
    this.idFrom = from;
    this.idTo = after;
    this.values[ID] = 0;
    return isText ? after + 1 : after;
  }

  private write(bytes: Uint8Array): number {
    if (!this.shared.has(NEEDS)) return FrameResult.missingField;
    const values = this.values;
    if ((values[PRICE] === 0 && values[PRICE + 1] === 0) || (values[QUANTITY] === 0 && values[QUANTITY + 1] === 0))
      return FrameResult.range;
    const sink = this.sink;
    const market = this.shared.market(sink, bytes);
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const f64 = sink.f64;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = this.flags;
    sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = this.shared.time[0];
    f64[base + trade.at.priceMilli] = values[PRICE];
    f64[base + trade.at.priceAtto] = values[PRICE + 1];
    f64[base + trade.at.quantityMilli] = values[QUANTITY];
    f64[base + trade.at.quantityAtto] = values[QUANTITY + 1];
    if ((this.flags & TradeFlag.noId) !== 0) f64[base + trade.at.id] = 0;
    else f64[base + trade.at.id] = values[ID];
    return (this.flags & TradeFlag.textId) === 0 ? 1 : writeTradeId(this.sink, market, bytes, this.idFrom, this.idTo);
  }
}
