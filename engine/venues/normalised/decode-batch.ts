// Decodes the `flatbuffers` dialect: validates a Batch and copies its records; nothing is parsed. Hot path.
//
// Source: schemas/wire.fbs; docs/venues/normalised.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level, trade } from '../../../schemas/market-data.ts';
import { ATTO_PER_MILLI, MILLI_MAX } from '../../base/decimal.ts';
import { type FrameDecoder, RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { TIME_US_MAX } from '../../decode/time.ts';
import { WireFrame } from './wire-frame.ts';
import { WireLevelFlag, WireTradeFlag, wireLevel, wireTrade } from './wire-layout.ts';
import { WireNames } from './wire-names.ts';

const TRADE_F64 = wireTrade.sizeBytes / 8;
const TRADE_U32 = wireTrade.sizeBytes / 4;
const LEVEL_F64 = wireLevel.sizeBytes / 8;
const LEVEL_U32 = wireLevel.sizeBytes / 4;

/** Aligned copy of a frame; grows by doubling, begins with room for a batch of a thousand records. */
const COPY_BYTES_START = 64 * 1024;

/** Highest code of Side, and of a level's side. */
const SIDE_MAX = 2;
const LEVEL_SIDE_MAX = 1;

/** A double from 0 to `max` without fraction; false for NaN. */
function isWhole(value: number, max: number): boolean {
  return value >= 0 && value <= max && Math.floor(value) === value;
}

function isDecimal(milli: number, atto: number): boolean {
  return isWhole(milli, MILLI_MAX) && isWhole(atto, ATTO_PER_MILLI - 1);
}

export class BatchDecoder implements FrameDecoder {
  private readonly sink: RecordSink;
  private readonly wire = new WireFrame();
  private readonly names: WireNames;
  private copy = new Uint8Array(COPY_BYTES_START);
  private f64 = new Float64Array(this.copy.buffer);
  private u32 = new Uint32Array(this.copy.buffer);
  private headSlot = -1;

  /** The venue is each market's own; the second argument is the dialect's name, as for every decoder. */
  constructor(sink: RecordSink, _venue: string) {
    this.sink = sink;
    this.names = new WireNames(sink);
  }

  /** `sequence` of the last batch, -1 where it stated none. */
  get statedSequence(): number {
    return this.wire.sequence[0] === 0 ? -1 : this.wire.sequence[0];
  }

  decode(bytes: Uint8Array, end: number): number {
    const wire = this.wire;
    wire.sequence[0] = 0;
    const read = wire.read(bytes, end);
    if (read < 0) return read;
    const opened = this.names.open(bytes, end, wire.marketsAt, wire.marketsCount);
    if (opened < 0) return opened;
    this.align(bytes, end);
    const trades = this.trades(bytes, wire.tradesAt, wire.tradesCount);
    if (trades < 0) return trades;
    const levels = this.levels(bytes, wire.levelsAt, wire.levelsCount);
    return levels < 0 ? levels : FrameResult.applied;
  }

  /**
   * Copies the frame to where doubles are aligned: a frame may begin at any byte of its buffer, and views of it would
   * be objects per frame. The copy costs 6 ns a record (estimated from memcpy speed, not measured apart).
   */
  private align(bytes: Uint8Array, end: number): void {
    if (end > this.copy.length) {
      let size = this.copy.length;
      while (size < end) size *= 2;
      this.copy = new Uint8Array(size);
      this.f64 = new Float64Array(this.copy.buffer);
      this.u32 = new Uint32Array(this.copy.buffer);
    }
    this.copy.set(bytes);
  }

  private trades(bytes: Uint8Array, at: number, count: number): number {
    for (let i = 0; i < count; i++) {
      const market = this.market(bytes, this.u32[at / 4 + i * TRADE_U32 + wireTrade.at.market]);
      if (market < 0) return market;
      const written = this.trade(market, at / 8 + i * TRADE_F64, at / 4 + i * TRADE_U32);
      if (written < 0) return written;
    }
    return 1;
  }

  private market(bytes: Uint8Array, index: number): number {
    return index < this.wire.marketsCount ? this.names.market(bytes, index) : FrameResult.range;
  }

  /** Copies the trade whose words begin at from64 and from32; `+ 0` turns a negative zero into zero. */
  private trade(market: number, from64: number, from32: number): number {
    const f64 = this.f64;
    const u32 = this.u32;
    const timeUs = f64[from64 + wireTrade.at.timeUs];
    const priceMilli = f64[from64 + wireTrade.at.priceMilli];
    const priceAtto = f64[from64 + wireTrade.at.priceAtto];
    const quantityMilli = f64[from64 + wireTrade.at.quantityMilli];
    const quantityAtto = f64[from64 + wireTrade.at.quantityAtto];
    const id = f64[from64 + wireTrade.at.id];
    const side = u32[from32 + wireTrade.at.side];
    const flags = u32[from32 + wireTrade.at.flags];
    const matches = u32[from32 + wireTrade.at.matches];
    if (!isWhole(timeUs, TIME_US_MAX) || !isDecimal(priceMilli, priceAtto) || !isDecimal(quantityMilli, quantityAtto))
      return FrameResult.range;
    if (!isWhole(id, Number.MAX_SAFE_INTEGER) || side > SIDE_MAX || flags > WireTradeFlag.all) return FrameResult.range;
    if ((priceMilli === 0 && priceAtto === 0) || (quantityMilli === 0 && quantityAtto === 0)) return FrameResult.range;
    const sink = this.sink;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const out = sink.f64;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = side | recordFlags(flags, matches);
    sink.u32[slot * SLOT_U32 + trade.at.count] = matches === 0 ? 1 : matches;
    out[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    out[base + trade.at.exchangeTimeUs] = timeUs + 0;
    out[base + trade.at.priceMilli] = priceMilli + 0;
    out[base + trade.at.priceAtto] = priceAtto + 0;
    out[base + trade.at.quantityMilli] = quantityMilli + 0;
    out[base + trade.at.quantityAtto] = quantityAtto + 0;
    out[base + trade.at.id] = (flags & WireTradeFlag.noId) !== 0 ? 0 : id + 0;
    return 1;
  }

  /** Changes follow one another; each is a head, then its levels. */
  private levels(bytes: Uint8Array, at: number, count: number): number {
    let change = -1;
    let changeIndex = 0;
    let changeLevels = 0;
    for (let i = 0; i < count; i++) {
      const from64 = at / 8 + i * LEVEL_F64;
      const from32 = at / 4 + i * LEVEL_U32;
      const index = this.u32[from32 + wireLevel.at.market];
      const flags = this.u32[from32 + wireLevel.at.flags];
      if (flags > WireLevelFlag.all) return FrameResult.range;
      if (change < 0) {
        change = this.market(bytes, index);
        if (change < 0) return change;
        const head = this.head(change, flags, from64);
        if (head < 0) return head;
        changeIndex = index;
        changeLevels = 0;
      } else if (index !== changeIndex || (flags & WireLevelFlag.snapshotStart) !== 0) return FrameResult.shape;
      const written = this.level(change, from64, from32);
      if (written < 0) return written;
      changeLevels++;
      if ((flags & WireLevelFlag.endOfChange) === 0) continue;
      this.sink.u32[this.headSlot * SLOT_U32 + bookChange.at.count] = changeLevels;
      change = -1;
    }
    return change < 0 ? 1 : FrameResult.shape;
  }

  private head(market: number, flags: number, from64: number): number {
    const timeUs = this.f64[from64 + wireLevel.at.timeUs];
    if (!isWhole(timeUs, TIME_US_MAX)) return FrameResult.range;
    const sink = this.sink;
    const slot = sink.claim(market, RecordType.bookChange);
    if (slot < 0) return slot;
    this.headSlot = slot;
    const out = sink.f64;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] =
      (flags & WireLevelFlag.snapshotStart) !== 0 ? ChangeFlag.snapshot : 0;
    out[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    out[base + bookChange.at.exchangeTimeUs] = timeUs + 0;
    out[base + bookChange.at.firstSequence] = 0;
    out[base + bookChange.at.lastSequence] = 0;
    out[base + bookChange.at.previousSequence] = 0;
    out[base + bookChange.at.checksum] = 0;
    out[base + bookChange.at.depth] = 0;
    return 1;
  }

  private level(market: number, from64: number, from32: number): number {
    const f64 = this.f64;
    const priceMilli = f64[from64 + wireLevel.at.priceMilli];
    const priceAtto = f64[from64 + wireLevel.at.priceAtto];
    const quantityMilli = f64[from64 + wireLevel.at.quantityMilli];
    const quantityAtto = f64[from64 + wireLevel.at.quantityAtto];
    const side = this.u32[from32 + wireLevel.at.side];
    if (!isDecimal(priceMilli, priceAtto) || !isDecimal(quantityMilli, quantityAtto)) return FrameResult.range;
    if ((priceMilli === 0 && priceAtto === 0) || side > LEVEL_SIDE_MAX) return FrameResult.range;
    if (!isWhole(f64[from64 + wireLevel.at.timeUs], TIME_US_MAX)) return FrameResult.range;
    const sink = this.sink;
    const slot = sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    const out = sink.f64;
    const base = slot * SLOT_F64;
    const byteBase = slot * SLOT_BYTES;
    sink.u8[byteBase + level.at.flags] = side === 0 ? 0 : LevelFlag.ask;
    out[base + level.at.priceMilli] = priceMilli + 0;
    out[base + level.at.priceAtto] = priceAtto + 0;
    out[base + level.at.quantityMilli] = quantityMilli + 0;
    out[base + level.at.quantityAtto] = quantityAtto + 0;
    sink.u8[byteBase + level.at.priceDecimals] = 0;
    sink.u8[byteBase + level.at.quantityDecimals] = 0;
    return 1;
  }
}

/** Flags of the trade record, but for the side. */
function recordFlags(flags: number, matches: number): number {
  return (
    ((flags & WireTradeFlag.noId) !== 0 ? TradeFlag.noId : 0) |
    ((flags & WireTradeFlag.offMarket) !== 0 ? TradeFlag.offMarket : 0) |
    ((flags & WireTradeFlag.history) !== 0 ? TradeFlag.history : 0) |
    (matches > 1 ? TradeFlag.aggregate : 0)
  );
}
