// The way of trade records through a shard: at once where someone listens, else many of one market together. Hot path.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import type { RingReader } from '../engine/ring/spsc-ring.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../schemas/counters.ts';
import { tradeNumber } from '../schemas/derived.ts';
import { Interest, RecordType, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../schemas/layout.ts';
import { trade } from '../schemas/market-data.ts';
import { shardWords } from '../schemas/shared-state.ts';
import { FINAL_BARS } from './bars/bar-changes.ts';
import type { ShardCapture } from './capture.ts';
import { emitBars } from './emit.ts';
import type { LatestValues } from './latest.ts';
import type { Market } from './market.ts';
import type { OutputWriter } from './output/writer.ts';
import type { SignalOutput } from './signal-output.ts';
import { SlotViews } from './slot-views.ts';
import { WaitingTrades } from './waiting-trades.ts';

/** Slots of the scratch that holds a trade until the record with its id's text comes. */
const HELD_SLOTS = 2;
/** What makes each trade be told by itself. */
const LISTENS_TO_TRADES = Interest.trade | Interest.bar | Interest.signal;
/** The side in the first word of a record, and flags that make a trade one to be looked at by itself. */
const SIDE_BITS = TradeFlag.sideMask << 8;
const UNUSUAL_BITS = (TradeFlag.offMarket | TradeFlag.textId | TradeFlag.noId | TradeFlag.history) << 8;
/** Fewer in a row are copied and wait for more. */
const RUN_RECORDS_MIN = 4;

/** What trades are told to and who knows their markets. */
export type TradesParts = {
  readonly output: OutputWriter;
  readonly signals: SignalOutput;
  readonly latest: LatestValues;
  readonly capture: ShardCapture;
  readonly marketOf: (id: number) => Market;
  /** The shard's (shardWords): where it dies of a trade that waited, they name the market. */
  readonly words: Int32Array;
};

/**
 * 1. A plain trade has a number for its id and no other flags than those of side and channel.
 * 2. Plain trades of a market that no one listens to are applied together: those that lie one behind the other in the ring
 *    where they lie, single ones from the market's room of WaitingTrades.
 * 3. Before anything else of a market is looked at or changed its waiting trades are applied (settle()). So what a market
 *    comes to is the same as if each had been applied when it came; decisions/0013 says when at the latest.
 */
export class Trades {
  private readonly output: OutputWriter;
  private readonly signals: SignalOutput;
  private readonly latest: LatestValues;
  private readonly capture: ShardCapture;
  private readonly marketOf: (id: number) => Market;
  private readonly interest: Int32Array;
  private readonly words: Int32Array;
  private readonly anchorWallUs: number;
  private u8: Uint8Array;
  private u16: Uint16Array;
  private u32: Uint32Array;
  private f64: Float64Array;
  private readonly waiting: WaitingTrades;
  private readonly counters: Float64Array;
  /** By market, the number of the trade told last; NaN where main does not know it. */
  private readonly told: Float64Array;
  private readonly held = new SlotViews(HELD_SLOTS);
  private hasHeld = false;

  constructor(
    memory: EngineMemory,
    input: RingReader,
    { output, signals, latest, capture, marketOf, words }: TradesParts,
  ) {
    this.output = output;
    this.signals = signals;
    this.latest = latest;
    this.capture = capture;
    this.marketOf = marketOf;
    this.words = words;
    words[shardWords.at.settling] = 0;
    this.interest = new Int32Array(memory.interest);
    this.anchorWallUs = memory.anchor.wallUs;
    this.u8 = input.u8;
    this.u16 = input.u16;
    this.u32 = input.u32;
    this.f64 = input.f64;
    this.waiting = new WaitingTrades(memory.marketsMax);
    this.counters = new Float64Array(memory.marketCounters);
    this.told = new Float64Array(memory.marketsMax).fill(Number.NaN);
  }

  /** Slots are those of this ring from now on. Not between a trade and the text of its id. */
  readFrom(input: RingReader): void {
    this.u8 = input.u8;
    this.u16 = input.u16;
    this.u32 = input.u32;
    this.f64 = input.f64;
  }

  /** A market begins. A user's signal may be switched off for all markets by any trade, so those are applied as they come. */
  open(market: Market): void {
    if (!market.signals.hasUserTrades) this.waiting.open(market.id);
  }

  // ---- one at a time

  /** The trade record at a slot of the input ring. */
  take(market: Market, slot: number): void {
    const at = slot * SLOT_F64;
    // A recording without times: the venue's time stands in for the receive time.
    if (Number.isNaN(this.f64[at + trade.at.receiveTimeNs])) {
      this.f64[at + trade.at.receiveTimeNs] = (this.f64[at + trade.at.exchangeTimeUs] - this.anchorWallUs) * 1000;
    }
    if ((this.u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) === 0) {
      this.apply(market, this.u8, this.u32, this.f64, slot);
      return;
    }
    this.held.copy(0, this.u32, slot);
    this.hasHeld = true;
  }

  /** The text of the held trade's id has come. */
  takeText(market: Market, slot: number): void {
    if (!this.hasHeld) return;
    this.hasHeld = false;
    this.held.copy(1, this.u32, slot);
    this.apply(market, this.held.u8, this.held.u32, this.held.f64, 0);
  }

  private apply(market: Market, u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
    market.noteTimes(f64, slot);
    this.latest.touch(market);
    const changes = market.applyTrade(u8, u32, f64, slot);
    if (changes < 0) return;
    const interest = this.interest[market.id];
    if ((interest & Interest.trade) !== 0) this.emit(market, u8, u32, slot);
    if ((interest & Interest.bar) !== 0) emitBars(this.output, market);
    if ((changes & FINAL_BARS) !== 0) this.signals.bars(market, (interest & Interest.signal) !== 0);
    if ((interest & Interest.signal) !== 0) this.signals.trades(market);
  }

  private emit(market: Market, u8: Uint8Array, u32: Uint32Array, slot: number): void {
    this.output.begin(market.id);
    const number = this.counters[market.id * MARKET_COUNTER_COLUMNS + marketCounter.tradeRecords];
    if (this.told[market.id] !== number - 1) this.emitNumber(number);
    this.output.copy(u32, slot);
    if ((u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) !== 0) this.output.copy(u32, slot + 1);
    this.told[market.id] = this.output.end() && !this.output.isMuted ? number : Number.NaN;
  }

  private emitNumber(number: number): void {
    const slot = this.output.claim(RecordType.tradeNumber, 0, 0);
    if (slot >= 0) this.output.ring.f64[slot * SLOT_F64 + tradeNumber.at.number] = number;
  }

  // ---- many

  /**
   * Takes the trade record at a slot of the input ring and as many of those behind it, up to `count` in all, as can be
   * applied with it; returns how many records that were, 0 where it must be taken by itself.
   */
  takeRun(slot: number, count: number): number {
    const id = this.u16[slot * SLOT_U16 + trade.at.market];
    if ((this.interest[id] & LISTENS_TO_TRADES) !== 0 || !this.waiting.canWait(id)) return 0;
    if (!isPlain(this.u32, this.f64, slot)) return 0;
    const length = runLength(this.u32, this.f64, slot, count);
    if (length < RUN_RECORDS_MIN) {
      if (this.waiting.add(id, this.u32, this.f64, slot)) this.settle(id);
      return 1;
    }
    this.settle(id);
    if (this.capture.isRunning) this.capture.before(id);
    const market = this.marketOf(id);
    this.latest.touchTrades(market);
    this.applyRun(market, this.u8, this.u32, this.f64, slot, length);
    return length;
  }

  /** Applies the trades of a market that wait. */
  settle(id: number): void {
    const { waiting } = this;
    const count = waiting.countOf(id);
    if (count === 0) return;
    if (this.capture.isRunning) this.capture.before(id);
    waiting.clear(id);
    this.words[shardWords.at.settling] = id + 1;
    const market = this.marketOf(id);
    const { u8, u32, f64 } = waiting;
    for (let slot = waiting.slotOf(id), left = count; left > 0; ) {
      const length = runLength(u32, f64, slot, left);
      this.applyRun(market, u8, u32, f64, slot, length);
      slot += length;
      left -= length;
    }
    this.latest.showTrades(market);
    this.words[shardWords.at.settling] = 0;
  }

  /** Applies all trades that wait. */
  settleAll(): void {
    if (this.waiting.count === 0) return;
    for (let id = this.waiting.take(); id >= 0; id = this.waiting.take()) this.settle(id);
  }

  /** Trades that were taken from the ring and are not applied yet. */
  get waitingCount(): number {
    return this.waiting.count;
  }

  private applyRun(
    market: Market,
    u8: Uint8Array,
    u32: Uint32Array,
    f64: Float64Array,
    slot: number,
    count: number,
  ): void {
    for (let at = slot; at < slot + count; ) {
      const taken = market.applyRun(u8, u32, f64, at, slot + count - at);
      if (taken > 0) this.applyBars(market, u8, u32, f64, at, taken);
      else this.applyQuietly(market, u8, u32, f64, at);
      at += Math.max(taken, 1);
    }
  }

  /** One trade that is a repeat, tells of a loss, or is the market's first. No one listens. */
  private applyQuietly(market: Market, u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
    market.noteTimes(f64, slot);
    this.latest.touch(market);
    const changes = market.applyTrade(u8, u32, f64, slot);
    if (changes >= 0 && (changes & FINAL_BARS) !== 0) this.signals.bars(market, false);
  }

  private applyBars(
    market: Market,
    u8: Uint8Array,
    u32: Uint32Array,
    f64: Float64Array,
    slot: number,
    count: number,
  ): void {
    const { bars, book } = market;
    for (let at = slot; at < slot + count; ) {
      at += bars.tradeRun(u8, u32, f64, at, slot + count - at, book.state);
      if (at === slot + count) return;
      const changes = bars.trade(u8, u32, f64, at, book.state);
      if ((changes & FINAL_BARS) !== 0) this.signals.bars(market, false);
      at++;
    }
  }
}

function isPlain(u32: Uint32Array, f64: Float64Array, slot: number): boolean {
  if ((u32[slot * SLOT_U32] & UNUSUAL_BITS) !== 0) return false;
  return !Number.isNaN(f64[slot * SLOT_F64 + trade.at.receiveTimeNs]);
}

/** How many plain trade records from `slot` on, which is one, are of one market and channel. */
function runLength(u32: Uint32Array, f64: Float64Array, slot: number, count: number): number {
  const head = u32[slot * SLOT_U32] & ~SIDE_BITS;
  let length = 1;
  while (length < count && (u32[(slot + length) * SLOT_U32] & ~SIDE_BITS) === head && isPlain(u32, f64, slot + length))
    length++;
  return length;
}
