// Joins the state of a shard's markets: one switch on record type, and what each record sets off. Hot path.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { LatestWriter, PRESENT_ASK, PRESENT_BID, PRESENT_LAST } from '../engine/memory/latest-values.ts';
import { MarketNames } from '../engine/memory/market-names.ts';
import { RingReader } from '../engine/ring/spsc-ring.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../schemas/counters.ts';
import { request } from '../schemas/derived.ts';
import { Interest, LevelFlag, RecordType, SignalEvent, SignalId, StateReason, TradeFlag } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../schemas/layout.ts';
import { bookChange, clock as clockRecord, gap, level, trade } from '../schemas/market-data.ts';
import { latest } from '../schemas/shared-state.ts';
import { BarChange } from './bars/time-bars.ts';
import type { Ladder } from './book/ladder.ts';
import { BookOutcome, ChangeAction } from './book/market-book.ts';
import { SnapshotStage } from './book/snapshot-stage.ts';
import { answerRequest, emitBars, emitBbo, emitSignal, emitStatus, emitWholeBook } from './emit.ts';
import { Market } from './market.ts';
import { fillBookHead, writeLevel } from './output/answers.ts';
import { OutputWriter } from './output/writer.ts';

/** Slots of the scratch that holds a trade until the record with its id's text comes. */
const HELD_SLOTS = 2;

export class Dispatch {
  readonly output: OutputWriter;
  readonly markets: Market[] = [];
  private readonly byId: (Market | undefined)[];
  private readonly memory: EngineMemory;
  private readonly shard: number;
  private readonly names: MarketNames;
  private readonly interest: Int32Array;
  private readonly drops: Int32Array;
  private readonly latest: LatestWriter;
  private readonly counters: Float64Array;
  private readonly stage = new SnapshotStage();
  private readonly intervalsMs: readonly number[];
  private readonly keepAll: boolean;
  private readonly u8: Uint8Array;
  private readonly u16: Uint16Array;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;
  /** The last clock record, for markets that begin after it. */
  private readonly clockNow = new Float64Array(SLOT_F64);
  private readonly held = new RingViews(HELD_SLOTS);
  private hasHeld = false;
  /** The market whose change is being applied, and how many of its levels are to come. */
  private changing: Market | null = null;
  private levelsLeft = 0;
  private isEmitting = false;
  private emitSlot = -1;
  private emitCount = 0;
  private readonly dirty: Market[] = [];

  constructor(
    memory: EngineMemory,
    shard: number,
    barIntervals: readonly { readonly intervalMs: number }[],
    keepAll: boolean,
  ) {
    const own = memory.shards[shard];
    const input = new RingReader(own.input);
    this.memory = memory;
    this.shard = shard;
    this.u8 = input.u8;
    this.u16 = input.u16;
    this.u32 = input.u32;
    this.f64 = input.f64;
    this.output = new OutputWriter(own.output, memory.mainDoorbell, new Float64Array(own.counters));
    this.byId = new Array<Market | undefined>(memory.marketsMax).fill(undefined);
    this.names = new MarketNames(memory);
    this.interest = new Int32Array(memory.interest);
    this.drops = new Int32Array(memory.drops);
    this.latest = new LatestWriter(memory);
    this.counters = new Float64Array(memory.marketCounters);
    this.intervalsMs = barIntervals.map(({ intervalMs }) => intervalMs);
    this.keepAll = keepAll;
    this.clockNow[clockRecord.at.timeUs] = Number.NEGATIVE_INFINITY;
  }

  /** Applies the record at a slot of the input ring. */
  record(type: number, slot: number): void {
    switch (type) {
      case RecordType.level:
        this.level(slot);
        return;
      case RecordType.trade:
        this.trade(slot);
        return;
      case RecordType.bookChange:
        this.beginChange(slot);
        return;
      case RecordType.quote:
        this.count(slot, marketCounter.quotes);
        return;
      case RecordType.candle:
        this.count(slot, marketCounter.candles);
        return;
      case RecordType.tradeId:
        this.tradeText(slot);
        return;
      case RecordType.clock:
        this.clock(slot);
        return;
      case RecordType.gap:
        this.gap(slot);
        return;
      default: // quoteAsk and candlePrices continue the record before them
    }
  }

