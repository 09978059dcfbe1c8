// Owns the order book of one market: takes its changes record by record and keeps levels, trust and counts. Hot path.

import { assert } from '../../engine/base/assert.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { BookState, ChangeFlag, LevelFlag, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { bookChange, level } from '../../schemas/market-data.ts';
import type { VenueRule } from '../../schemas/venue-rules.ts';
import { bookChecksum } from './checksum.ts';
import { HoldBuffer } from './hold-buffer.ts';
import { Ladder, LevelResult } from './ladder.ts';
import { isCrossed } from './measures.ts';
import { ChangeDecision, Sequencer, SnapshotDecision } from './sequencer.ts';
import type { SnapshotStage } from './snapshot-stage.ts';

/** What begin() decided for the levels that follow. */
export const ChangeAction = { skip: 0, applyDelta: 1, loadSnapshot: 2, hold: 3 } as const;

/** Bits of what one change, or one break, did to the book. */
export const BookOutcome = {
  /** Levels may differ from before; bookSequence has moved. */
  applied: 1,
  /** The whole book was replaced; changes that were held are already in it. */
  snapshot: 2,
  /** State or reason is another. */
  stateChanged: 4,
  /** A delta pushed levels over the venue's depth: `cutPrices` of bids and asks, `cutCount` each, are gone. */
  cut: 8,
} as const;

/** Columns, taken once. */
const DUPLICATES = marketCounter.duplicates;
const GAPS = marketCounter.gaps;
const LOST = marketCounter.lost;
const RESYNCS = marketCounter.resyncs;
const CHECKSUMS_OK = marketCounter.checksumsOk;
const CHECKSUMS_BAD = marketCounter.checksumsBad;
const BOOK_CHANGES = marketCounter.bookChanges;

/**
 *   syncing ───── snapshot joins ─────► live ◄──── snapshot joins ────┬─────────────┐
 *                                       │ │                            │             │
 *                                       │ └─ crossed, a side full ─► suspect         │
 *                                       │                              │             │
 *                                       └── gap, checksum, break ──────┴───────► resyncing
 *
 * live and suspect follow the deltas; syncing and resyncing keep their levels and wait for a snapshot, changes are
 * held meanwhile (venues with REST snapshots) or left out. For each change: begin(), level() once per level, end(),
 * which may be in different batches. A delta is applied as it comes, a snapshot at its end. Thread: the shard's.
 */
export class MarketBook {
  readonly bids = new Ladder(true);
  readonly asks = new Ladder(false);
  state: BookState = BookState.syncing;
  reason: StateReason = StateReason.noSnapshot;
  /** Receive time at which this state and reason began. */
  sinceNs = 0;
  /** Updates known lost so far. */
  lost = 0;
  /** Changes applied so far. */
  bookSequence = 0;
  /** Of the last change applied; -1 where the venue has none. */
  venueSequence = -1;
  /** Venue clock of the last change applied; 0 where the venue gives none. */
  exchangeTimeUs = 0;
  /** Receive time of the record that made the book what it is: at a join that of the snapshot. */
  receiveTimeNs = 0;
  private readonly counters: Float64Array;
  private readonly stage: SnapshotStage;
  private readonly held = new HoldBuffer();
  private readonly sequencer: Sequencer;
  /** Fields of the head of the change that is open: its slot may be gone when end() comes. */
  private readonly head = new Float64Array(SLOT_F64);
  private headFlags = 0;
  private isOpen = false;
  private action: number = ChangeAction.skip;
  private outcome = 0;
  /** A level of this book found no room since its last snapshot. */
  private hasOverflowed = false;
  /** A break that came while a change was open, for its end. */
  private pendingReason: StateReason = StateReason.none;
  private pendingTimeNs = 0;

  /** `counters` is the market's row; `stage` is shared by all markets of the shard. */
  constructor(rule: VenueRule, counters: Float64Array, stage: SnapshotStage) {
    this.counters = counters;
    this.stage = stage;
    this.sequencer = new Sequencer(rule, this.held);
  }

  /** True between begin() and end(): a delta may be applied in part. */
  get isInChange(): boolean {
    return this.isOpen;
  }

  /** Deltas are applied: the book is live or suspect. */
  get isFollowing(): boolean {
    return this.sequencer.isJoined;
  }

