// Owns the order book of one market: takes its changes record by record and keeps levels, trust and counts. Hot path.

import { assert } from '../../engine/base/assert.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { BookState, ChangeFlag, LevelFlag, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { bookChange, level } from '../../schemas/market-data.ts';
import type { ChecksumKind, VenueRule } from '../../schemas/venue-rules.ts';
import { BOOK_CHECKSUMS, type BookChecksum } from './checksum.ts';
import { HoldBuffer } from './hold-buffer.ts';
import { Ladder, LevelResult } from './ladder.ts';
import { isCrossed } from './measures.ts';
import { ChangeDecision, Sequencer, SnapshotDecision } from './sequencer.ts';
import type { SnapshotStage } from './snapshot-stage.ts';
import { Uncross } from './uncross.ts';

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
  /** A delta pushed levels over the depth kept: `cutPrices` of bids and asks, `cutCount` each, are gone. */
  cut: 8,
  /** A delta shows or hides other levels than it names: `uncross` tells them. */
  uncrossed: 16,
} as const;

/** Columns, taken once. */
const DUPLICATES = marketCounter.duplicates;
const GAPS = marketCounter.gaps;
const LOST = marketCounter.lost;
const RESYNCS = marketCounter.resyncs;
const CHECKSUMS_OK = marketCounter.checksumsOk;
const CHECKSUMS_BAD = marketCounter.checksumsBad;
const BOOK_CHANGES = marketCounter.bookChanges;
const DISCARDED = marketCounter.discarded;
const HELD = marketCounter.held;
const RELEASED = marketCounter.released;

