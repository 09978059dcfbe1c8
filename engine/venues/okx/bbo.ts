// Reads the entries of `bbo-tbt`: a quote with its book's sequence where both sides have a level, else no record. Hot path.
//
// Source: OKX API guide v5, "Order book channel" (2026-08): one level a side, in rows like those of a book.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64 } from '../../../schemas/layout.ts';
import { quote, quoteAsk } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  integerNumber,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  skipSpace,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';
import { EntryList, HAS_TIME } from './entry-list.ts';
import { field } from './fields.ts';

const KEY_ASKS = keyBytes('asks');
const KEY_BIDS = keyBytes('bids');
const KEY_SEQUENCE = keyBytes('seqId');

const HAS_ASKS = 4;
const HAS_BIDS = 8;
const HAS_SEQUENCE = 16;
const NEEDS = HAS_TIME | HAS_ASKS | HAS_BIDS;

export class BboEntries extends EntryList {
  /** A side without a level. */
  private hasEmptySide = false;

  protected override beginEntry(): number {
    this.hasEmptySide = false;
    this.values[field.sequence] = 0;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_ASKS))
      return this.once(HAS_ASKS) ? this.side(bytes, at, end, field.askPrice) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BIDS))
      return this.once(HAS_BIDS) ? this.side(bytes, at, end, field.bidPrice) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SEQUENCE))
      return this.once(HAS_SEQUENCE) ? integerNumber(bytes, at, end, this.values, field.sequence) : FrameResult.shape;
    return this.otherMember(bytes, from, to, at, end);
  }

  /** The first row of a side's list; there is never another. */
  private side(bytes: Uint8Array, at: number, end: number, index: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    const first = skipSpace(bytes, at + 1, end);
    if (bytes[first] === CLOSE_ARRAY) {
      this.hasEmptySide = true;
      return first + 1;
    }
    if (bytes[first] !== OPEN_ARRAY) return wrongType(bytes, first, end);
    const after = this.row(bytes, first, end, index);
    if (after < 0) return after;
    const closed = next(bytes, after, end, CLOSE_ARRAY);
    if (closed < 0) return closed;
    return bytes[closed] === CLOSE_ARRAY ? closed + 1 : FrameResult.shape;
  }

  private row(bytes: Uint8Array, at: number, end: number, index: number): number {
    let position = skipSpace(bytes, at + 1, end);
    for (let i = index; i < index + 4; i += 2) {
      if (position < 0) return position;
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      position = decimalString(bytes, position, end, this.values, i);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
    }
    return passElements(bytes, position, end);
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (this.hasEmptySide) return 1;
    const bidSlot = this.sink.claim(this.market, RecordType.quote);
    if (bidSlot < 0) return bidSlot;
    this.writeBid(bidSlot * SLOT_F64);
    const askSlot = this.sink.claim(this.market, RecordType.quoteAsk);
    if (askSlot < 0) return askSlot;
    const ask = askSlot * SLOT_F64 + quoteAsk.at.askPriceMilli;
    for (let i = 0; i < 4; i++) this.sink.f64[ask + i] = this.values[field.askPrice + i];
    return 1;
  }

  private writeBid(base: number): void {
    const { f64, frame } = this.sink;
    const values = this.values;
    f64[base + quote.at.receiveTimeNs] = frame[RECEIVE];
    f64[base + quote.at.exchangeTimeUs] = values[field.timeUs];
    f64[base + quote.at.sequence] = values[field.sequence];
    for (let i = 0; i < 4; i++) f64[base + quote.at.bidPriceMilli + i] = values[field.bidPrice + i];
  }
}
