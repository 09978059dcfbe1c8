// Reads liquidations: the list of `allLiquidation`, and the one object of `liquidation`, its predecessor. Hot path.
//
// Source: Bybit API v5 docs, "All Liquidation" and "Liquidation" (2026-08): the side is that of the position, `Buy` being a
// long one; the order that closed it has the other side. The price is the position's bankruptcy price.

import { FrameResult, Side } from '../../../schemas/ids.ts';
import { writeLiquidation } from '../../decode/derivatives.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { decimalString, keyBytes, matches, OPEN_OBJECT, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { repeatedSymbol, type TopicSymbol } from './symbol.ts';

/** Names in a list and in the single object. */
const KEYS_TIME = [keyBytes('T'), keyBytes('updatedTime')];
const KEYS_SYMBOL = [keyBytes('s'), keyBytes('symbol')];
const KEYS_SIDE = [keyBytes('S'), keyBytes('side')];
const KEYS_QUANTITY = [keyBytes('v'), keyBytes('size')];
const KEYS_PRICE = [keyBytes('p'), keyBytes('price')];
const BUY = keyBytes('Buy');
const SELL = keyBytes('Sell');

const HAS_TIME = 1;
const HAS_SIDE = 2;
const HAS_QUANTITY = 4;
const HAS_PRICE = 8;
const HAS_SYMBOL = 16;
const NEEDS = HAS_TIME | HAS_SIDE | HAS_QUANTITY | HAS_PRICE;

export class LiquidationEntries extends ObjectList {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly symbol: TopicSymbol;
  private market = 0;
  /** Which names the message has: 0 those of a list, 1 those of the single object. */
  private form = 0;
  private side = 0;

  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super();
    this.sink = sink;
    this.symbol = symbol;
  }

  /** Decodes the list or object at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number): number {
    this.market = market;
    this.form = bytes[at] === OPEN_OBJECT ? 1 : 0;
    if (this.form === 0) return this.entries(bytes, at, end);
    this.beginEntry();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const written = this.endEntry();
    return written < 0 ? written : after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const { form } = this;
    if (matches(bytes, from, to, KEYS_TIME[form]))
      return this.once(HAS_TIME) ? integerTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEYS_SIDE[form]))
      return this.once(HAS_SIDE) ? this.closingSide(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEYS_QUANTITY[form]))
      return this.once(HAS_QUANTITY) ? decimalString(bytes, at, end, this.values, field.quantity) : FrameResult.shape;
    if (matches(bytes, from, to, KEYS_PRICE[form]))
      return this.once(HAS_PRICE) ? decimalString(bytes, at, end, this.values, field.price) : FrameResult.shape;
    if (!matches(bytes, from, to, KEYS_SYMBOL[form])) return skipValue(bytes, at, end);
    return this.once(HAS_SYMBOL) ? repeatedSymbol(bytes, at, end, this.symbol) : FrameResult.shape;
  }

  private closingSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const isLong = matches(bytes, at + 1, close, BUY);
    if (!isLong && !matches(bytes, at + 1, close, SELL)) return FrameResult.type;
    this.side = isLong ? Side.sell : Side.buy;
    return close + 1;
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const { sink, market, side, values } = this;
    return writeLiquidation(sink, market, side, values, field.timeUs, values, field.price);
  }
}