  private marketAt(slot: number): Market {
    const id = this.u16[slot * SLOT_U16 + trade.at.market];
    return this.byId[id] ?? this.addMarket(id);
  }

  private addMarket(id: number): Market {
    const row = new Float64Array(this.memory.marketCounters, id * MARKET_COUNTER_COLUMNS * 8, MARKET_COUNTER_COLUMNS);
    const market = new Market(id, this.names.of(id), row, this.stage, this.intervalsMs, this.keepAll);
    market.bars.clock(this.clockNow, 0);
    this.byId[id] = market;
    this.markets.push(market);
    this.touch(market);
    return market;
  }

  private count(slot: number, column: number): void {
    const market = this.marketAt(slot);
    this.counters[market.id * MARKET_COUNTER_COLUMNS + column]++;
  }

  // ---- trades

  private trade(slot: number): void {
    const market = this.marketAt(slot);
    const at = slot * SLOT_F64;
    // A recording without times: the venue's time stands in for the receive time.
    if (Number.isNaN(this.f64[at + trade.at.receiveTimeNs])) {
      this.f64[at + trade.at.receiveTimeNs] =
        (this.f64[at + trade.at.exchangeTimeUs] - this.memory.anchor.wallUs) * 1000;
    }
    if ((this.u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) === 0) {
      this.applyTrade(market, this.u8, this.u32, this.f64, slot);
      return;
    }
    this.held.copy(0, this.u32, slot);
    this.hasHeld = true;
  }

  /** The text of the held trade's id has come. */
  private tradeText(slot: number): void {
    if (!this.hasHeld) return;
    this.hasHeld = false;
    this.held.copy(1, this.u32, slot);
    this.applyTrade(this.marketAt(slot), this.held.u8, this.held.u32, this.held.f64, 0);
  }

  private applyTrade(market: Market, u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): void {
    market.noteTimes(f64, slot);
    this.touch(market);
    const changes = market.applyTrade(u8, u32, f64, slot);
    if (changes < 0) return;
    const interest = this.interest[market.id];
    if ((changes & CLOSES) !== 0) this.takeCloses(market, interest);
    if (interest === 0) return;
    if ((interest & Interest.trade) !== 0) this.emitTrade(market, u8, u32, slot);
    if ((interest & Interest.bar) !== 0) emitBars(this.output, market);
    if ((interest & Interest.signal) !== 0) emitSignal(this.output, market, SignalId.cvd, SignalEvent.none);
  }

  private emitTrade(market: Market, u8: Uint8Array, u32: Uint32Array, slot: number): void {
    this.output.begin(market.id);
    this.output.copy(u32, slot);
    if ((u8[slot * SLOT_BYTES + trade.at.flags] & TradeFlag.textId) !== 0) this.output.copy(u32, slot + 1);
    this.output.end();
  }

  /** A bar closed or a closed one was revised: where it was of one minute, the moving averages move. */
  private takeCloses(market: Market, interest: number): void {
    const event = market.takeCloses();
    if (event >= 0 && (interest & Interest.signal) !== 0) emitSignal(this.output, market, SignalId.emaCross, event);
  }

  // ---- books

  private beginChange(slot: number): void {
    const market = this.marketAt(slot);
    const at = slot * SLOT_F64;
    if (Number.isNaN(this.f64[at + bookChange.at.receiveTimeNs])) {
      this.f64[at + bookChange.at.receiveTimeNs] =
        (this.f64[at + bookChange.at.exchangeTimeUs] - this.memory.anchor.wallUs) * 1000;
    }
    this.changing = market;
    this.levelsLeft = this.u32[slot * SLOT_U32 + bookChange.at.count];
    market.noteTimes(this.f64, slot);
    const action = market.book.begin(this.u8, this.u32, this.f64, slot);
    this.isEmitting = action === ChangeAction.applyDelta && (this.interest[market.id] & Interest.book) !== 0;
    if (this.isEmitting) this.beginDelta(market);
    if (this.levelsLeft === 0) this.endChange(market);
  }

