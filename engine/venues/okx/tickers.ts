// Reads the entries of `tickers`: a quote where both best sides came, else no record. Hot path.
//
// Source: OKX API guide v5, "Tickers channel" (2026-08).

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import { keyBytes, matches, QUOTE } from '../../decode/scan.ts';
import { EntryList, HAS_TIME } from './entry-list.ts';
import { field } from './fields.ts';

const KEY_BID = keyBytes('bidPx');
const KEY_BID_QUANTITY = keyBytes('bidSz');
const KEY_ASK = keyBytes('askPx');
const KEY_ASK_QUANTITY = keyBytes('askSz');

const HAS_BID = 4;
const HAS_BID_QUANTITY = 8;
const HAS_ASK = 16;
const HAS_ASK_QUANTITY = 32;
const QUOTE_NEEDS = HAS_BID | HAS_BID_QUANTITY | HAS_ASK | HAS_ASK_QUANTITY;

export class TickerEntries extends EntryList {
  /** Bits of fields whose text is empty. */
  private empty = 0;

  protected override beginEntry(): number {
    this.empty = 0;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_ASK)) return this.part(HAS_ASK, bytes, at, end, field.askPrice);
    if (matches(bytes, from, to, KEY_BID)) return this.part(HAS_BID, bytes, at, end, field.bidPrice);
    if (matches(bytes, from, to, KEY_ASK_QUANTITY))
      return this.part(HAS_ASK_QUANTITY, bytes, at, end, field.askQuantity);
    if (matches(bytes, from, to, KEY_BID_QUANTITY))
      return this.part(HAS_BID_QUANTITY, bytes, at, end, field.bidQuantity);
    return this.otherMember(bytes, from, to, at, end);
  }

  /** One number of the quote. An empty text says that there is none (an empty side). */
  private part(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    const isEmpty = at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === QUOTE;
    if (!isEmpty) return this.decimal(bit, bytes, at, end, index);
    this.empty |= bit;
    return this.once(bit) ? at + 2 : FrameResult.shape;
  }

  protected endEntry(): number {
    if ((this.seen & HAS_TIME) === 0) return FrameResult.missingField;
    if ((this.seen & ~this.empty & QUOTE_NEEDS) !== QUOTE_NEEDS) return 1;
    return writeQuote(this.sink, this.market, this.values, field.timeUs, this.values, field.bidPrice);
  }
}
