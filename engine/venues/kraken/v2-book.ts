// Reads the entries of the v2 `book` channel. Hot path.
//
// Source: Kraken WebSocket v2 docs, "Book" and "Book checksum" (2026-05); docs/venues/kraken.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { isoTime } from '../../decode/time.ts';
import type { SymbolDepths } from './depths.ts';
import { EntryList, HAS_SYMBOL } from './entry-list.ts';
import { field } from './fields.ts';
import { writeHead } from './records.ts';
import { V2Levels } from './v2-levels.ts';

const KEY_SYMBOL = keyBytes('symbol');
const KEY_BIDS = keyBytes('bids');
const KEY_ASKS = keyBytes('asks');
const KEY_CHECKSUM = keyBytes('checksum');
const KEY_TIMESTAMP = keyBytes('timestamp');

const HAS_BIDS = 2;
const HAS_ASKS = 4;
const HAS_CHECKSUM = 8;
const HAS_TIMESTAMP = 16;

/** A side that has not been met where no symbol was known yet. */
const NOWHERE = 0;

export class V2Book extends EntryList {
  private readonly depths: SymbolDepths;
  private readonly levels: V2Levels;
  private market = 0;
  private headSlot = -1;
  private bidsAt = NOWHERE;
  private asksAt = NOWHERE;
  private bidCount = 0;
  private askCount = 0;
  /** Of the symbol among those known; -1 for none. */
  private known = -1;

  constructor(sink: RecordSink, depths: SymbolDepths) {
    super(sink);
    this.depths = depths;
    this.levels = new V2Levels(sink);
  }

  protected override beginEntry(): number {
    this.headSlot = -1;
    this.bidsAt = NOWHERE;
    this.asksAt = NOWHERE;
    this.bidCount = 0;
    this.askCount = 0;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_SYMBOL)) return this.symbol(bytes, at, end);
    if (matches(bytes, from, to, KEY_BIDS)) return this.once(HAS_BIDS) ? this.bids(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ASKS)) return this.once(HAS_ASKS) ? this.asks(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_CHECKSUM)) {
      return this.once(HAS_CHECKSUM) ? integerNumber(bytes, at, end, this.values, field.checksum) : FrameResult.shape;
    }
    if (matches(bytes, from, to, KEY_TIMESTAMP))
      return this.once(HAS_TIMESTAMP) ? isoTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  /** A side is decoded at once where the symbol was seen before it; else its place is kept for endEntry(). */
  private bids(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_SYMBOL) === 0) {
      this.bidsAt = at;
      return skipValue(bytes, at, end);
    }
    const head = this.head(bytes);
    if (head < 0) return head;
    const after = this.levels.decode(bytes, at, end, this.market, 0);
    this.bidCount = this.levels.count;
    return after;
  }

  private asks(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_SYMBOL) === 0) {
      this.asksAt = at;
      return skipValue(bytes, at, end);
    }
    const head = this.head(bytes);
    if (head < 0) return head;
    const after = this.levels.decode(bytes, at, end, this.market, LevelFlag.ask);
    this.askCount = this.levels.count;
    return after;
  }

  /** Claims the head record before the first level. */
  private head(bytes: Uint8Array): number {
    if (this.headSlot >= 0) return 0;
    this.market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (this.market < 0) return this.market;
    this.known = this.depths.find(bytes, this.symbolFrom, this.symbolTo);
    this.levels.prepare(this.depths.priceDigitsOf(this.known), this.depths.quantityDigitsOf(this.known));
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    return this.headSlot;
  }

  protected endEntry(bytes: Uint8Array, end: number): number {
    if ((this.seen & HAS_SYMBOL) === 0 || (this.seen & (HAS_BIDS | HAS_ASKS)) === 0) return FrameResult.missingField;
    if (this.bidsAt !== NOWHERE) {
      const after = this.bids(bytes, this.bidsAt, end);
      if (after < 0) return after;
    }
    if (this.asksAt !== NOWHERE) {
      const after = this.asks(bytes, this.asksAt, end);
      if (after < 0) return after;
    }
    const hasChecksum = (this.seen & HAS_CHECKSUM) !== 0 ? ChangeFlag.hasChecksum : 0;
    const flags = this.isSnapshot ? ChangeFlag.snapshot | hasChecksum : hasChecksum;
    const count = this.bidCount + this.askCount;
    writeHead(this.sink, this.headSlot, flags, count, this.depth(bytes), this.values);
    return 1;
  }

  private depth(bytes: Uint8Array): number {
    if (!this.isSnapshot) return this.depths.updateDepth(this.known);
    const longer = Math.max(this.bidCount, this.askCount);
    return this.depths.snapshotDepth(bytes, this.symbolFrom, this.symbolTo, longer);
  }
}