  /** The head is claimed first and filled when the change has ended. */
  private beginDelta(market: Market): void {
    this.output.begin(market.id);
    this.emitSlot = this.output.claim(RecordType.bookChange, 0, 0);
    this.emitCount = 0;
  }

  private level(slot: number): void {
    const market = this.changing;
    if (market === null) return;
    market.book.level(this.u8, this.f64, slot);
    if (this.isEmitting) {
      const flags = this.u8[slot * SLOT_BYTES + level.at.flags];
      writeLevel(this.output, flags, this.f64, slot * SLOT_F64 + level.at.priceMilli, false);
      this.emitCount++;
    }
    if (--this.levelsLeft === 0) this.endChange(market);
  }

  private endChange(market: Market): void {
    this.changing = null;
    const outcome = market.book.end();
    this.touch(market);
    const interest = this.interest[market.id];
    if (this.isEmitting) this.endDelta(market, outcome);
    if (interest !== 0) this.emitOutcome(market, outcome, interest);
  }

  /** What a change or a break did to the book, to those who listen. A delta itself has been emitted. */
  private emitOutcome(market: Market, outcome: number, interest: number): void {
    const isWhole = (outcome & BookOutcome.snapshot) !== 0 || (outcome & IN_PLACE) === BookOutcome.stateChanged;
    if ((interest & Interest.book) !== 0 && isWhole) emitWholeBook(this.output, market);
    if ((interest & Interest.status) !== 0 && (outcome & BookOutcome.stateChanged) !== 0)
      emitStatus(this.output, market);
    if ((outcome & BookOutcome.applied) === 0) return;
    if ((interest & Interest.bbo) !== 0 && market.takeBestChange()) emitBbo(this.output, market);
    if ((interest & Interest.signal) !== 0) {
      emitSignal(this.output, market, SignalId.imbalance, SignalEvent.none);
      emitSignal(this.output, market, SignalId.microprice, SignalEvent.none);
    }
  }

  /** Levels that the venue's depth pushed out are told as removals, else a subscriber's copy would keep them. */
  private endDelta(market: Market, outcome: number): void {
    this.isEmitting = false;
    const { book } = market;
    if ((outcome & BookOutcome.cut) !== 0) {
      this.emitCut(book.bids, 0);
      this.emitCut(book.asks, LevelFlag.ask);
    }
    if (this.emitSlot >= 0) fillBookHead(this.output, this.emitSlot, book, this.emitCount);
    this.output.end();
  }

  private emitCut(side: Ladder, flags: number): void {
    for (let i = 0; i < side.cutCount; i++) writeLevel(this.output, flags, side.cutPrices, i * 2, true);
    this.emitCount += side.cutCount;
  }

  // ---- time and loss

  private clock(slot: number): void {
    this.clockNow[clockRecord.at.timeUs] = this.f64[slot * SLOT_F64 + clockRecord.at.timeUs];
    for (let i = 0; i < this.markets.length; i++) {
      const market = this.markets[i];
      const changes = market.bars.clock(this.f64, slot);
      if (changes === BarChange.none) continue;
      const interest = this.interest[market.id];
      this.takeCloses(market, interest);
      if ((interest & Interest.bar) !== 0) emitBars(this.output, market);
    }
  }

  private gap(slot: number): void {
    const market = this.marketAt(slot);
    const reason = this.u8[slot * SLOT_BYTES + gap.at.flags] as StateReason;
    const at = slot * SLOT_F64;
    if (reason === StateReason.none) {
      market.loseTrades(this.f64[at + gap.at.lost]);
      return;
    }
    this.lose(market, reason, this.f64, at + gap.at.receiveTimeNs, at + gap.at.lost);
  }

  private lose(market: Market, reason: StateReason, f64: Float64Array, receiveTimeAt: number, lostAt: number): void {
    const outcome = market.book.breakBook(reason, f64, receiveTimeAt, lostAt);
    market.bars.noteGap();
    this.touch(market);
    const interest = this.interest[market.id];
    if (interest !== 0) this.emitOutcome(market, outcome, interest);
  }

