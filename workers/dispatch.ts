// Joins the state of a shard's markets: one switch on record type, and what each record sets off. Hot path.

import type { MarketPlans } from '../engine/base/market-plans.ts';
import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { RingReader } from '../engine/ring/spsc-ring.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../schemas/counters.ts';
import { request } from '../schemas/derived.ts';
import { BackfillFlag, BookState, ChangeFlag, Interest, RecordType, StateReason } from '../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../schemas/layout.ts';
import { backfill, bookChange, checkpoint, clock as clockRecord, gap, source, trade } from '../schemas/market-data.ts';
import type { ShardRecovery } from '../schemas/shard-task.ts';
import { Activity } from '../schemas/shared-state.ts';
import { BarChange, FINAL_BARS } from './bars/bar-changes.ts';
import { BookOutcome, ChangeAction } from './book/market-book.ts';
import { SnapshotStage } from './book/snapshot-stage.ts';
import { ShardCapture } from './capture.ts';
import { DeltaOutput } from './delta-output.ts';
import { answerRequest, emitBars, emitBbo, emitHole, emitStatus, emitWholeBook } from './emit.ts';
import { LatestValues } from './latest.ts';
import type { Market } from './market.ts';
import { MarketTable } from './market-table.ts';
import { OutputWriter } from './output/writer.ts';
import { type Tell, tellMismatch } from './shard-message.ts';
import { SignalOutput } from './signal-output.ts';
import { Trades } from './trades.ts';
import type { UserSignals } from './user-signals.ts';

export type DispatchOptions = {
  readonly plans: MarketPlans;
  readonly users: UserSignals;
  /** Keep every bar: replays. */
  readonly keepAll: boolean;
  /** Takes what is to be reported, and is no data. */
  readonly tell: Tell;
};

export class Dispatch {
  readonly output: OutputWriter;
  readonly trades: Trades;
  private readonly table: MarketTable;
  private readonly memory: EngineMemory;
  private readonly interest: Int32Array;
  private readonly latest: LatestValues;
  private readonly signals: SignalOutput;
  private readonly delta: DeltaOutput;
  private readonly counters: Float64Array;
  private readonly tell: Tell;
  /** A checkpoint that is being written. */
  readonly capture: ShardCapture;
  /** Records come that a forerunner has applied. */
  private isRebuilding = false;
  private u8: Uint8Array;
  private u16: Uint16Array;
  private u32: Uint32Array;
  private f64: Float64Array;
  /** The market whose change is being applied, and how many of its levels are to come. */
  private changing: Market | null = null;
  private levelsLeft = 0;

  constructor(memory: EngineMemory, shard: number, { plans, users, keepAll, tell }: DispatchOptions) {
    const own = memory.shards[shard];
    const input = new RingReader(own.input);
    this.memory = memory;
    this.tell = tell;
    this.u8 = input.u8;
    this.u16 = input.u16;
    this.u32 = input.u32;
    this.f64 = input.f64;
    this.output = new OutputWriter(own.output, memory.mainDoorbell, new Float64Array(own.counters), own.marks);
    this.interest = new Int32Array(memory.interest);
    this.latest = new LatestValues(memory);
    this.signals = new SignalOutput(memory, this.output);
    this.delta = new DeltaOutput(this.output);
    this.counters = new Float64Array(memory.marketCounters);
    const parts = { plans, users, keepAll, stage: new SnapshotStage(), anchorWallUs: memory.anchor.wallUs };
    this.table = new MarketTable(memory, shard, parts, {
      tell,
      opened: (market) => this.opened(market),
      begunAgain: (market) => this.emitOutcome(market, BookOutcome.stateChanged),
    });
    const words = new Int32Array(own.words);
    this.capture = new ShardCapture(shard, words, memory.marketsMax, this.table.images, tell);
    const { output, signals, latest, capture, table } = this;
    const marketOf = (id: number): Market => table.of(id);
    this.trades = new Trades(memory, input, { output, signals, latest, capture, marketOf, words });
  }

  get markets(): readonly Market[] {
    return this.table.markets;
  }

  /** By index in `markets`: clock records before this moment have nothing to do there. */
  get nextLookUs(): Float64Array {
    return this.table.nextLookUs;
  }

  private opened(market: Market): void {
    this.latest.touch(market);
    this.trades.open(market);
  }

  /**
   * Applies the record at a slot of the input ring and, where trades follow one another there or a change's levels, up to
   * `count` records; returns how many that were. Trades may wait for others of their market until trades.settleAll().
   */
  take(type: number, slot: number, count: number): number {
    if (type === RecordType.level) return this.levels(slot, count);
    const taken = type === RecordType.trade ? this.trades.takeRun(slot, count) : 0;
    if (taken > 0) return taken;
    this.record(type, slot);
    return 1;
  }

