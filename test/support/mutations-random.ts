// Runs a recording with frames lost, repeated, late, cut short and altered at random, and holds every live book against
// the referee's of the unmutated recording at the same venue sequence.

import { createHash } from 'node:crypto';
import { BookState, type Dialect } from '../../schemas/ids.ts';
import { type Ladder as EngineLadder, LEVEL_STRIDE } from '../../workers/book/ladder.ts';
import { BookFollower, type FollowedMarket } from './book-follower.ts';
import { type Entry, type Evidence, takeEntry } from './mutations.ts';
import { COVERED_LEVELS } from './mutations-sealed.ts';
import type { Book } from './reference/book.ts';
import type { Level } from './reference/ladder.ts';
import { Referee } from './reference/referee.ts';

/** Whole books are kept at every so many frames of a market, to make snapshots from. */
const SNAPSHOT_EVERY = 10;
const MILLI_ATTO = 10n ** 15n;

type KeptBook = {
  readonly position: number;
  readonly key: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
};

/** Numbers of a level as the engine keeps them; a level of the referee is never altered, only replaced. */
const numbersOf = new WeakMap<Level, readonly number[]>();

function numbers(level: Level): readonly number[] {
  const held = numbersOf.get(level);
  if (held !== undefined) return held;
  const { price, quantity } = level;
  const made = [price / MILLI_ATTO, price % MILLI_ATTO, quantity / MILLI_ATTO, quantity % MILLI_ATTO].map(Number);
  numbersOf.set(level, made);
  return made;
}

function packLevels(levels: readonly Level[], depth: number): Float64Array {
  const kept = levels.slice(0, depth);
  const packed = new Float64Array(kept.length * LEVEL_STRIDE);
  kept.forEach((level, rank) => {
    packed.set(numbers(level), rank * LEVEL_STRIDE);
  });
  return packed;
}

function packLadder(ladder: EngineLadder, depth: number): Float64Array {
  const count = Math.min(ladder.count, depth);
  const packed = new Float64Array(count * LEVEL_STRIDE);
  for (let rank = 0; rank < count; rank++) {
    const at = ladder.offsetOf(rank);
    for (let i = 0; i < LEVEL_STRIDE; i++) packed[rank * LEVEL_STRIDE + i] = ladder.values[at + i];
  }
  return packed;
}

/** Of both sides, best level first. Kept in place of levels: 350 books of 46,000 levels would not fit. */
function digest(bids: Float64Array, asks: Float64Array): string {
  return createHash('sha1').update(`${bids.length} `).update(bids).update(asks).digest('base64');
}

/**
 * The true books of a recording, by market and key: the venue's sequence, or where it has none the position of the frame
 * that made the book. Where a checksum is all there is, a book is true as far down as it covers.
 */
export class TrueBooks {
  readonly depth: number;
  readonly isKeyedBySequence: boolean;
  private readonly venue: Dialect;
  private readonly digests = new Map<string, string>();
  private readonly kept = new Map<string, KeptBook[]>();

  constructor(entries: readonly Entry[], venue: Dialect, evidence: Evidence) {
    this.venue = venue;
    this.isKeyedBySequence = evidence !== 'checksum';
    this.depth = this.isKeyedBySequence ? Number.POSITIVE_INFINITY : COVERED_LEVELS[venue];
    const referee = new Referee(venue, ['1m']);
    const sequences = new Map<string, number>();
    entries.forEach((entry, position) => {
      if (entry.isOpen) referee.open(entry.connection);
      else referee.frame(entry.text, null, entry.connection);
      for (const { symbol, book } of referee.markets.byName.values()) {
        if (!book.isFollowing || sequences.get(symbol) === book.seq) continue;
        sequences.set(symbol, book.seq);
        this.note(symbol, position, book);
      }
    });
  }

  private note(symbol: string, position: number, { bids, asks, venueSequence }: Book): void {
    const { depth } = this;
    const key = this.isKeyedBySequence ? Number(venueSequence) : position;
    this.digests.set(`${symbol} ${key}`, digest(packLevels(bids.levels, depth), packLevels(asks.levels, depth)));
    const kept = this.kept.get(symbol) ?? [];
    this.kept.set(symbol, kept);
    const isDue = kept.length === 0 || this.digests.size % SNAPSHOT_EVERY === 0;
    if (isDue && this.venue !== 'coinbase')
      kept.push({ position, key, bids: [...bids.levels], asks: [...asks.levels] });
  }

  isTrue(symbol: string, key: number, { book }: FollowedMarket): boolean {
    const was = digest(packLadder(book.bids, this.depth), packLadder(book.asks, this.depth));
    return was === this.digests.get(`${symbol} ${key}`);
  }