  /** Frames were dropped at a full ring: their markets say so. */
  markDrops(): void {
    for (let id = this.shard; id < this.names.count; id += this.memory.shards.length) {
      const drops = Atomics.load(this.drops, id);
      if (drops === 0) continue;
      const market = this.byId[id] ?? this.addMarket(id);
      if (drops === market.drops) continue;
      loss[LOSS_TIME] = market.times[0];
      loss[LOSS_COUNT] = (drops - market.drops) | 0;
      market.drops = drops;
      this.lose(market, StateReason.drop, loss, LOSS_TIME, LOSS_COUNT);
    }
  }

  // ---- outputs

  /** Answers a request of the main thread. */
  request(ring: RingReader, slot: number): void {
    const id = ring.u16[slot * SLOT_U16 + request.at.market];
    const at = slot * SLOT_F64;
    const market = this.byId[id] ?? (id < this.names.count ? this.addMarket(id) : undefined);
    if (market === undefined) return;
    answerRequest(
      this.output,
      market,
      ring.f64[at + request.at.kind],
      ring.f64[at + request.at.requestId],
      ring.f64[at + request.at.limit],
      ring.f64[at + request.at.intervalMs],
    );
  }

  /** True while a change is open: a batch ended inside it, and its book is between two states. */
  get isInChange(): boolean {
    return this.changing !== null;
  }

  private touch(market: Market): void {
    if (market.isDirty) return;
    market.isDirty = true;
    this.dirty.push(market);
  }

  /** Shows the latest values of the markets that changed in this batch. Not inside a change. */
  showLatest(): void {
    for (let i = 0; i < this.dirty.length; i++) {
      this.dirty[i].isDirty = false;
      this.writeLatest(this.dirty[i]);
    }
    this.dirty.length = 0;
  }

  private writeLatest(market: Market): void {
    const { book } = market;
    const { f64, i32 } = this.latest;
    const at = this.latest.begin(market.id);
    const words = at * 2;
    const hasLast = market.trades.count > 0;
    i32[words + latest.at.state] = book.state;
    i32[words + latest.at.reason] = book.reason;
    i32[words + latest.at.present] =
      (book.bids.count > 0 ? PRESENT_BID : 0) | (book.asks.count > 0 ? PRESENT_ASK : 0) | (hasLast ? PRESENT_LAST : 0);
    f64[at + latest.at.receiveTimeNs] = market.times[0];
    f64[at + latest.at.exchangeTimeUs] = market.times[1];
    f64[at + latest.at.sinceNs] = book.sinceNs;
    f64[at + latest.at.bookSequence] = book.bookSequence;
    const bid = (book.bids.count - 1) * 4;
    const ask = (book.asks.count - 1) * 4;
    for (let i = 0; i < 4; i++) {
      f64[at + latest.at.bidPriceMilli + i] = bid < 0 ? 0 : book.bids.values[bid + i];
      f64[at + latest.at.askPriceMilli + i] = ask < 0 ? 0 : book.asks.values[ask + i];
    }
    if (hasLast) market.trades.writeLastPrice(f64, at + latest.at.lastPriceMilli);
    this.latest.end(market.id);
  }
}

/** Bits of a bar change after which a closed 1m bar may be new or other. */
const CLOSES = BarChange.closed | BarChange.revised | BarChange.created;
/** Bits that say whether levels changed and whether the state did. */
const IN_PLACE = BookOutcome.applied | BookOutcome.stateChanged;
/** A loss that no record tells of: its time and count. */
const loss = new Float64Array(2);
const LOSS_TIME = 0;
const LOSS_COUNT = 1;

/** A few slots outside any ring, with the views that records are read through. */
class RingViews {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;

  constructor(slots: number) {
    const memory = new ArrayBuffer(slots * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  copy(to: number, u32: Uint32Array, slot: number): void {
    for (let i = 0; i < SLOT_U32; i++) this.u32[to * SLOT_U32 + i] = u32[slot * SLOT_U32 + i];
  }
}
