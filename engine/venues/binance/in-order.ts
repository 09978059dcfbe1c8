// Decodes trades, aggregates and depth changes written as Binance writes them: members in order, no blanks. Hot path.
//
// The frame is scanned by WebAssembly (scan-program.ts, decisions/0012), which leaves its numbers in the frame memory.
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType, Side, TradeFlag } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level, trade } from '../../../schemas/market-data.ts';
import {
  frameBytes,
  frameF64,
  frameU32,
  frameView,
  LARGE_AT,
  LARGE_BYTES,
  ROW_F64,
  ROWS_AT,
  VALUES_F64,
} from '../../decode/frame-memory.ts';
import { RECEIVE, type RecordSink, slotHeader } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { field } from './fields.ts';
import { ROW_DECIMALS_U32, Scanned, scan, scanned } from './scan-program.ts';

const VALUES_U32 = VALUES_F64 * 2;
/** The word that holds both counts of decimals of a level record. */
const LEVEL_DECIMALS_U32 = level.at.priceDecimals / 4;

export class InOrderFrames {
  private readonly sink: RecordSink;
  private readonly symbols: SymbolMarkets;
  private readonly isFutures: number;

  constructor(sink: RecordSink, isFutures: boolean) {
    this.sink = sink;
    this.symbols = new SymbolMarkets(sink);
    this.isFutures = isFutures ? 1 : 0;
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    if (view === frameView) return this.scanned(scan(from, end, this.isFutures));
    const length = end - from;
    if (length > LARGE_BYTES) return 0;
    frameBytes.set(new Uint8Array(view.buffer, view.byteOffset + from, length), LARGE_AT);
    return this.scanned(scan(LARGE_AT, LARGE_AT + length, this.isFutures));
  }

  private scanned(kind: number): number {
    if (kind === Scanned.trade) return this.trade(0, 1);
    if (kind === Scanned.depth) return this.depth();
    if (kind !== Scanned.aggregate) return 0;
    const matches = frameF64[VALUES_F64 + field.lastId] - frameF64[VALUES_F64 + field.firstId] + 1;
    return matches < 1 || matches > 0x7fffffff ? 0 : this.trade(TradeFlag.aggregate, matches);
  }

  private market(): number {
    const from = frameU32[VALUES_U32 + scanned.symbolFrom];
    return this.symbols.find(frameView, from, frameU32[VALUES_U32 + scanned.symbolTo]);
  }

  private trade(flags: number, matches: number): number {
    const { sink } = this;
    const market = this.market();
    if (market < 0) return market;
    const slot = sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    const side = frameU32[VALUES_U32 + scanned.isMaker] === 1 ? Side.sell : Side.buy;
    sink.u8[slot * SLOT_BYTES + trade.at.flags] = flags | side;
    sink.u32[slot * SLOT_U32 + trade.at.count] = matches;
    f64[base + trade.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = frameF64[VALUES_F64 + field.tradeTime];
    f64[base + trade.at.priceMilli] = frameF64[VALUES_F64 + field.price];
    f64[base + trade.at.priceAtto] = frameF64[VALUES_F64 + field.price + 1];
    f64[base + trade.at.quantityMilli] = frameF64[VALUES_F64 + field.quantity];
    f64[base + trade.at.quantityAtto] = frameF64[VALUES_F64 + field.quantity + 1];
    f64[base + trade.at.id] = frameF64[VALUES_F64 + field.id];
    this.symbols.keep();
    return FrameResult.applied;
  }

  private depth(): number {
    const { sink } = this;
    const market = this.market();
    if (market < 0) return market;
    const head = sink.claim(market, RecordType.bookChange);
    if (head < 0) return head;
    this.writeHead(head);
    const bids = frameU32[VALUES_U32 + scanned.bids];
    const levels = frameU32[VALUES_U32 + scanned.levels];
    const written = this.writeLevels(market, 0, bids, 0);
    if (written < 0) return written;
    const rest = this.writeLevels(market, bids, levels, LevelFlag.ask);
    if (rest < 0) return rest;
    this.symbols.keep();
    return FrameResult.applied;
  }

  private writeHead(slot: number): void {
    const { sink } = this;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    const hasPrevious = this.isFutures === 1;
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] =
      ChangeFlag.hasSequence | (hasPrevious ? ChangeFlag.hasPrevious : 0);
    sink.u32[slot * SLOT_U32 + bookChange.at.count] = frameU32[VALUES_U32 + scanned.levels];
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = frameF64[VALUES_F64 + field.eventTime];
    f64[base + bookChange.at.firstSequence] = frameF64[VALUES_F64 + field.firstSequence];
    f64[base + bookChange.at.lastSequence] = frameF64[VALUES_F64 + field.lastSequence];
    f64[base + bookChange.at.previousSequence] = hasPrevious ? frameF64[VALUES_F64 + field.previousSequence] : 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }

  /** Copies rows[from..to) into level records; returns 1, or the negative FrameResult of a claim. */
  private writeLevels(market: number, from: number, to: number, flags: number): number {
    const { sink } = this;
    const count = to - from;
    if (count === 0) return 1;
    const first = sink.claimRun === undefined ? -1 : sink.claimRun(market, RecordType.level, count);
    if (first >= 0) {
      copyLevels(from, count, slotHeader(RecordType.level, flags, market), sink.f64, sink.u32, first);
      return 1;
    }
    for (let i = 0; i < count; i++) {
      const slot = sink.claim(market, RecordType.level);
      if (slot < 0) return slot;
      copyLevels(from + i, 1, slotHeader(RecordType.level, flags, market), sink.f64, sink.u32, slot);
    }
    return 1;
  }
}

/** Copies `count` rows from the one of index `from` into slots from `slot` on. */
function copyLevels(
  from: number,
  count: number,
  header: number,
  f64: Float64Array,
  u32: Uint32Array,
  slot: number,
): void {
  let row = ROWS_AT / 8 + from * ROW_F64;
  let base = slot * SLOT_F64 + level.at.priceMilli;
  let word = slot * SLOT_U32;
  for (let i = 0; i < count; i++) {
    u32[word] = header;
    u32[word + 1] = 0;
    f64[base] = frameF64[row];
    f64[base + 1] = frameF64[row + 1];
    f64[base + 2] = frameF64[row + 2];
    f64[base + 3] = frameF64[row + 3];
    u32[word + LEVEL_DECIMALS_U32] = frameU32[2 * row + ROW_DECIMALS_U32];
    row += ROW_F64;
    base += SLOT_F64;
    word += SLOT_U32;
  }
}