  /** A snapshot of a moment near a position, as the venue would send it; null where this test has none to send. */
  snapshot(symbol: string, position: number, random: (limit: number) => number): { text: string; key: number } | null {
    const kept = this.kept.get(symbol) ?? [];
    const behind = kept.findIndex((book) => book.position > position);
    const near = (behind < 0 ? kept.length : behind) + random(4) - 2;
    const book = kept[Math.min(Math.max(near, 0), kept.length - 1)];
    const list = (levels: readonly Level[], rest: string): string =>
      `[${levels.map(({ priceText, quantityText }) => `["${priceText}","${quantityText}"${rest}]`).join(',')}]`;
    if (book === undefined || this.venue === 'coinbase' || this.venue === 'okx') return null;
    if (this.venue === 'kraken') {
      const sides = `{"as":${list(book.asks, ',"0.000000"')},"bs":${list(book.bids, ',"0.000000"')}}`;
      return { text: `[0,${sides},"book-1000","${symbol}"]`, key: book.key };
    }
    const sides = `"bids":${list(book.bids, '')},"asks":${list(book.asks, '')}`;
    return { text: `{"snapshot":{"symbol":"${symbol}","lastUpdateId":${book.key},${sides}}}`, key: book.key };
  }
}

export type Plan = {
  readonly venue: Dialect;
  /** One in so many frames is mutated. */
  readonly every: number;
  /** Also one digit of a frame: only a checksum can show it. */
  readonly altersDigits: boolean;
  /** Runs books that look at no number and no checksum, for the test of the test. */
  readonly isCareless: boolean;
};

export type Outcome = {
  /** Frames mutated; books compared while live; of these the wrong ones, as sentences; times a book was live again. */
  mutations: number;
  compared: number;
  resyncs: number;
  readonly wrong: string[];
};

/** Frames by which a late one is late, at most. */
const LATE_FRAMES = 16;
/** Frames of a market after which one that is not live is sent a snapshot: one in so many. */
const SNAPSHOT_CHANCE = 8;

export class RandomRun {
  readonly outcome: Outcome = { mutations: 0, compared: 0, resyncs: 0, wrong: [] };
  private readonly entries: readonly Entry[];
  private readonly truth: TrueBooks;
  private readonly plan: Plan;
  private readonly random: (limit: number) => number;
  private readonly follower: BookFollower;
  /** Frames kept back, by the position at which they come. */
  private readonly late = new Map<number, number[]>();

  constructor(entries: readonly Entry[], truth: TrueBooks, plan: Plan, random: (limit: number) => number) {
    this.entries = entries;
    this.truth = truth;
    this.plan = plan;
    this.random = random;
    this.follower = new BookFollower(plan.venue, { isCareless: plan.isCareless });
  }

  run(): Outcome {
    this.entries.forEach((entry, position) => {
      if (entry.counters.length === 0 || this.random(this.plan.every) > 0) this.take(entry, position);
      else this.mutate(entry, position);
      for (const index of this.late.get(position) ?? []) this.take(this.entries[index], index);
      for (const symbol of entry.counters) this.resync(symbol, position, entry.connection);
    });
    return this.outcome;
  }

  private mutate(entry: Entry, position: number): void {
    this.outcome.mutations++;
    const { text } = entry;
    const kind = this.random(this.plan.altersDigits ? 5 : 4);
    if (kind === 1) {
      this.take(entry, position);
      this.take(entry, position);
    } else if (kind === 2) {
      const until = position + 1 + this.random(LATE_FRAMES);
      this.late.set(until, [...(this.late.get(until) ?? []), position]);
    } else if (kind === 3) this.take({ ...entry, text: text.slice(0, this.random(text.length)) }, position);
    else if (kind === 4) {
      const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
      const at = digits[this.random(digits.length)];
      this.take({ ...entry, text: `${text.slice(0, at)}${this.random(10)}${text.slice(at + 1)}` }, position);
    }
  }

  /** Takes an entry, and looks at every book that it changed. */
  private take(entry: Entry, key: number): void {
    const before = new Map([...this.follower.markets].map(([name, { book }]) => [name, book.bookSequence] as const));
    takeEntry(this.follower, entry);
    for (const [name, market] of this.follower.markets) {
      const { book } = market;
      if (book.bookSequence === (before.get(name) ?? 0) || book.state !== BookState.live) continue;
      this.outcome.compared++;
      const at = this.truth.isKeyedBySequence ? book.venueSequence : key;
      if (this.truth.isTrue(name, at, market)) continue;
      this.outcome.wrong.push(`${name} at ${at}, position ${key}: ${entry.text.slice(0, 200)}`);
    }
  }

  /** A book that is not live gets a snapshot some time, older or newer than what has come. */
  private resync(symbol: string, position: number, connection: string): void {
    const market = this.follower.markets.get(symbol);
    if (market === undefined || market.book.isFollowing || this.random(SNAPSHOT_CHANCE) > 0) return;
    const snapshot = this.truth.snapshot(symbol, position, this.random);
    if (snapshot === null) return;
    const entry = { text: snapshot.text, connection, isOpen: false, counters: [], snapshotOf: symbol };
    this.take(entry, snapshot.key);
    if (market.book.isFollowing) this.outcome.resyncs++;
  }
}
