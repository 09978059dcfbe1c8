// Reads the entries of the v2 `ticker` channel: a quote where both best sides came, else no record. Hot path.
//
// Source: Kraken WebSocket v2 docs, "Ticker (Level 1)" (2026-05).

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import { decimalNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { isoTime } from '../../decode/time.ts';
import { EntryList, HAS_SYMBOL } from './entry-list.ts';
import { field } from './fields.ts';

const KEY_SYMBOL = keyBytes('symbol');
const KEY_BID = keyBytes('bid');
const KEY_BID_QUANTITY = keyBytes('bid_qty');
const KEY_ASK = keyBytes('ask');
const KEY_ASK_QUANTITY = keyBytes('ask_qty');
const KEY_TIMESTAMP = keyBytes('timestamp');

const HAS_BID = 2;
const HAS_BID_QUANTITY = 4;
const HAS_ASK = 8;
const HAS_ASK_QUANTITY = 16;
const HAS_TIMESTAMP = 32;
const QUOTE_NEEDS = HAS_BID | HAS_BID_QUANTITY | HAS_ASK | HAS_ASK_QUANTITY;

export class V2Tickers extends EntryList {
  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.symbol(bytes, at, end);
    if (matches(bytes, from, to, KEY_BID)) return this.part(HAS_BID, bytes, at, end, field.bidPrice);
    if (matches(bytes, from, to, KEY_ASK)) return this.part(HAS_ASK, bytes, at, end, field.askPrice);
    if (matches(bytes, from, to, KEY_BID_QUANTITY))
      return this.part(HAS_BID_QUANTITY, bytes, at, end, field.bidQuantity);
    if (matches(bytes, from, to, KEY_ASK_QUANTITY))
      return this.part(HAS_ASK_QUANTITY, bytes, at, end, field.askQuantity);
    if (matches(bytes, from, to, KEY_TIMESTAMP))
      return this.once(HAS_TIMESTAMP) ? isoTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalNumber(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  protected endEntry(bytes: Uint8Array): number {
    if ((this.seen & HAS_SYMBOL) === 0) return FrameResult.missingField;
    // The market begins with its first valid message, be there a quote in it or not.
    const market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (market < 0) return market;
    return (this.seen & QUOTE_NEEDS) === QUOTE_NEEDS
      ? writeQuote(this.sink, market, this.values, field.timeUs, this.values, field.bidPrice)
      : 1;
  }
}
