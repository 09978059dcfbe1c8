// Owns the decision what a change or a snapshot of one market's book is good for, by its venue's rule. Hot path.
//
// Recipe for venues whose snapshot comes from REST (VenueRule.joinsRestSnapshot). Sources: Binance spot API docs and
// Binance USD-M futures docs, "How to manage a local order book correctly" (2026-07), with the corrections of
// venues.md §1.5 and §11.1. U and u are a change's first and last sequence, pu the u of the change before, S the
// snapshot's sequence, last the sequence of the book.
//  1. Without a book, changes are held.
//  2. A snapshot comes: held changes inside it are passed over: spot u <= S, futures u < S.
//  3. The first change left must touch the snapshot, else it is too old: it is discarded, the held ones stay.
//     Spot: U <= S + 1. (The docs ask for S in [U, u], which refuses the exact fit that their next step allows.)
//     Futures: U <= S, or pu <= S where the change lies behind S (ids jump between changes, so U - 1 says nothing).
//  4. The book is the snapshot, last = S; the changes left follow by the steps 5 to 7.
//  5. A change inside the book is old and passed over: u <= last; for the first one on a futures snapshot u < last.
//  6. The first change on a snapshot is as in 3; after it spot has U = last + 1, futures pu = last. Then last = u.
//  7. Any other change shows a gap: back to 1, that change is the first one held. A spot change that begins inside the
//     book and ends behind it (U <= last < u) is allowed as the first on a snapshot only (venues.md §1.5).
//  8. A snapshot for a book that stands replaces it where S >= last, else it is old.
//
// Other venues (Coinbase docs, "Sequence Numbers", 2026-08; Kraken guides, "Book", 2026-05; venues.md §2.4, §3.4): the
// snapshot comes in the stream and always replaces, changes before it are discarded, those after it are applied: loss
// shows at the connection's counter or at the checksum. A rule with continuity is checked as in 5 to 7, without holding.
//
// OKX (Continuity.chained; API guide v5, "Order book channel", "Sequence ID", 2026-08; venues.md §7.3): the snapshot comes
// in the stream and always replaces. s and p are a change's seqId and prevSeqId. The official run of (p, s): (-1, 10) the
// snapshot, (10, 15), (15, 15) nothing changed, (15, 3) the counter was set back, (3, 5).
//  9. A change with p = last is applied and last = s, be s greater, equal (a keep-alive) or smaller (a counter set back).
// 10. Any other is a gap, also one with s <= last: after a setting back that was lost all numbers are small. Only the
//     change that was applied last, both its numbers the same, is known to be a repeat.
// 11. A change without numbers (before 2022) is applied: its checksum tells what was lost.
//
// Hyperliquid (Continuity.wholeByTime; docs, "WebSocket", "Subscriptions", WsBook, 2026-06; venues.md §4.3): every change is
// a snapshot, its lastSequence the time of the block that the book is of.
// 12. A snapshot whose time is before that of the book that stands is old; one of the same time, a repeat as a rule, or of a
//     later one replaces it. A book that does not stand is replaced whatever the time.
// 13. The third in a row that is old though later than the one before it replaces the book too: it is the time of the book
//     that was wrong, or set back, and would else shut out all that follow.

import { ChangeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { bookChange } from '../../schemas/market-data.ts';
import { Continuity, type VenueRule } from '../../schemas/venue-rules.ts';
import type { HoldBuffer } from './hold-buffer.ts';

export const ChangeDecision = { apply: 0, old: 1, hold: 2, discard: 3, gap: 4 } as const;
export const SnapshotDecision = { replace: 0, old: 1, tooOld: 2 } as const;

/** Old snapshots in a row, each later than the one before, that are believed against the book (step 13). */
const BEHIND_MAX = 3;

/** Updates a gap has lost where the venue's numbers do not tell. */
const LOST_UNKNOWN = 1;

/** Numbers are read from records, never passed, so none needs the heap. Thread: the shard's. */
export class Sequencer {
  /** There is a snapshot and everything since. */
  isJoined = false;
  /** Updates the last gap has lost. */
  missing = 0;
  /** Changes are held while there is no book, if they are numbered. */
  readonly holds: boolean;
  private readonly continuity: number;
  private readonly isWholeByTime: boolean;
  private readonly held: HoldBuffer;
  private last = -1;
  private hasLast = false;
  /** The previousSequence of the change that made `last`; -1 where a snapshot did. */
  private previous = -1;
  /** No change came on the snapshot yet. */
  private isFirst = false;
  /** Time of the old snapshot that came last, and how many there are in a row that rise. */
  private behind = -1;
  private behindCount = 0;

  constructor(rule: VenueRule, held: HoldBuffer) {
    this.continuity = rule.continuity;
    this.isWholeByTime = rule.continuity === Continuity.wholeByTime;
    this.holds = rule.joinsRestSnapshot && rule.continuity !== Continuity.none;
    this.held = held;
  }

  /** What to do with the change whose head is at `base` of `f64`: a ChangeDecision, already noted as done. */
  change(flags: number, f64: Float64Array, base: number): number {
    const isNumbered = this.continuity !== Continuity.none && (flags & ChangeFlag.hasSequence) !== 0;
    const last = f64[base + bookChange.at.lastSequence];
    if (!this.isJoined) {
      if (!this.holds || !isNumbered) return ChangeDecision.discard;
      // Step 1. A repeat of a held change would be passed over at step 5 in any case.
      return last <= this.held.lastSequence ? ChangeDecision.old : ChangeDecision.hold;
    }
    if (!isNumbered) return ChangeDecision.apply;
    if (this.continuity === Continuity.chained) return this.chain(flags, f64, base);
    if (this.hasLast && this.isInside(f64, base)) return ChangeDecision.old;
    if (this.hasLast && !this.follows(flags, f64, base)) {
      this.noteGap(f64, base);
      return ChangeDecision.gap;
    }
    this.last = last;
    this.hasLast = true;
    this.isFirst = false;
    return ChangeDecision.apply;
  }

  /** What to do with a snapshot: a SnapshotDecision. After `replace` the held changes are for change(), in order. */
  snapshot(flags: number, f64: Float64Array, base: number): number {
    const hasSequence = (flags & ChangeFlag.hasSequence) !== 0;
    if (this.holds && hasSequence) {
      if (this.isBehind(f64, base)) return SnapshotDecision.old; // step 8
      if (!this.isJoined && !this.touchesHeld(f64, base)) return SnapshotDecision.tooOld; // step 3
    }
    if (this.isWholeByTime && hasSequence && this.isOldByTime(f64, base)) return SnapshotDecision.old;
    if (!hasSequence) this.held.clear(); // nothing tells where they join
    // Step 4.
    this.last = f64[base + bookChange.at.lastSequence];
    this.hasLast = hasSequence;
    this.previous = -1;
    this.isFirst = true;
    this.isJoined = true;
    return SnapshotDecision.replace;
  }

  /** The book cannot be trusted to be whole any more. */
  breakChain(): void {
    this.isJoined = false;
  }

  /** The book stands, and the snapshot's number is below its own. */
  private isBehind(f64: Float64Array, base: number): boolean {
    return this.isJoined && this.hasLast && f64[base + bookChange.at.lastSequence] < this.last;
  }

  /** Steps 12 and 13. */
  private isOldByTime(f64: Float64Array, base: number): boolean {
    const time = f64[base + bookChange.at.lastSequence];
    const isBehind = this.isBehind(f64, base);
    const hasRisen = this.behindCount > 0 && time > this.behind;
    this.behindCount = isBehind ? (hasRisen ? this.behindCount + 1 : 1) : 0;
    this.behind = time;
    if (this.behindCount === BEHIND_MAX) this.behindCount = 0;
    return this.behindCount > 0;
  }

  /** Steps 9 and 10. */
  private chain(flags: number, f64: Float64Array, base: number): number {
    const last = f64[base + bookChange.at.lastSequence];
    const previous = (flags & ChangeFlag.hasPrevious) === 0 ? -1 : f64[base + bookChange.at.previousSequence];
    if (this.hasLast && previous !== this.last) {
      if (previous >= 0 && previous === this.previous && last === this.last) return ChangeDecision.old;
      this.noteGap(f64, base);
      return ChangeDecision.gap;
    }
    // A keep-alive says nothing new of the change before it, which may still be repeated.
    if (last !== this.last) this.previous = previous;
    this.last = last;
    this.hasLast = true;
    return ChangeDecision.apply;
  }

  /** Steps 2 and 3: the first held change that is not inside the snapshot, if any, touches it. */
  private touchesHeld(f64: Float64Array, base: number): boolean {
    const snapshotSequence = f64[base + bookChange.at.lastSequence];
    const { held } = this;
    const isSpot = this.continuity === Continuity.firstFollowsLast;
    let position = 0;
    while (position < held.count) {
      const slot = held.slotAt(position);
      const at = slot * SLOT_F64;
      const last = held.f64[at + bookChange.at.lastSequence];
      if (isSpot ? last > snapshotSequence : last >= snapshotSequence) {
        const first = held.f64[at + bookChange.at.firstSequence];
        if (isSpot) return first <= snapshotSequence + 1;
        const hasPrevious = (held.u8[slot * SLOT_BYTES + bookChange.at.flags] & ChangeFlag.hasPrevious) !== 0;
        const previous = held.f64[at + bookChange.at.previousSequence];
        return first <= snapshotSequence || (hasPrevious && previous <= snapshotSequence);
      }
      position += held.slotsOf(slot);
    }
    return true;
  }

  /** Step 5. */
  private isInside(f64: Float64Array, base: number): boolean {
    const last = f64[base + bookChange.at.lastSequence];
    const isFuturesFirst = this.isFirst && this.continuity === Continuity.previousEqualsLast;
    return isFuturesFirst ? last < this.last : last <= this.last;
  }

  /** Step 6. */
  private follows(flags: number, f64: Float64Array, base: number): boolean {
    const first = f64[base + bookChange.at.firstSequence];
    if (this.continuity === Continuity.firstFollowsLast) {
      return this.isFirst ? first <= this.last + 1 : first === this.last + 1;
    }
    if (this.isFirst && first <= this.last) return true;
    const previous = f64[base + bookChange.at.previousSequence];
    if ((flags & ChangeFlag.hasPrevious) === 0) return false;
    return this.isFirst ? previous <= this.last : previous === this.last;
  }

  /** Step 7. */
  private noteGap(f64: Float64Array, base: number): void {
    const between = f64[base + bookChange.at.firstSequence] - this.last - 1;
    const isSpot = this.continuity === Continuity.firstFollowsLast;
    this.missing = isSpot ? Math.max(between, 0) : LOST_UNKNOWN;
    this.isJoined = false;
  }
}
