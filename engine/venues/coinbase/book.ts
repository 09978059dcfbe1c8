// Reads one level2 event, a snapshot or an update of one product's book. Hot path.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Level2 Channel" (2026-08); docs/venues/coinbase.md.

import { ChangeFlag, FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { type ConnectionSequence, HAS_BOOK } from '../../decode/connection-sequence.ts';
import { CLOSE_OBJECT, keyBytes, matches, next, skipSpace, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';
import { envelope } from './fields.ts';
import { LATEST, LevelList } from './levels.ts';

const KEY_TYPE = keyBytes('type');
const KEY_PRODUCT = keyBytes('product_id');
const KEY_UPDATES = keyBytes('updates');
const SNAPSHOT = keyBytes('snapshot');
const UPDATE = keyBytes('update');

const HAS_TYPE = 1;
const HAS_PRODUCT = 2;
const HAS_UPDATES = 4;
const NEEDS = HAS_TYPE | HAS_PRODUCT | HAS_UPDATES;

export class BookEvents {
  private readonly sink: RecordSink;
  private readonly envelope: Float64Array;
  private readonly sequence: ConnectionSequence;
  private readonly levels: LevelList;
  private seen = 0;
  private isSnapshot = false;
  private productFrom = 0;
  private productTo = 0;
  private market = 0;
  private headSlot = 0;
  private updatesAt = 0;

  constructor(sink: RecordSink, envelopeRow: Float64Array, sequence: ConnectionSequence) {
    this.sink = sink;
    this.envelope = envelopeRow;
    this.sequence = sequence;
    this.levels = new LevelList(sink);
  }

  /** Decodes the event at bytes[at] (its `{`); returns the offset after it, or a negative FrameResult. */
  event(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.updatesAt = 0;
    this.levels.begin();
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.endEvent(bytes, end);
    return written < 0 ? written : position + 1;
  }

  /** Notes a field; false where the event had it before. */
  private once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  private member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_UPDATES))
      return this.once(HAS_UPDATES) ? this.updates(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PRODUCT))
      return this.once(HAS_PRODUCT) ? this.product(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TYPE)) return this.once(HAS_TYPE) ? this.type(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private type(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.isSnapshot = matches(bytes, at + 1, close, SNAPSHOT);
    return this.isSnapshot || matches(bytes, at + 1, close, UPDATE) ? close + 1 : FrameResult.type;
  }

  private product(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.productFrom = at + 1;
    this.productTo = close;
    return close + 1;
  }

  /** Decodes the levels at once where the product was seen before them; else keeps their place for endEvent(). */
  private updates(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_PRODUCT) === 0) {
      this.updatesAt = at;
      return skipValue(bytes, at, end);
    }
    const head = this.head(bytes);
    return head < 0 ? head : this.levels.decode(bytes, at, end, this.market);
  }

  /** Claims the head record, which stands before the first level. */
  private head(bytes: Uint8Array): number {
    this.market = this.sink.market(bytes, this.productFrom, this.productTo);
    if (this.market < 0) return this.market;
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    return this.headSlot;
  }

  private endEvent(bytes: Uint8Array, end: number): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (this.updatesAt > 0) {
      const head = this.head(bytes);
      if (head < 0) return head;
      const after = this.levels.decode(bytes, this.updatesAt, end, this.market);
      if (after < 0) return after;
    }
    this.writeHead();
    if (this.isSnapshot) this.sequence.addMarket(this.market, HAS_BOOK);
    return 1;
  }

  private writeHead(): void {
    const f64 = this.sink.f64;
    const base = this.headSlot * SLOT_F64;
    const times = this.levels.times;
    const flags = this.isSnapshot ? ChangeFlag.snapshot | ChangeFlag.hasSequence : ChangeFlag.hasSequence;
    this.sink.u8[this.headSlot * SLOT_BYTES + bookChange.at.flags] = flags;
    this.sink.u32[this.headSlot * SLOT_U32 + bookChange.at.count] = this.levels.count;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    // event_time of a snapshot is 1970 (docs) or that of its making (recording): the message's own time is sure.
    const hasOwn = !this.isSnapshot && times[LATEST] > 0;
    f64[base + bookChange.at.exchangeTimeUs] = hasOwn ? times[LATEST] : this.envelope[envelope.timestampUs];
    f64[base + bookChange.at.firstSequence] = this.envelope[envelope.sequence];
    f64[base + bookChange.at.lastSequence] = this.envelope[envelope.sequence];
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }
}
