// Decodes `depthUpdate` payloads and pushed REST snapshots into a change head and its levels. Hot path.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { CLOSE_OBJECT, integerNumber, keyBytes, matches, next, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { field } from './fields.ts';
import { FrameKind, HAS_EVENT, HAS_EVENT_TIME, HAS_SYMBOL, LETTER } from './frame.ts';
import { decodeLevels, levelsWritten } from './levels.ts';

const KEY_PREVIOUS = keyBytes('pu');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_LAST_UPDATE_ID = keyBytes('lastUpdateId');
const KEY_BIDS = keyBytes('bids');
const KEY_ASKS = keyBytes('asks');

const HAS_FIRST = 8;
const HAS_LAST = 16;
const HAS_BIDS = 32;
const HAS_ASKS = 64;
const HAS_PREVIOUS = 128;
const SNAPSHOT_NEEDS = HAS_SYMBOL | HAS_LAST | HAS_BIDS | HAS_ASKS;
const CHANGE_NEEDS = SNAPSHOT_NEEDS | HAS_FIRST;

export class DepthFrames extends FrameKind {
  private readonly changeNeeds: number;
  private market = 0;
  private headSlot = -1;
  /** Where a list lies that came before the symbol; 0 is none. */
  private bidsAt = 0;
  private asksAt = 0;
  private levels = 0;

  /** USD-M and COIN-M: `pu` chains the changes and must be there. */
  constructor(sink: RecordSink, isFutures: boolean) {
    super(sink);
    this.changeNeeds = isFutures ? CHANGE_NEEDS | HAS_PREVIOUS : CHANGE_NEEDS;
  }

  /** Decodes a `depthUpdate` at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  change(bytes: Uint8Array, at: number, end: number): number {
    this.begin();
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after =
        keyTo - keyFrom === 1 ? this.field(bytes, bytes[keyFrom], value, end) : this.previous(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.finish(bytes, end, this.changeNeeds, 0);
    return written < 0 ? written : position + 1;
  }

  /** Decodes the inner object of `{"snapshot":{"symbol":"BTCUSDT", …the venue's response…}}`. */
  snapshot(bytes: Uint8Array, at: number, end: number): number {
    this.begin();
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.snapshotField(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.finish(bytes, end, SNAPSHOT_NEEDS, ChangeFlag.snapshot | ChangeFlag.rest);
    return written < 0 ? written : position + 1;
  }

  private begin(): void {
    this.seen = 0;
    this.headSlot = -1;
    this.bidsAt = 0;
    this.asksAt = 0;
    this.levels = 0;
    this.values[field.eventTime] = 0;
    this.values[field.previousSequence] = 0;
  }

  private previous(bytes: Uint8Array, at: number, end: number): number {
    if (!matches(bytes, keyFrom, keyTo, KEY_PREVIOUS)) return skipValue(bytes, at, end);
    return this.integer(bytes, at, end, HAS_PREVIOUS, field.previousSequence);
  }

  private integer(bytes: Uint8Array, at: number, end: number, bit: number, index: number): number {
    return this.once(bit) ? integerNumber(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private field(bytes: Uint8Array, key: number, at: number, end: number): number {
    switch (key) {
      case LETTER.s:
        return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
      case LETTER.U:
        return this.integer(bytes, at, end, HAS_FIRST, field.firstSequence);
      case LETTER.u:
        return this.integer(bytes, at, end, HAS_LAST, field.lastSequence);
      case LETTER.E:
        return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
      case LETTER.b:
        return this.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
      case LETTER.a:
        return this.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
      case LETTER.e:
        return this.once(HAS_EVENT) ? skipValue(bytes, at, end) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  private snapshotField(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_SYMBOL))
      return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_LAST_UPDATE_ID)) return this.integer(bytes, at, end, HAS_LAST, field.lastSequence);
    if (matches(bytes, from, to, KEY_BIDS))
      return this.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ASKS))
      return this.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
    if (to - from !== 1 || bytes[from] !== LETTER.E) return skipValue(bytes, at, end);
    return this.once(HAS_EVENT_TIME) ? this.time(bytes, at, end, field.eventTime) : FrameResult.shape;
  }

  /** Decodes a side at once where the symbol was seen before it; else keeps its place for finish(). */
  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    if ((this.seen & HAS_SYMBOL) !== 0) return this.decodeSide(bytes, at, end, flags);
    if (flags === LevelFlag.ask) this.asksAt = at;
    else this.bidsAt = at;
    return skipValue(bytes, at, end);
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
    this.market = this.sink.market(bytes, this.symbolFrom, this.symbolTo);
    if (this.market < 0) return this.market;
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    return Math.min(this.headSlot, 0);
  }

  private finish(bytes: Uint8Array, end: number, needs: number, flags: number): number {
    if ((this.seen & needs) !== needs) return FrameResult.missingField;
    const values = this.values;
    if (flags !== 0) values[field.firstSequence] = values[field.lastSequence];
    if (values[field.firstSequence] > values[field.lastSequence]) return FrameResult.range;
    if (this.bidsAt > 0) {
      const after = this.decodeSide(bytes, this.bidsAt, end, 0);
      if (after < 0) return after;
    }
    if (this.asksAt > 0) {
      const after = this.decodeSide(bytes, this.asksAt, end, LevelFlag.ask);
      if (after < 0) return after;
    }
    const hasPrevious = (this.seen & HAS_PREVIOUS) !== 0 ? ChangeFlag.hasPrevious : 0;
    const sink = this.sink;
    const f64 = sink.f64;
    const base = this.headSlot * SLOT_F64;
    sink.u8[this.headSlot * SLOT_BYTES + bookChange.at.flags] = flags | ChangeFlag.hasSequence | hasPrevious;
    sink.u32[this.headSlot * SLOT_U32 + bookChange.at.count] = this.levels;
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[field.eventTime];
    f64[base + bookChange.at.firstSequence] = values[field.firstSequence];
    f64[base + bookChange.at.lastSequence] = values[field.lastSequence];
    f64[base + bookChange.at.previousSequence] = values[field.previousSequence];
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
    return 1;
  }
}
