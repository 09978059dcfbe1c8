// Takes frames away, repeats and swaps them where only a checksum shows a loss: what it must show is told by the referee.

import { BookState, type Dialect } from '../../schemas/ids.ts';
import { BookFollower, countOf, type FollowedMarket } from './book-follower.ts';
import { alarmsOf, type Entry, emptyTally, type Tally, takeEntry, tracksOf } from './mutations.ts';
import type { Book } from './reference/book.ts';
import type { Level } from './reference/ladder.ts';
import { Referee } from './reference/referee.ts';

/** Levels a side that a venue's checksum covers. */
export const COVERED_LEVELS: Readonly<Record<string, number>> = { kraken: 10, okx: 25 };

type Sides = { readonly bids: readonly Level[]; readonly asks: readonly Level[] };

const sidesOf = ({ bids, asks }: Book): Sides => ({ bids: [...bids.levels], asks: [...asks.levels] });

function isSameSide(a: readonly Level[], b: readonly Level[], depth: number): boolean {
  const { length } = a.slice(0, depth);
  if (length !== b.slice(0, depth).length) return false;
  for (let rank = 0; rank < length; rank++) {
    if (a[rank].priceText !== b[rank].priceText || a[rank].quantityText !== b[rank].quantityText) return false;
  }
  return true;
}

function isSame(a: Sides, b: Sides, depth = Number.POSITIVE_INFINITY): boolean {
  return isSameSide(a.bids, b.bids, depth) && isSameSide(a.asks, b.asks, depth);
}

/** The engine's book holds these levels. */
function holds({ book }: FollowedMarket, sides: Sides): boolean {
  return [[book.bids, sides.bids] as const, [book.asks, sides.asks] as const].every(([ladder, levels]) => {
    if (ladder.count !== levels.length) return false;
    return levels.every(({ price, quantity }, rank) => {
      const at = ladder.offsetOf(rank);
      const { values } = ladder;
      return decimal(values[at], values[at + 1]) === price && decimal(values[at + 2], values[at + 3]) === quantity;
    });
  });
}

const decimal = (milli: number, atto: number): bigint => BigInt(milli) * 10n ** 15n + BigInt(atto);

/** What the engine must say after one mutated frame. */
type Expectation = { readonly mustNotice: boolean; readonly sides: Sides };

export class SealedMutations {
  readonly tally = emptyTally();
  private readonly venue: Dialect;
  private readonly entries: readonly Entry[];
  private readonly base: BookFollower;
  private readonly referee: Referee;
  private readonly covered: number;
  private position = 0;

  /** `isCareless` books look at no checksum, for the test of the test. */
  constructor(entries: readonly Entry[], venue: Dialect, isCareless = false) {
    this.venue = venue;
    this.entries = entries;
    this.base = new BookFollower(venue, { isCareless });
    this.referee = new Referee(venue, ['1m']);
    this.covered = COVERED_LEVELS[venue];
  }

  run(): Tally {
    const tracks = tracksOf(this.entries);
    const next = new Map<string, number>();
    for (; this.position < this.entries.length; this.position++) {
      const entry = this.entries[this.position];
      this.tally.frames += entry.counters.length === 0 ? 0 : 1;
      for (const market of entry.counters) {
        const index = (next.get(market) ?? 0) + 1;
        next.set(market, index);
        const behind = tracks.get(market)?.positions[index];
        this.tryPlace(market, entry, behind === undefined ? null : this.entries[behind]);
      }
      takeEntry(this.base, entry);
      this.judge(entry);
    }
    this.tally.falseAlarms = alarmsOf(this.base);
    return this.tally;
  }

  private tryPlace(market: string, entry: Entry, next: Entry | null): void {
    const before = this.bookOf(market);
    const held = sidesOf(before);
    const isFollowing = before.isFollowing;
    const judge = (taken: Entry): Sides => {
      this.judge(taken);
      return sidesOf(before);
    };
    const restart = (sides: Sides): void => this.restore(before, sides, isFollowing);

    const alone = judge(entry);
    this.tryRepeat(market, entry, judge(entry));
    if (next !== null) {
      this.restore(before, alone, true);
      const both = judge(next);
      restart(held);
      const passed = judge(next);
      // Without a book there is nothing to seal, and nothing is live.
      const first = { mustNotice: !isFollowing || !isSame(passed, both, this.covered), sides: passed };
      const late = judge(entry);
      this.tryLoss(market, [next, entry], first, { mustNotice: !isSame(late, alone, this.covered), sides: late }, both);
    }
    restart(held);
  }

  /** Nothing tells that a frame came twice: it must change nothing then. */
  private tryRepeat(market: string, entry: Entry, sides: Sides): void {
    const mutated = this.base.fork(market);
    takeEntry(mutated, entry);
    takeEntry(mutated, entry);
    const now = mutated.market(market);
    this.score('repeated', now.book.state === BookState.live && holds(now, sides) ? 'harmless' : 'fault');
  }

  private tryLoss(market: string, [next, entry]: Entry[], first: Expectation, late: Expectation, both: Sides): void {
    const mutated = this.base.fork(market);
    const now = mutated.market(market);
    takeEntry(mutated, next);
    const isNoticed = now.book.state !== BookState.live;
    const isRight = isNoticed === first.mustNotice && (isNoticed || holds(now, first.sides));
    this.score('removed', isRight ? (isNoticed ? 'noticed' : 'unseen') : 'fault');
    if (isNoticed) {
      this.score('swapped', isRight ? 'noticed' : 'fault');
      return;
    }
    takeEntry(mutated, entry);
    const isNoticedLate = now.book.state !== BookState.live;
    const isRightLate = isRight && isNoticedLate === late.mustNotice && (isNoticedLate || holds(now, late.sides));
    // Nothing was wrong with the top of the book: a swap shows at the second frame, or is none, or lies below.
    const outcome = isNoticedLate ? 'noticed' : isSame(late.sides, both) ? 'harmless' : 'unseen';
    this.score('swapped', isRightLate ? outcome : 'fault');
  }

  private judge({ isOpen, text, connection }: Entry): void {
    if (isOpen) this.referee.open(connection);
    else this.referee.frame(text, null, connection);
  }

  private bookOf(market: string): Book {
    return this.referee.markets.at(this.venue, market).book;
  }

  /** The referee's book is asked what would be, and then is again what it was. */
  private restore(book: Book, { bids, asks }: Sides, isFollowing: boolean): void {
    book.bids.levels = [...bids];
    book.asks.levels = [...asks];
    book.state = isFollowing ? 'live' : 'syncing';
  }

  private score(kind: 'removed' | 'repeated' | 'swapped', outcome: 'noticed' | 'harmless' | 'unseen' | 'fault'): void {
    const score = this.tally[kind];
    score.tried++;
    if (outcome !== 'fault') score[outcome]++;
    else this.tally.faults.push(`${kind} at ${this.position}: ${this.entries[this.position].text.slice(0, 200)}`);
  }

  /** Checksums of the unmutated recording that held. */
  get checksums(): number {
    return [...this.base.markets.values()].reduce((sum, market) => sum + countOf(market, 'checksumsOk'), 0);
  }
}
