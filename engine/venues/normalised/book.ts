// Decodes normalised `book_change` and `book_snapshot` messages into a change head and its levels. Hot path.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import {
  booleanEnd,
  CLOSE_OBJECT,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { decodeLevels, levelsWritten } from './levels.ts';
import { HAS_MARKET, MessageFields, OWN_FIELDS } from './message.ts';

const KEY_BIDS = keyBytes('bids');
const KEY_ASKS = keyBytes('asks');
const KEY_IS_SNAPSHOT = keyBytes('isSnapshot');

const HAS_BIDS = OWN_FIELDS;
const HAS_ASKS = OWN_FIELDS << 1;
const HAS_IS_SNAPSHOT = OWN_FIELDS << 2;
const NEEDS = HAS_MARKET | HAS_BIDS | HAS_ASKS;

export class BookMessages {
  private readonly sink: RecordSink;
  private readonly shared = new MessageFields();
  private market = 0;
  private headSlot = -1;
  /** Where a list lies that came before both names of the market; 0 is none. */
  private bidsAt = 0;
  private asksAt = 0;
  private levels = 0;
  private flags = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes the message at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, isSnapshot: boolean): number {
    this.shared.begin();
    this.headSlot = -1;
    this.bidsAt = 0;
    this.asksAt = 0;
    this.levels = 0;
    this.flags = isSnapshot ? ChangeFlag.snapshot : 0;
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
    const written = this.finish(bytes, end);
    return written < 0 ? written : position + 1;
  }

  private field(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const shared = this.shared;
    if (matches(bytes, from, to, KEY_BIDS))
      return shared.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ASKS))
      return shared.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_IS_SNAPSHOT)) {
      if (!shared.once(HAS_IS_SNAPSHOT)) return FrameResult.shape;
      if (bytes[at] === 0x74) this.flags = ChangeFlag.snapshot;
      return booleanEnd(bytes, at, end);
    }
    return shared.take(bytes, from, to, at, end);
  }

  /** Decodes a side at once where the market's names came before it; else keeps its place for finish(). */
  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    if (!this.shared.has(HAS_MARKET)) {
      if (flags === LevelFlag.ask) this.asksAt = at;
      else this.bidsAt = at;
      return skipValue(bytes, at, end);
    }
    return this.decodeSide(bytes, at, end, flags);
  }

  private decodeSide(bytes: Uint8Array, at: number, end: number, flags: number): number {
    const head = this.head(bytes);
    if (head < 0) return head;
    const after = decodeLevels(bytes, at, end, this.sink, this.market, flags);
    this.levels += levelsWritten;
    return after;
  }

  /** Claims the head record before the first level. */
  private head(bytes: Uint8Array): number {
    if (this.headSlot >= 0) return 0;
    this.market = this.shared.market(this.sink, bytes);
    if (this.market < 0) return this.market;
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    return Math.min(this.headSlot, 0);
  }

  private finish(bytes: Uint8Array, end: number): number {
    if (!this.shared.has(NEEDS)) return FrameResult.missingField;
    if (this.bidsAt > 0) {
      const after = this.decodeSide(bytes, this.bidsAt, end, 0);
      if (after < 0) return after;
    }
    if (this.asksAt > 0) {
      const after = this.decodeSide(bytes, this.asksAt, end, LevelFlag.ask);
      if (after < 0) return after;
    }
    const f64 = this.sink.f64;
    const base = this.headSlot * SLOT_F64;
    this.sink.u8[this.headSlot * SLOT_BYTES + bookChange.at.flags] = this.flags;
    this.sink.u32[this.headSlot * SLOT_U32 + bookChange.at.count] = this.levels;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = this.shared.time[0];
    f64[base + bookChange.at.firstSequence] = 0;
    f64[base + bookChange.at.lastSequence] = 0;
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
    return 1;
  }
}
