// Reads the data of `l2Book`: one whole book, numbered by its time. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", WsBook (2026-06); venues.md §4.2, §4.3: every push is a snapshot.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  CLOSE_ARRAY,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { LevelObject } from './level.ts';

const KEY_COIN = keyBytes('coin');
const KEY_TIME = keyBytes('time');
const KEY_LEVELS = keyBytes('levels');

const HAS_COIN = 1;
const HAS_TIME = 2;
const HAS_LEVELS = 4;
const NEEDS = HAS_COIN | HAS_TIME | HAS_LEVELS;

export class BookReader extends ObjectReader {
  private readonly sink: RecordSink;
  private readonly level = new LevelObject();
  private readonly timeUs = new Float64Array(1);
  private market = 0;
  /** Where the levels lie if they came before the coin; 0 is nowhere. */
  private levelsAt = 0;
  private headSlot = 0;
  private count = 0;
  /** Levels of the longer side: a push shows 20, or 5, and nothing of what lies behind them. */
  private depth = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Decodes the object at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.levelsAt = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (this.levelsAt > 0) {
      const read = this.sides(bytes, this.levelsAt, end);
      if (read < 0) return read;
    }
    this.writeHead();
    return after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_LEVELS))
      return this.once(HAS_LEVELS) ? this.levels(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_COIN)) return this.once(HAS_COIN) ? this.coin(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? integerTime(bytes, at, end, this.timeUs, 0) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private coin(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.market = this.sink.market(bytes, at + 1, close);
    return this.market < 0 ? this.market : close + 1;
  }

  private levels(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_COIN) !== 0) return this.sides(bytes, at, end);
    this.levelsAt = at;
    return skipValue(bytes, at, end);
  }

  /** `[bids, asks]`, behind the head record. */
  private sides(bytes: Uint8Array, at: number, end: number): number {
    this.count = 0;
    this.depth = 0;
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    if (this.headSlot < 0) return this.headSlot;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    for (let flags = 0; flags <= LevelFlag.ask; flags++) {
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      position = this.side(bytes, position, end, flags);
      if (position < 0) return position;
      position = next(bytes, position, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return bytes[position] === CLOSE_ARRAY ? position + 1 : FrameResult.shape;
  }

  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    const before = this.count;
    while (bytes[position] !== CLOSE_ARRAY) {
      const after = this.oneLevel(bytes, position, end, flags);
      if (after < 0) return after;
      this.count++;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    this.depth = Math.max(this.depth, this.count - before);
    return position + 1;
  }

  private oneLevel(bytes: Uint8Array, at: number, end: number, flags: number): number {
    const { sink } = this;
    const slot = sink.claim(this.market, RecordType.level);
    if (slot < 0) return slot;
    const after = this.level.read(bytes, at, end, sink.f64, slot * SLOT_F64 + level.at.priceMilli);
    sink.u8[slot * SLOT_BYTES + level.at.flags] = flags;
    sink.u8[slot * SLOT_BYTES + level.at.priceDecimals] = this.level.priceDecimals;
    sink.u8[slot * SLOT_BYTES + level.at.quantityDecimals] = this.level.quantityDecimals;
    return after;
  }

  private writeHead(): void {
    const { f64, u8, u32 } = this.sink;
    const { headSlot, timeUs } = this;
    const base = headSlot * SLOT_F64;
    const timeMs = Math.floor(timeUs[0] / 1000);
    u8[headSlot * SLOT_BYTES + bookChange.at.flags] = ChangeFlag.snapshot | ChangeFlag.hasSequence;
    u32[headSlot * SLOT_U32 + bookChange.at.count] = this.count;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = timeUs[0];
    f64[base + bookChange.at.firstSequence] = timeMs;
    f64[base + bookChange.at.lastSequence] = timeMs;
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = this.depth;
  }
}