  /** Applies the record at a slot of the input ring at once. */
  record(type: number, slot: number): void {
    if (type !== RecordType.level && type !== RecordType.clock)
      this.prepare(this.u16[slot * SLOT_U16 + trade.at.market]);
    switch (type) {
      case RecordType.level:
        this.levels(slot, 1);
        return;
      case RecordType.trade:
        this.trades.take(this.marketAt(slot), slot);
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
        this.trades.takeText(this.marketAt(slot), slot);
        return;
      case RecordType.clock:
        this.clock(slot);
        return;
      case RecordType.gap:
        this.gap(slot);
        return;
      case RecordType.derivative:
        this.count(slot, marketCounter.derivatives);
        return;
      case RecordType.liquidation:
        this.count(slot, marketCounter.liquidations);
        return;
      case RecordType.source:
        this.source(slot);
        return;
      case RecordType.backfill:
        this.backfill(slot);
        return;
      case RecordType.checkpoint:
        this.beginCapture(slot);
        return;
      default: // quoteAsk and candlePrices continue the record before them
    }
  }

  /** A market is about to change: what waits of it comes first, and what a checkpoint has not yet of it. */
  private prepare(id: number): void {
    if (this.capture.isRunning) this.capture.before(id);
    this.trades.settle(id);
  }

  private marketAt(slot: number): Market {
    return this.table.of(this.u16[slot * SLOT_U16 + trade.at.market]);
  }

  /** The shard ran before and ended: its markets are known, their books and bars are lost and say so. */
  beginAgain(nowNs: number): void {
    for (const id of this.table.ids()) {
      this.latest.repair(id);
      this.table.beginAgain(id, nowNs);
    }
  }

  // ---- checkpoints

  /** The state before this record is to be written down. */
  private beginCapture(slot: number): void {
    if (this.isRebuilding) return;
    this.trades.settleAll();
    const at = slot * SLOT_F64;
    const { number, sequence } = checkpoint.at;
    const { clockUs, nowUs, markets } = this.table;
    this.capture.begin(this.f64[at + number], this.f64[at + sequence], [clockUs[0], nowUs[0]], markets);
  }

  /** Takes up the state of a checkpoint. */
  restore(recovery: ShardRecovery, nowNs: number): void {
    for (const id of this.table.ids()) this.latest.repair(id);
    this.table.restore(recovery, nowNs);
  }

  /**
   * Main is to take all fresh that someone listens to, also of markets that came after the checkpoint: a forerunner left
   * output out and did not come to tell whose, or had begun anew with nothing and told that.
   */
  noteOutputLost(): void {
    for (const id of this.table.ids()) if (this.interest[id] !== 0) this.output.noteLost(id);
  }

  /** Records come from a ring with what a forerunner has applied. */
  beginRebuild(input: RingReader): void {
    this.isRebuilding = true;
    this.latest.isBehind = true;
    this.readFrom(input);
  }

  /** Records come from the shard's own ring again; some that a forerunner has applied may still be among them. */
  endRebuild(input: RingReader): void {
    this.trades.settleAll();
    this.isRebuilding = false;
    this.readFrom(input);
  }

  /** Everything that a forerunner had applied has been. */
  catchUp(): void {
    this.trades.settleAll();
    this.latest.isBehind = false;
  }

  private readFrom(input: RingReader): void {
    this.u8 = input.u8;
    this.u16 = input.u16;
    this.u32 = input.u32;
    this.f64 = input.f64;
    this.trades.readFrom(input);
  }

  private count(slot: number, column: number): void {
    const market = this.marketAt(slot);
    this.counters[market.id * MARKET_COUNTER_COLUMNS + column]++;
    const timesAt = slot * SLOT_F64 + trade.at.receiveTimeNs;
    if (Number.isNaN(this.f64[timesAt])) return;
    if (market.quality.activity !== Activity.active) this.latest.touch(market);
    market.quality.arrived(this.f64, timesAt);
  }

  // ---- books

  private beginChange(slot: number): void {
    const market = this.marketAt(slot);
    const at = slot * SLOT_F64;
    if (Number.isNaN(this.f64[at + bookChange.at.receiveTimeNs])) {
      this.f64[at + bookChange.at.receiveTimeNs] =
        (this.f64[at + bookChange.at.exchangeTimeUs] - this.memory.anchor.wallUs) * 1000;
    }
    if (!market.plan.hasBook) return;
    this.changing = market;
    this.levelsLeft = this.u32[slot * SLOT_U32 + bookChange.at.count];
    market.noteTimes(this.f64, slot);
    market.noteChange((this.u8[slot * SLOT_BYTES + bookChange.at.flags] & ChangeFlag.rest) !== 0);
    const action = market.book.begin(this.u8, this.u32, this.f64, slot);
    if (action === ChangeAction.applyDelta && (this.interest[market.id] & Interest.book) !== 0)
      this.delta.begin(market);
    if (this.levelsLeft === 0) this.endChange(market);
  }

