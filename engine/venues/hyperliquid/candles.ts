// Reads the data of `candle`: one running candle or a list of them, its numbers as text or not. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", Candle (2026-06): a list with numbers; recordings show one object
// with texts (venues.md §4.2). Nothing says that a candle is closed: a later one follows.

import { FrameResult, RecordType } from '../../../schemas/ids.ts';
import { SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { candle } from '../../../schemas/market-data.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { writeCandlePrices } from '../../decode/records.ts';
import { decimalAny, integerNumber, keyBytes, matches, OPEN_OBJECT, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { intervalMs } from './channels.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const KEY_START = keyBytes('t');
const KEY_COIN = keyBytes('s');
const KEY_INTERVAL = keyBytes('i');
const KEY_OPEN = keyBytes('o');
const KEY_CLOSE = keyBytes('c');
const KEY_HIGH = keyBytes('h');
const KEY_LOW = keyBytes('l');
const KEY_VOLUME = keyBytes('v');
const KEY_TRADES = keyBytes('n');

const HAS_START = 1;
const HAS_COIN = 2;
const HAS_OPEN = 4;
const HAS_CLOSE = 8;
const HAS_HIGH = 16;
const HAS_LOW = 32;
const HAS_VOLUME = 64;
const NEEDS = HAS_START | HAS_COIN | HAS_OPEN | HAS_CLOSE | HAS_HIGH | HAS_LOW | HAS_VOLUME;
const HAS_INTERVAL = 128;
const HAS_TRADES = 256;

const TRADES_MAX = 0xffffffff;

export class CandleReader extends ObjectList {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private lengthMs = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Decodes the object or list at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return this.entries(bytes, at, end);
    this.beginEntry();
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const written = this.endEntry();
    return written < 0 ? written : after;
  }

  protected override beginEntry(): number {
    this.lengthMs = 0;
    this.values[field.trades] = 0;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_OPEN)) return this.decimal(HAS_OPEN, bytes, at, end, field.open);
    if (matches(bytes, from, to, KEY_CLOSE)) return this.decimal(HAS_CLOSE, bytes, at, end, field.close);
    if (matches(bytes, from, to, KEY_HIGH)) return this.decimal(HAS_HIGH, bytes, at, end, field.high);
    if (matches(bytes, from, to, KEY_LOW)) return this.decimal(HAS_LOW, bytes, at, end, field.low);
    if (matches(bytes, from, to, KEY_VOLUME)) return this.decimal(HAS_VOLUME, bytes, at, end, field.volume);
    if (matches(bytes, from, to, KEY_START))
      return this.once(HAS_START) ? integerTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_COIN)) return this.once(HAS_COIN) ? this.coin(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_INTERVAL))
      return this.once(HAS_INTERVAL) ? this.interval(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_TRADES))
      return this.once(HAS_TRADES) ? this.tradeCount(bytes, at, end) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalAny(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  private coin(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.market = this.sink.market(bytes, at + 1, close);
    return this.market < 0 ? this.market : close + 1;
  }

  private interval(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.lengthMs = intervalMs(bytes, at + 1, close);
    return close + 1;
  }

  private tradeCount(bytes: Uint8Array, at: number, end: number): number {
    const after = integerNumber(bytes, at, end, this.values, field.trades);
    return after >= 0 && this.values[field.trades] > TRADES_MAX ? FrameResult.range : after;
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    const { sink, values } = this;
    const slot = sink.claim(this.market, RecordType.candle);
    if (slot < 0) return slot;
    const base = slot * SLOT_F64;
    sink.u32[slot * SLOT_U32 + candle.at.count] = values[field.trades];
    sink.f64[base + candle.at.receiveTimeNs] = sink.frame[RECEIVE];
    sink.f64[base + candle.at.startTimeUs] = values[field.timeUs];
    sink.f64[base + candle.at.intervalMs] = this.lengthMs;
    for (let i = 0; i < 4; i++) sink.f64[base + candle.at.closePriceMilli + i] = values[field.close + i];
    return writeCandlePrices(sink, this.market, values, field.open);
  }
}
