// Owns one market's order book: its two ladders, its trust state and the counts of what happened to it.
import { crc32 } from './crc32.ts';
import { Ladder, type Level } from './ladder.ts';

export type Levels = { bids: Level[]; asks: Level[] };
export type BookState = 'syncing' | 'live' | 'suspect' | 'resyncing';

/** How a venue seals a change: levels a side are cut to `depth`, then `checksum` must hold. Null: the venue has none. */
export type Seal = {
  depth: number | null;
  checksum: bigint | null;
  /** The venue's recipe; Kraken's where none is named. */
  compute?: (book: Book) => number;
};
const UNSEALED: Seal = { depth: null, checksum: null };

export class Book {
  readonly bids = new Ladder(true);
  readonly asks = new Ladder(false);
  state: BookState = 'syncing';
  reason: string | null = 'no-snapshot';
  seq = 0;
  venueSequence: bigint | null = null;
  gaps = 0;
  resyncs = 0;
  checksumsOk = 0;
  checksumsBad = 0;
  /** Called when something changed and nothing more belongs to it. */
  onSettled: () => void = () => undefined;
  private isSettling = false;

  /** Whether deltas are applied: also to a suspect book, not to one that waits for a snapshot. */
  get isFollowing(): boolean {
    return this.state === 'live' || this.state === 'suspect';
  }

  /** Best ask less best bid of a live book; null else. */
  get spread(): bigint | null {
    const [bid] = this.bids.levels;
    const [ask] = this.asks.levels;
    return this.state !== 'live' || bid === undefined || ask === undefined ? null : ask.price - bid.price;
  }

  /** Several changes that become visible as one: a snapshot with those held for it. */
  settle(run: () => void): void {
    const isWithin = this.isSettling;
    this.isSettling = true;
    run();
    this.isSettling = isWithin;
    if (!isWithin) this.onSettled();
  }

  /** A snapshot: forgets everything held. It joins, unless its own checksum fails. */
  replace(levels: Levels, venueSequence: bigint | null, seal: Seal = UNSEALED): void {
    this.settle(() => this.applySnapshot(levels, venueSequence, seal));
  }

  private applySnapshot(levels: Levels, venueSequence: bigint | null, seal: Seal): void {
    this.bids.levels = [];
    this.asks.levels = [];
    this.write(levels, venueSequence, seal.depth);
    if (!this.checksumHolds(seal)) return;
    if (this.state === 'resyncing') this.resyncs += 1;
    this.state = 'live';
    this.reason = null;
    this.judgeCrossed();
  }

  change(levels: Levels, venueSequence: bigint | null, seal: Seal = UNSEALED): void {
    this.settle(() => {
      this.write(levels, venueSequence, seal.depth);
      if (this.checksumHolds(seal)) this.judgeCrossed();
    });
  }

  /** A number of the venue is missing: the levels stay as they were until the next snapshot. */
  breakByGap(): void {
    this.settle(() => {
      this.gaps += 1;
      this.state = 'resyncing';
      this.reason = 'gap';
    });
  }

  private write(levels: Levels, venueSequence: bigint | null, depth: number | null): void {
    for (const level of levels.asks) this.asks.set(level);
    for (const level of levels.bids) this.bids.set(level);
    if (depth !== null) {
      this.asks.levels.length = Math.min(this.asks.levels.length, depth);
      this.bids.levels.length = Math.min(this.bids.levels.length, depth);
    }
    this.seq += 1;
    this.venueSequence = venueSequence;
  }

  private checksumHolds({ checksum, compute = krakenChecksum }: Seal): boolean {
    if (checksum === null) return true;
    if (BigInt(compute(this)) === checksum) {
      this.checksumsOk += 1;
      return true;
    }
    this.checksumsBad += 1;
    this.state = 'resyncing';
    this.reason = 'checksum';
    return false;
  }

  private judgeCrossed(): void {
    const bid = this.bids.levels[0];
    const ask = this.asks.levels[0];
    if (bid === undefined || ask === undefined || bid.price <= ask.price) return;
    this.state = 'suspect';
    this.reason = 'crossed';
  }
}

/** venues.md §3.5 and §11.2: ten best asks upwards, then ten best bids downwards, digits as sent. */
export function krakenChecksum(book: { bids: { levels: Level[] }; asks: { levels: Level[] } }): number {
  const token = (text: string): string => text.replace('.', '').replace(/^0+/, '');
  const levels = [...book.asks.levels.slice(0, 10), ...book.bids.levels.slice(0, 10)];
  return crc32(levels.map((level) => token(level.priceText) + token(level.quantityText)).join(''));
}