  /** Takes the level records that follow one another from `slot` on, `count` at most; returns how many. */
  private levels(slot: number, count: number): number {
    const { changing: market, u8, f64, delta } = this;
    if (market === null) return 1;
    const most = Math.min(count, this.levelsLeft);
    let taken = 1;
    while (taken < most && u8[(slot + taken) * SLOT_BYTES] === RecordType.level) taken++;
    if (!delta.isOpen) market.book.levels(u8, f64, slot, taken);
    else for (let at = slot; at < slot + taken; at++) if (market.book.level(u8, f64, at)) delta.level(u8, f64, at);
    this.levelsLeft -= taken;
    if (this.levelsLeft === 0) this.endChange(market);
    return taken;
  }

  private endChange(market: Market): void {
    this.changing = null;
    const outcome = market.book.end();
    if (outcome !== 0) market.noteBook((outcome & BookOutcome.applied) !== 0);
    if (market.book.mismatch !== null) tellMismatch(market, this.tell);
    this.latest.touch(market);
    if (this.delta.isOpen) this.delta.end(market, outcome);
    this.emitOutcome(market, outcome);
  }

  /** What a change or a break did to the book, to those who listen. A delta itself has been emitted. */
  private emitOutcome(market: Market, outcome: number): void {
    const interest = this.interest[market.id];
    if (interest === 0) return;
    const isWhole = (outcome & BookOutcome.snapshot) !== 0 || (outcome & IN_PLACE) === BookOutcome.stateChanged;
    if ((interest & Interest.book) !== 0 && isWhole) emitWholeBook(this.output, market);
    if ((interest & Interest.status) !== 0 && (outcome & BookOutcome.stateChanged) !== 0)
      emitStatus(this.output, market);
    const isTold = (outcome & (BookOutcome.applied | BookOutcome.stateChanged)) !== 0;
    const isOther = market.takeBestChange() || (outcome & BookOutcome.stateChanged) !== 0;
    if ((interest & Interest.bbo) !== 0 && isOther) emitBbo(this.output, market);
    if ((interest & Interest.signal) !== 0 && isTold) this.signals.book(market);
  }

  // ---- time and loss

  private clock(slot: number): void {
    this.trades.settleAll();
    const timeUs = this.f64[slot * SLOT_F64 + clockRecord.at.timeUs];
    const { clockUs, nowUs, nextLookUs, markets } = this.table;
    // A clock that was set back: silences are judged by it anew.
    if (timeUs < clockUs[0]) nextLookUs.fill(Number.NEGATIVE_INFINITY, 0, markets.length);
    clockUs[0] = timeUs;
    const isLater = timeUs > nowUs[0];
    if (isLater) nowUs[0] = timeUs;
    for (let i = 0; i < markets.length; i++) {
      if (nextLookUs[i] <= timeUs) this.look(markets[i], slot, timeUs, isLater);
    }
  }

  /** The clock has something to do in a market, or may have. */
  private look(market: Market, slot: number, timeUs: number, isLater: boolean): void {
    if (this.capture.isRunning) this.capture.before(market.id);
    this.judge(market, slot, timeUs);
    const changes = isLater ? market.bars.look(market.book.state) : BarChange.none;
    market.planLook(this.changing === market && market.quality.isSilent);
    if (changes === BarChange.none) return;
    const interest = this.interest[market.id];
    if ((interest & Interest.bar) !== 0) emitBars(this.output, market);
    this.signals.bars(market, (interest & Interest.signal) !== 0);
  }

  /** Silence: how active the market is, and whether its book is too old to be trusted. */
  private judge(market: Market, slot: number, timeUs: number): void {
    const { quality, book } = market;
    const before = quality.activity;
    if (quality.clock(this.f64, slot * SLOT_F64 + clockRecord.at.timeUs) !== before) this.latest.touch(market);
    if (book.state !== BookState.live || this.changing === market) return;
    if (!quality.isSilent) return;
    book.markStale((timeUs - this.memory.anchor.wallUs) * 1000);
    market.noteBook(false);
    this.latest.touch(market);
    this.emitOutcome(market, BookOutcome.stateChanged);
  }