/**
 *   syncing ───── snapshot joins ─────► live ◄──── snapshot joins ────┬─────────────┐
 *                                       │ │                            │             │
 *                                       │ └─ crossed, a side full ─► suspect         │
 *                                       │                              │             │
 *                                       └── gap, checksum, break ──────┴───────► resyncing
 *
 * A live book that nothing changes for too long is stale, and live again with the next change that follows.
 * live, suspect and stale follow the deltas; syncing and resyncing keep their levels and wait for a snapshot, changes are
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
  /** The last checksum that did not match, until someone takes note of it. */
  mismatch: { readonly kind: ChecksumKind | null; readonly expected: number } | null = null;
  /** Receive time of the record that made the book what it is: at a join that of the snapshot. */
  receiveTimeNs = 0;
  /** The connection that the records to come are from; 0 where connections are not told apart. */
  source = 0;
  /** What is not shown of a book that is crossed by nature; null where the venue's are not. */
  readonly uncross: Uncross | null;
  private readonly counters: Float64Array;
  /** Levels a side the user wants kept; 0 is all. */
  private readonly levelsKept: number;
  private readonly stage: SnapshotStage;
  private readonly held = new HoldBuffer();
  private readonly sequencer: Sequencer;
  /** The snapshot comes with the deltas: those of another connection do not belong on it. */
  private readonly isPerConnection: boolean;
  /** The connection that the last snapshot came from. */
  private joinedSource = 0;
  private readonly checksumKind: ChecksumKind | null;
  /** Null where the venue has no checksum. */
  private readonly checksum: BookChecksum | null;
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

  /**
   * `counters` is the market's row; `stage` is shared by all markets of the shard. `levelsKept` cuts each side, 0 keeps
   * all. A book with checksums is not cut: its venue bounds it, and a side that has lost levels could not be checked.
   */
  constructor(rule: VenueRule, counters: Float64Array, stage: SnapshotStage, levelsKept = 0) {
    this.levelsKept = rule.checksum === null ? levelsKept : 0;
    this.counters = counters;
    this.stage = stage;
    this.sequencer = new Sequencer(rule, this.held);
    assert(
      !(rule.uncrosses && rule.joinsRestSnapshot),
      'market book: expected no held changes where books are uncrossed',
    );
    this.uncross = rule.uncrosses ? new Uncross(this.bids, this.asks) : null;
    this.isPerConnection = !rule.joinsRestSnapshot;
    this.checksumKind = rule.checksum;
    this.checksum = rule.checksum === null ? null : BOOK_CHECKSUMS[rule.checksum];
  }

  /** True between begin() and end(): a delta may be applied in part. */
  get isInChange(): boolean {
    return this.isOpen;
  }

  /** Deltas are applied: the book is live or suspect. */
  get isFollowing(): boolean {
    return this.sequencer.isJoined;
  }

  /** The venue's numbers tell what follows what, whichever connection brings it. */
  get isOfAnySource(): boolean {
    return !this.isPerConnection;
  }

  /** False where the book stands on the snapshot of another connection than the one whose records come now. */
  get isOfSource(): boolean {
    return !this.isPerConnection || this.source === this.joinedSource || !this.sequencer.isJoined;
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

  /** One level record of the change that is open. False where a delta's level lies beyond what the book keeps. */
  level(u8: Uint8Array, f64: Float64Array, slot: number): boolean {
    if (this.action === ChangeAction.applyDelta) return this.applyLevel(u8, f64, slot);
    if (this.action === ChangeAction.loadSnapshot) {
      const at8 = slot * SLOT_BYTES;
      const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? this.stage.asks : this.stage.bids;
      const at = slot * SLOT_F64 + level.at.priceMilli;
      const result = side.add(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
      if (result === LevelResult.full) this.hasOverflowed = true;
    } else if (this.action === ChangeAction.hold) {
      this.held.level(u8, f64, slot);
    }
    return true;
  }

  /** As level(), for `count` level records from `slot` on; what the book keeps of them is not told. */
  levels(u8: Uint8Array, f64: Float64Array, slot: number, count: number): void {
    if (this.action !== ChangeAction.applyDelta || this.uncross !== null) {
      for (let i = 0; i < count; i++) this.level(u8, f64, slot + i);
      return;
    }
    const { bids, asks } = this;
    let at8 = slot * SLOT_BYTES;
    let at = slot * SLOT_F64 + level.at.priceMilli;
    for (let i = 0; i < count; i++, at8 += SLOT_BYTES, at += SLOT_F64) {
      const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? asks : bids;
      const result = side.apply(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
      if (result === LevelResult.full) this.hasOverflowed = true;
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

  /** Nothing came for too long: the levels stand, too old to be trusted, until a change that follows. */
  markStale(timeNs: number): void {
    this.head[bookChange.at.receiveTimeNs] = timeNs;
    this.setState(BookState.stale, StateReason.silent);
  }

  /** What was known of this market is gone: only a snapshot makes a book again. */
  forget(reason: StateReason, timeNs: number): void {
    this.addLost(1);
    this.head[bookChange.at.receiveTimeNs] = timeNs;
    this.setState(BookState.resyncing, reason);
  }

  private beginSnapshot(): number {
    const decision = this.sequencer.snapshot(this.headFlags, this.head, 0);
    if (decision !== SnapshotDecision.replace) {
      this.counters[decision === SnapshotDecision.old ? DUPLICATES : DISCARDED]++;
      return ChangeAction.skip;
    }
    if (this.held.count === 0) this.discardHeld();
    this.joinedSource = this.source;
    this.stage.begin();
    this.hasOverflowed = false;
    return ChangeAction.loadSnapshot;
  }

  private beginDelta(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    if (!this.isOfSource) {
      this.counters[DUPLICATES]++;
      return ChangeAction.skip;
    }
    const decision = this.sequencer.change(this.headFlags, this.head, 0);
    if (decision === ChangeDecision.apply) {
      if (this.uncross !== null) this.uncross.restore();
      this.bids.beginChange();
      this.asks.beginChange();
      return ChangeAction.applyDelta;
    }
    if (decision === ChangeDecision.gap) this.noteGap();
    if (decision === ChangeDecision.hold || (decision === ChangeDecision.gap && this.sequencer.holds)) {
      return this.hold(u8, u32, f64, slot);
    }
    this.counters[decision === ChangeDecision.old ? DUPLICATES : DISCARDED]++;
    return ChangeAction.skip;
  }

  private hold(u8: Uint8Array, u32: Uint32Array, f64: Float64Array, slot: number): number {
    const lost = this.held.begin(u8, u32, f64, slot);
    this.counters[HELD]++;
    if (lost > 0) {
      this.addLost(lost);
      this.counters[RELEASED] += lost;
      this.counters[DISCARDED] += lost;
      this.setState(this.state, StateReason.bufferFull);
    }
    return this.held.count > 0 ? ChangeAction.hold : ChangeAction.skip;
  }

  private applyLevel(u8: Uint8Array, f64: Float64Array, slot: number): boolean {
    const at8 = slot * SLOT_BYTES;
    const side = (u8[at8 + level.at.flags] & LevelFlag.ask) !== 0 ? this.asks : this.bids;
    const at = slot * SLOT_F64 + level.at.priceMilli;
    const result = side.apply(f64, at, u8[at8 + level.at.priceDecimals], u8[at8 + level.at.quantityDecimals]);
    if (result === LevelResult.full) this.hasOverflowed = true;
    if (this.uncross !== null) this.uncross.stamp(side, f64, at, this.bookSequence);
    return result !== LevelResult.beyond;
  }

  /** A snapshot whose checksum fails replaces the book too, but does not make it live. */
  private endSnapshot(): void {
    this.stage.endInto(this.bids, this.asks);
    if ((this.headFlags & ChangeFlag.rest) !== 0) {
      this.bids.noteHorizon();
      this.asks.noteHorizon();
    }
    if (this.uncross !== null) this.uncross.begin(this.bookSequence);
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
      this.counters[RELEASED]++;
      if (decision === ChangeDecision.apply) {
        for (let i = 1; i < slots; i++) this.applyLevel(held.u8, held.f64, held.slotAt(position + i));
        this.finishDelta(flags, held.f64, slot * SLOT_F64);
      } else this.counters[DISCARDED]++;
      position += slots;
    }
    held.release();
  }

  private finishDelta(flags: number, f64: Float64Array, base: number): void {
    this.take(flags, f64, base);
    if (!this.matches(flags, f64, base)) return;
    if (this.state === BookState.stale) this.setState(BookState.live, StateReason.none);
    this.judge();
  }

  /** All levels of a change are in: counts it, cuts to the depth kept, and shows no crossing ones. */
  private take(flags: number, f64: Float64Array, base: number): void {
    this.bookSequence++;
    this.counters[BOOK_CHANGES]++;
    this.venueSequence = (flags & ChangeFlag.hasSequence) !== 0 ? f64[base + bookChange.at.lastSequence] : -1;
    this.exchangeTimeUs = f64[base + bookChange.at.exchangeTimeUs];
    this.receiveTimeNs = this.head[bookChange.at.receiveTimeNs];
    this.outcome |= BookOutcome.applied;
    this.cutTo(f64[base + bookChange.at.depth] | 0);
    if (this.uncross?.show() === true) this.outcome |= BookOutcome.uncrossed;
  }

  /** The venue keeps `depth` levels, 0 is all; the user's own depth counts where it is less. */
  private cutTo(depth: number): void {
    const { bids, asks, levelsKept } = this;
    bids.venueDepth = depth;
    asks.venueDepth = depth;
    let cut = 0;
    if (levelsKept > 0 && (depth === 0 || levelsKept < depth)) cut = bids.keep(levelsKept) + asks.keep(levelsKept);
    else if (depth > 0) cut = bids.cut(depth) + asks.cut(depth);
    if (cut > 0) this.outcome |= BookOutcome.cut;
  }

  /** Compares the venue's checksum, where there is one, with the book's: both as signed 32-bit numbers. */
  private matches(flags: number, f64: Float64Array, base: number): boolean {
    if ((flags & ChangeFlag.hasChecksum) === 0 || this.checksum === null) return true;
    if (this.checksum(this.bids, this.asks) === (f64[base + bookChange.at.checksum] | 0)) {
      this.counters[CHECKSUMS_OK]++;
      return true;
    }
    this.counters[CHECKSUMS_BAD]++;
    this.mismatch = { kind: this.checksumKind, expected: f64[base + bookChange.at.checksum] | 0 };
    this.sequencer.breakChain();
    this.setState(BookState.resyncing, StateReason.checksum);
    return false;
  }

  /** Looks for evidence of error in a live book; it stays until the next snapshot. */
  private judge(): void {
    if (this.state !== BookState.live) return;
    if (isCrossed(this.bids, this.asks)) this.setState(BookState.suspect, StateReason.crossed);
    else if (this.hasOverflowed) this.setState(BookState.suspect, StateReason.bufferFull);
    else if (this.bids.isUsedUp || this.asks.isUsedUp) this.setState(BookState.suspect, StateReason.horizon);
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
    this.discardHeld();
    if (!this.sequencer.isJoined) return;
    if (reason === StateReason.gap) this.counters[GAPS]++;
    this.sequencer.breakChain();
    this.head[bookChange.at.receiveTimeNs] = this.pendingTimeNs;
    this.setState(BookState.resyncing, reason);
  }

  /** What was held is gone without having been applied. */
  private discardHeld(): void {
    const left = this.counters[HELD] - this.counters[RELEASED];
    this.counters[RELEASED] += left;
    this.counters[DISCARDED] += left;
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
