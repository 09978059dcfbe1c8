// Reads the entries of the v2 `trade` channel, in the order they were sent. Hot path.
//
// Source: Kraken WebSocket v2 docs, "Trade" (2026-05): `side` is the taker's, `trade_id` rises by one per market.

import { FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decimalNumber, integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { isoTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { EntryList, HAS_SYMBOL } from './entry-list.ts';
import { field } from './fields.ts';
import { writeTrade } from './records.ts';

const KEY_SYMBOL = keyBytes('symbol');
const KEY_SIDE = keyBytes('side');
const KEY_PRICE = keyBytes('price');
const KEY_QUANTITY = keyBytes('qty');
const KEY_ID = keyBytes('trade_id');
const KEY_TIMESTAMP = keyBytes('timestamp');
const BUY = keyBytes('buy');
const SELL = keyBytes('sell');

const HAS_SIDE = 2;
const HAS_PRICE = 4;
const HAS_QUANTITY = 8;
const HAS_ID = 16;
const HAS_TIMESTAMP = 32;
const NEEDS = HAS_SYMBOL | HAS_SIDE | HAS_PRICE | HAS_QUANTITY | HAS_ID | HAS_TIMESTAMP;

export class V2Trades extends EntryList {
  private side = 0;

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const values = this.values;
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.symbol(bytes, at, end);
    if (matches(bytes, from, to, KEY_SIDE))
      return this.once(HAS_SIDE) ? this.takerSide(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PRICE))
      return this.once(HAS_PRICE) ? decimalNumber(bytes, at, end, values, field.price) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_QUANTITY))
      return this.once(HAS_QUANTITY) ? decimalNumber(bytes, at, end, values, field.quantity) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ID))
      return this.once(HAS_ID) ? integerNumber(bytes, at, end, values, field.id) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIMESTAMP))
      return this.once(HAS_TIMESTAMP) ? isoTime(bytes, at, end, values, field.timeUs) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private takerSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.side = matches(bytes, at + 1, close, BUY) ? Side.buy : Side.sell;
    return this.side === Side.buy || matches(bytes, at + 1, close, SELL) ? close + 1 : FrameResult.type;
  }

  protected endEntry(bytes: Uint8Array): number {
    if (this.seen !== NEEDS) return FrameResult.missingField;
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    return writeTrade(this.sink, market, this.isSnapshot ? this.side | TradeFlag.history : this.side, this.values);
  }
}