  private source(slot: number): void {
    const market = this.marketAt(slot);
    const { book } = market;
    const isUnknown = book.source === 0 && book.isFollowing && !book.isOfAnySource;
    book.source = this.f64[slot * SLOT_F64 + source.at.connection];
    if (!isUnknown) return;
    // The shard began anew, and what said where the book's snapshot came from was read before: it may be this or another.
    loss[LOSS_TIME] = market.times[0];
    loss[LOSS_COUNT] = 0;
    const outcome = book.breakBook(StateReason.restart, loss, LOSS_TIME, LOSS_COUNT);
    if (outcome !== 0) market.noteBook(false);
    this.latest.touch(market);
    this.emitOutcome(market, outcome);
  }

  private gap(slot: number): void {
    const market = this.marketAt(slot);
    const reason = this.u8[slot * SLOT_BYTES + gap.at.flags] as StateReason;
    const at = slot * SLOT_F64;
    const isSince = this.f64[at + gap.at.sinceTimeUs] > 0;
    const isOfTrades = reason === StateReason.none;
    // A connection that another has taken the place of loses nothing, but for trades of a known time; what the engine lost may
    // be of either.
    if (!market.book.isOfSource && !isOwnLoss(reason) && !(isOfTrades && isSince)) return;
    const changes = isSince ? market.noteGapSince(this.f64, at + gap.at.sinceTimeUs, isOfTrades) : BarChange.none;
    if (changes !== BarChange.none) this.tellBars(market, changes);
    if (isOfTrades) {
      market.loseTrades(this.f64[at + gap.at.lost], this.f64[at + gap.at.receiveTimeNs]);
      this.latest.touch(market);
      return;
    }
    emitHole(this.output, market, reason, this.f64[at + gap.at.receiveTimeNs]);
    this.lose(market, reason, this.f64, at + gap.at.receiveTimeNs, at + gap.at.lost);
  }

  private tellBars(market: Market, changes: number): void {
    const interest = this.interest[market.id];
    if ((interest & Interest.bar) !== 0) emitBars(this.output, market);
    if ((changes & FINAL_BARS) !== 0) this.signals.bars(market, (interest & Interest.signal) !== 0);
  }

  /** Trades of a loss are about to come, or have come. */
  private backfill(slot: number): void {
    const market = this.marketAt(slot);
    const flags = this.u8[slot * SLOT_BYTES + backfill.at.flags];
    const at = slot * SLOT_F64;
    if ((flags & BackfillFlag.begin) !== 0) {
      const { fromTimeUs, toTimeUs, fromId } = backfill.at;
      market.beginBackfill(this.f64, at + fromTimeUs, at + toTimeUs, at + fromId);
      this.latest.touch(market);
      return;
    }
    const isWhole = (flags & BackfillFlag.whole) !== 0;
    const changes = market.endBackfill(this.f64, at + backfill.at.fromTimeUs, at + backfill.at.toTimeUs, isWhole);
    if (changes !== BarChange.none) this.tellBars(market, changes);
  }

  private lose(market: Market, reason: StateReason, f64: Float64Array, receiveTimeAt: number, lostAt: number): void {
    const outcome = market.book.breakBook(reason, f64, receiveTimeAt, lostAt);
    market.noteLoss(f64[receiveTimeAt]);
    market.bars.noteGap();
    if (outcome !== 0) market.noteBook(false);
    this.latest.touch(market);
    this.emitOutcome(market, outcome);
  }

  // ---- outputs

  /** Answers a request of the main thread. */
  request(ring: RingReader, slot: number): void {
    const id = ring.u16[slot * SLOT_U16 + request.at.market];
    this.prepare(id);
    const at = slot * SLOT_F64;
    const market = this.table.find(id);
    if (market === undefined) return;
    answerRequest(
      this.output,
      market,
      ring.f64[at + request.at.kind],
      ring.f64[at + request.at.requestId],
      ring.f64[at + request.at.limit],
      ring.f64[at + request.at.barKind],
    );
  }

  /** True while a change is open: a batch ended inside it, and its book is between two states. */
  get isInChange(): boolean {
    return this.changing !== null;
  }

  /** Shows the latest values of the markets that changed in this batch. Not inside a change. */
  showLatest(): void {
    this.latest.show();
  }
}

/** True where a gap of this reason tells of the engine, and of no connection. */
function isOwnLoss(reason: StateReason): boolean {
  const { drop, restart, poison, journalHole } = StateReason;
  return reason === drop || reason === restart || reason === poison || reason === journalHole;
}

/** Bits that say whether levels changed and whether the state did. */
const IN_PLACE = BookOutcome.applied | BookOutcome.stateChanged;
/** A loss that no record tells of: its time and count. */
const loss = new Float64Array(2);
const LOSS_TIME = 0;
const LOSS_COUNT = 1;