  /** The bookChange record in `slot`. Returns the ChangeAction, which is only of interest to tests. */
  begin(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    assert(!this.isOpen, 'market book: expected the change before to have ended');
    this.isOpen = true;
    this.outcome = 0;
    this.headFlags = u8[slot * SLOT_BYTES + bookChange.at.flags];
    const base = slot * SLOT_F64;
    for (let i = bookChange.at.receiveTimeNs; i <= bookChange.at.depth; i++) this.head[i] = f64[base + i];
    this.action =
      (this.headFlags & ChangeFlag.snapshot) !== 0 ? this.beginSnapshot() : this.beginDelta(u8, u32, f64, slot);
    return this.action;
  }

  /** One level record of the change that is open. */
  level(u8: Uint8Array, f64: Float64Array, slot: number): void {
    if (this.action === ChangeAction.applyDelta) {
      this.applyLevel(u8, f64, slot);
    } else if (this.action === ChangeAction.loadSnapshot) {
      const at8 = slot * SLOT_BYTES;
      const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? this.stage.asks : this.stage.bids;
      const at = slot * SLOT_F64 + level.at.priceMilli;
      const result = side.add(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
      if (result === LevelResult.full) this.hasOverflowed = true;
    } else if (this.action === ChangeAction.hold) {
      this.held.level(u8, f64, slot);
    }
  }

  /** After the last level. Returns BookOutcome bits of the whole change. */
  end(): number {
    assert(this.isOpen, 'market book: expected a change to have begun');
    this.isOpen = false;
    if (this.action === ChangeAction.applyDelta) this.finishDelta(this.headFlags, this.head, 0);
    else if (this.action === ChangeAction.loadSnapshot) this.endSnapshot();
    this.action = ChangeAction.skip;
    if (this.pendingReason !== StateReason.none) this.breakNow(this.pendingReason);
    return this.outcome;
  }

  /**
   * Something of this market is known to be lost: a gap record, a full ring, a lost connection. `f64` holds the receive
   * time and the count of lost updates, 0 where unknown. Returns BookOutcome bits; in a change they come with end().
   */
  breakBook(reason: StateReason, f64: Float64Array, receiveTimeAt: number, lostAt: number): number {
    this.addLost(f64[lostAt] === 0 && reason !== StateReason.connectionLost ? 1 : f64[lostAt]);
    this.pendingTimeNs = f64[receiveTimeAt];
    this.pendingReason = reason;
    if (this.isOpen) return 0;
    this.outcome = 0;
    this.breakNow(reason);
    return this.outcome;
  }

  private beginSnapshot(): number {
    const decision = this.sequencer.snapshot(this.headFlags, this.head, 0);
    if (decision !== SnapshotDecision.replace) {
      if (decision === SnapshotDecision.old) this.counters[DUPLICATES]++;
      return ChangeAction.skip;
    }
    this.stage.begin();
    this.hasOverflowed = false;
    return ChangeAction.loadSnapshot;
  }

  private beginDelta(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const decision = this.sequencer.change(this.headFlags, this.head, 0);
    if (decision === ChangeDecision.apply) return ChangeAction.applyDelta;
    if (decision === ChangeDecision.old) this.counters[DUPLICATES]++;
    if (decision === ChangeDecision.gap) {
      this.noteGap();
      if (this.sequencer.holds) return this.hold(u8, u32, f64, slot);
    }
    return decision === ChangeDecision.hold ? this.hold(u8, u32, f64, slot) : ChangeAction.skip;
  }

  private hold(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const lost = this.held.begin(u8, u32, f64, slot);
    if (lost > 0) {
      this.addLost(lost);
      this.setState(this.state, StateReason.bufferFull);
    }
    return this.held.count > 0 ? ChangeAction.hold : ChangeAction.skip;
  }

  private applyLevel(u8: Uint8Array, f64: Float64Array, slot: number): void {
    const at8 = slot * SLOT_BYTES;
    const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? this.asks : this.bids;
    const at = slot * SLOT_F64 + level.at.priceMilli;
    const result = side.apply(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
    if (result === LevelResult.full) this.hasOverflowed = true;
  }

  /** A snapshot whose checksum fails replaces the book too, but does not make it live. */
  private endSnapshot(): void {
    this.stage.endInto(this.bids, this.asks);
    this.take(this.headFlags, this.head, 0);
    this.outcome = BookOutcome.applied | BookOutcome.snapshot;
    if (!this.matches(this.headFlags, this.head, 0)) return;
    if (this.state === BookState.resyncing) this.counters[RESYNCS]++;
    this.setState(BookState.live, StateReason.none);
    this.judge();
    this.joinHeld();
  }

  /** Held changes that lie behind the snapshot, in order; at a gap among them the rest stays held. */
  private joinHeld(): void {
    const { held, sequencer } = this;
    let position = 0;
    while (position < held.count) {
      const slot = held.slotAt(position);
      const slots = held.slotsOf(slot);
      const flags = held.u8[slot * SLOT_BYTES + bookChange.at.flags];
      const decision = sequencer.change(flags, held.f64, slot * SLOT_F64);
      if (decision === ChangeDecision.gap) {
        this.noteGap();
        held.dropBefore(position);
        return;
      }
      if (decision === ChangeDecision.apply) {
        for (let i = 1; i < slots; i++) this.applyLevel(held.u8, held.f64, held.slotAt(position + i));
        this.finishDelta(flags, held.f64, slot * SLOT_F64);
      }
      position += slots;
    }
    held.release();
  }

  private finishDelta(flags: number, f64: Float64Array, base: number): void {
    this.take(flags, f64, base);
    if (this.matches(flags, f64, base)) this.judge();
  }

  /** All levels of a change are in: counts it and cuts to the venue's depth. */
  private take(flags: number, f64: Float64Array, base: number): void {
    this.bookSequence++;
    this.counters[BOOK_CHANGES]++;
    this.venueSequence = (flags & ChangeFlag.hasSequence) !== 0 ? f64[base + bookChange.at.lastSequence] : -1;
    this.exchangeTimeUs = f64[base + bookChange.at.exchangeTimeUs];
    this.receiveTimeNs = this.head[bookChange.at.receiveTimeNs];
    this.outcome |= BookOutcome.applied;
    const depth = f64[base + bookChange.at.depth] | 0;
    if (depth > 0 && this.bids.cut(depth) + this.asks.cut(depth) > 0) this.outcome |= BookOutcome.cut;
  }

  /** Compares the venue's checksum, where there is one, with the book's: both as signed 32-bit numbers. */
  private matches(flags: number, f64: Float64Array, base: number): boolean {
    if ((flags & ChangeFlag.hasChecksum) === 0) return true;
    if (bookChecksum(this.bids, this.asks) === (f64[base + bookChange.at.checksum] | 0)) {
      this.counters[CHECKSUMS_OK]++;
      return true;
    }
    this.counters[CHECKSUMS_BAD]++;
    this.sequencer.breakChain();
    this.setState(BookState.resyncing, StateReason.checksum);
    return false;
  }

  /** Looks for evidence of error in a live book; it stays until the next snapshot. */
  private judge(): void {
    if (this.state !== BookState.live) return;
    if (isCrossed(this.bids, this.asks)) this.setState(BookState.suspect, StateReason.crossed);
    else if (this.hasOverflowed) this.setState(BookState.suspect, StateReason.bufferFull);
  }

  private noteGap(): void {
    this.counters[GAPS]++;
    this.addLost(this.sequencer.missing);
    this.setState(BookState.resyncing, StateReason.gap);
  }

  /** A book that waits for its snapshot keeps state and reason; what was held lies before the hole and is of no use. */
  private breakNow(reason: StateReason): void {
    this.pendingReason = StateReason.none;
    this.held.clear();
    if (!this.sequencer.isJoined) return;
    if (reason === StateReason.gap) this.counters[GAPS]++;
    this.sequencer.breakChain();
    this.head[bookChange.at.receiveTimeNs] = this.pendingTimeNs;
    this.setState(BookState.resyncing, reason);
  }

  private addLost(count: number): void {
    this.lost += count;
    this.counters[LOST] += count;
  }

  private setState(state: BookState, reason: StateReason): void {
    if (state === this.state && reason === this.reason) return;
    this.state = state;
    this.reason = reason;
    this.sinceNs = this.head[bookChange.at.receiveTimeNs];
    this.outcome |= BookOutcome.stateChanged;
  }
}
