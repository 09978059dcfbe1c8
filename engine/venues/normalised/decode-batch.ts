// Decodes the `flatbuffers` dialect: validates a Batch and copies its records; nothing is parsed. Hot path.
//
// Source: schemas/wire.fbs; docs/venues/normalised.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level, trade } from '../../../schemas/market-data.ts';
import { ATTO_PER_MILLI, MILLI_MAX } from '../../base/decimal.ts';
import { frameBytes, frameF64, frameU32, LARGE_AT, LARGE_BYTES, ROWS_AT } from '../../decode/frame-memory.ts';
import { type FrameDecoder, RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { TIME_US_MAX } from '../../decode/time.ts';
import { readTrades } from './batch-program.ts';
import { WireFrame } from './wire-frame.ts';
import { WireLevelFlag, WireTradeFlag, wireLevel, wireTrade } from './wire-layout.ts';
import { WireNames } from './wire-names.ts';

const TRADE_F64 = wireTrade.sizeBytes / 8;
const TRADE_U32 = wireTrade.sizeBytes / 4;
const LEVEL_F64 = wireLevel.sizeBytes / 8;
const LEVEL_U32 = wireLevel.sizeBytes / 4;

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
  readonly isStateless = true;
  private readonly sink: RecordSink;
  private readonly wire = new WireFrame();
  private readonly names: WireNames;
  /** Where the frame at hand lies: the frame memory, or a copy of its own where it is too large for it. */
  private f64: Float64Array = frameF64;
  private u32: Uint32Array = frameU32;
  private base = LARGE_AT;
  private isLarge = false;
  private copy = new Uint8Array(0);
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
   * Copies the frame to where doubles are aligned: a frame may begin at any byte of its buffer, and views of it would be
   * objects per frame. Most batches fit into the frame memory, where their trades are read by WebAssembly.
   */
  private align(bytes: Uint8Array, end: number): void {
    this.isLarge = end > LARGE_BYTES;
    if (this.isLarge) this.alignLarge(bytes, end);
    else {
      frameBytes.set(bytes, LARGE_AT);
      this.f64 = frameF64;
      this.u32 = frameU32;
      this.base = LARGE_AT;
    }
  }

  private alignLarge(bytes: Uint8Array, end: number): void {
    if (end > this.copy.length) {
      let size = this.copy.length;
      while (size < end) size = Math.max(2 * size, LARGE_BYTES);
      this.copy = new Uint8Array(size);
    }
    this.copy.set(bytes);
    this.f64 = new Float64Array(this.copy.buffer);
    this.u32 = new Uint32Array(this.copy.buffer);
    this.base = 0;
  }

  private trades(bytes: Uint8Array, offset: number, count: number): number {
    if (!this.isLarge) return this.scannedTrades(bytes, LARGE_AT + offset, count);
    for (let i = 0; i < count; i++) {
      const market = this.market(bytes, this.u32[offset / 4 + i * TRADE_U32 + wireTrade.at.market]);
      if (market < 0) return market;
      const written = this.trade(market, offset / 8 + i * TRADE_F64, offset / 4 + i * TRADE_U32);
      if (written < 0) return written;
    }
    return 1;
  }

  /** The same by WebAssembly, in runs of one market each. */
  private scannedTrades(bytes: Uint8Array, at: number, count: number): number {
    let from = 0;
    while (from < count) {
      const place = at + from * wireTrade.sizeBytes;
      const index = frameU32[place / 4 + wireTrade.at.market];
      const market = this.market(bytes, index);
      if (market < 0) return market;
      const read = readTrades(place, count - from, ROWS_AT, index, market);
      if (read === 0) return FrameResult.range;
      const written = this.writeTrades(market, read);
      if (written < 0) return written;
      from += read;
    }
    return 1;
  }

  private writeTrades(market: number, count: number): number {
    const { sink } = this;
    const first = sink.claimRun === undefined ? -1 : sink.claimRun(market, RecordType.trade, count);
    if (first >= 0) {
      copyRecords(0, count, sink.frame[RECEIVE], sink.f64, sink.u32, first);
      return 1;
    }
    for (let i = 0; i < count; i++) {
      const slot = sink.claim(market, RecordType.trade);
      if (slot < 0) return slot;
      copyRecords(i, 1, sink.frame[RECEIVE], sink.f64, sink.u32, slot);
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
      const from64 = (this.base + at) / 8 + i * LEVEL_F64;
      const from32 = (this.base + at) / 4 + i * LEVEL_U32;
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

/** Copies `count` records of the frame memory, from the one of index `from`, into slots from `slot` on. */
function copyRecords(
  from: number,
  count: number,
  receiveNs: number,
  f64: Float64Array,
  u32: Uint32Array,
  slot: number,
): void {
  let row = ROWS_AT / 8 + from * SLOT_F64;
  let base = slot * SLOT_F64;
  for (let i = 0; i < count; i++) {
    // The header as integers: as a double it might be a NaN, whose bits need not stay.
    u32[2 * base] = frameU32[2 * row];
    u32[2 * base + 1] = frameU32[2 * row + 1];
    f64[base + trade.at.receiveTimeNs] = receiveNs;
    f64[base + trade.at.exchangeTimeUs] = frameF64[row + trade.at.exchangeTimeUs];
    f64[base + trade.at.priceMilli] = frameF64[row + trade.at.priceMilli];
    f64[base + trade.at.priceAtto] = frameF64[row + trade.at.priceAtto];
    f64[base + trade.at.quantityMilli] = frameF64[row + trade.at.quantityMilli];
    f64[base + trade.at.quantityAtto] = frameF64[row + trade.at.quantityAtto];
    f64[base + trade.at.id] = frameF64[row + trade.at.id];
    row += SLOT_F64;
    base += SLOT_F64;
  }
}
