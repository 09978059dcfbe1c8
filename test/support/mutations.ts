// Takes each frame of a recording away, repeats it and swaps it with the next of its counter, and tells what the engine
// noticed. What is a frame of which counter is read here with JSON.parse, apart from the engine.

import { BookState, type Dialect } from '../../schemas/ids.ts';
import { Continuity, venueRule } from '../../schemas/venue-rules.ts';
import { BookFollower, countOf, type FollowedMarket, haveSameLevels } from './book-follower.ts';
import { asBookSnapshot } from './reference/dialect.ts';
import { readJson } from './reference/json.ts';
import { feed, replayLines } from './reference/replay.ts';

/** What shows a loss: a number in each change of a market, one in each frame of a connection, or a checksum. */
export type Evidence = 'number' | 'connection' | 'checksum';

/** What the venue's rule declares, the strongest first. */
export function evidenceOf(venue: string): Evidence[] {
  const { connectionField, continuity, checksum } = venueRule(venue);
  const evidence: Evidence[] = [];
  if (connectionField !== null) evidence.push('connection');
  if (continuity !== Continuity.none) evidence.push('number');
  if (checksum !== null) evidence.push('checksum');
  return evidence;
}

/** One frame on its way to the engine. `counters` are the markets or the connection whose counter it moves. */
export type Entry = {
  readonly text: string;
  readonly connection: string;
  readonly isOpen: boolean;
  readonly counters: readonly string[];
  /** The market a REST snapshot is for. */
  readonly snapshotOf: string | null;
};

type Frame = {
  readonly e?: string;
  readonly s?: string;
  readonly data?: Frame & readonly { readonly symbol: string }[];
  readonly channel?: string;
  readonly sequence_num?: number;
  readonly arg?: { readonly channel: string; readonly instId: string };
};

/** The markets whose books a frame changes, or its connection where that has the counter. */
export function countersOf(venue: Dialect, text: string, connection: string): string[] {
  const frame = JSON.parse(text) as Frame | readonly unknown[];
  if (venue === 'kraken' && Array.isArray(frame)) {
    return /^book-/.test(String(frame.at(-2))) ? [String(frame.at(-1))] : [];
  }
  if (venue === 'bitfinex') return Array.isArray(frame) ? [connection] : [];
  const { data, channel, sequence_num: sequence, arg } = frame as Frame;
  if (venue === 'coinbase') return sequence === undefined ? [] : [connection];
  if (venue === 'kraken') return channel === 'book' && data !== undefined ? data.map(({ symbol }) => symbol) : [];
  if (venue === 'okx') return data !== undefined && arg?.channel.startsWith('books') ? [arg.instId] : [];
  const event = data ?? (frame as Frame);
  return event.e === 'depthUpdate' ? [String(event.s)] : [];
}

/** All that comes in, in order. */
export function readEntries(file: string, venue: Dialect): Entry[] {
  const entries: Entry[] = [];
  const entry = { isOpen: false, counters: [], snapshotOf: null };
  feed(replayLines([file], { venue }), {
    open: ({ connection }) => entries.push({ ...entry, text: '', connection, isOpen: true }),
    frame: ({ text, connection }) =>
      entries.push({ ...entry, text, connection, counters: countersOf(venue, text, connection) }),
    http: ({ text }, symbol) => {
      if (!venueRule(venue).joinsRestSnapshot || symbol === null || asBookSnapshot(readJson(text)) === null) return;
      const pushed = `{"snapshot":{"symbol":${JSON.stringify(symbol)},${text.trim().slice(1)}}`;
      entries.push({ ...entry, text: pushed, connection: 'http', snapshotOf: symbol });
    },
  });
  return entries;
}

export function takeEntry(follower: BookFollower, { isOpen, text, connection }: Entry): void {
  if (isOpen) follower.open(connection);
  else follower.take(text, connection);
}

/**
 * Of one kind of mutation: how many were tried; noticed at once, with nothing shown in between; without an effect, since
 * the book is the true one; and not to be noticed, since the venue's checksum does not cover what differs.
 */
export type Score = { tried: number; noticed: number; harmless: number; unseen: number };

export type Tally = {
  /** Frames of market data of some counter. */
  frames: number;
  readonly removed: Score;
  readonly repeated: Score;
  readonly swapped: Score;
  /** Of the unmutated recording: gaps, bad checksums and repeats that it does not hold. */
  falseAlarms: number;
  /** What went wrong, as sentences. */
  readonly faults: string[];
};

export function emptyTally(): Tally {
  const score = (): Score => ({ tried: 0, noticed: 0, harmless: 0, unseen: 0 });
  return { frames: 0, removed: score(), repeated: score(), swapped: score(), falseAlarms: 0, faults: [] };
}

/** Positions of all that concerns one counter: its frames, and for a market its REST snapshots. */
type Track = { readonly positions: number[]; readonly snapshots: Set<number> };

export function tracksOf(entries: readonly Entry[]): Map<string, Track> {
  const tracks = new Map<string, Track>();
  const trackOf = (name: string): Track => {
    const track = tracks.get(name) ?? { positions: [], snapshots: new Set<number>() };
    tracks.set(name, track);
    return track;
  };
  entries.forEach(({ counters, snapshotOf }, position) => {
    for (const name of counters) trackOf(name).positions.push(position);
    if (snapshotOf === null) return;
    trackOf(snapshotOf).positions.push(position);
    trackOf(snapshotOf).snapshots.add(position);
  });
  return tracks;
}

/** What a clean recording should not have: gaps, bad checksums, repeats, and books that are not live at its end. */
export function alarmsOf(follower: BookFollower): number {
  let alarms = 0;
  for (const { decoder } of follower.connections.values()) alarms += (decoder.gaps ?? 0) + (decoder.duplicates ?? 0);
  for (const market of follower.markets.values()) {
    alarms += countOf(market, 'gaps') + countOf(market, 'checksumsBad') + countOf(market, 'resyncs');
    if (market.book.bookSequence > 0 && market.book.state !== BookState.live) alarms++;
  }
  return alarms;
}

/** Nothing of `mutated` shows more than `before` did: its levels and the number of changes applied are the same. */
function isUnmoved(mutated: FollowedMarket, before: FollowedMarket): boolean {
  return mutated.book.bookSequence === before.book.bookSequence && haveSameLevels(mutated, before);
}

/** Every book that was followed is known not to be whole, and shows nothing new. */
function areAllMarked(mutated: BookFollower, before: BookFollower): boolean {
  return [...before.markets].every(([name, held]) => {
    const now = mutated.market(name);
    return !held.book.isFollowing || (now.book.state !== BookState.live && isUnmoved(now, held));
  });
}

const sumOf = (follower: BookFollower, evidence: Evidence, what: 'gaps' | 'duplicates'): number => {
  let sum = 0;
  if (evidence === 'connection') for (const { decoder } of follower.connections.values()) sum += decoder[what] ?? 0;
  else for (const market of follower.markets.values()) sum += countOf(market, what);
  return sum;
};

/** Mutates a recording whose venue numbers its changes, per market or per connection. */
export class NumberedMutations {
  readonly tally = emptyTally();
  private readonly entries: readonly Entry[];
  private readonly evidence: Evidence;
  private readonly base: BookFollower;
  private readonly tracks: Map<string, Track>;
  /** Counters whose book a frame has moved beyond its snapshot: all that follow do so too. */
  private readonly moved = new Set<string>();
  private position = 0;

  /** `isCareless` books look at no number, for the test of the test. */
  constructor(entries: readonly Entry[], venue: Dialect, evidence: 'number' | 'connection', isCareless = false) {
    this.entries = entries;
    this.evidence = evidence;
    this.base = new BookFollower(venue, { isCareless });
    this.tracks = tracksOf(entries);
  }

  run(): Tally {
    const next = new Map<string, number>();
    for (; this.position < this.entries.length; this.position++) {
      const entry = this.entries[this.position];
      this.tally.frames += entry.counters.length === 0 ? 0 : 1;
      const repeats = entry.counters.map((counter) => this.tryPlace(counter, next));
      if (entry.snapshotOf !== null) next.set(entry.snapshotOf, (next.get(entry.snapshotOf) ?? 0) + 1);
      takeEntry(this.base, entry);
      for (const judge of repeats) judge();
    }
    this.tally.falseAlarms = alarmsOf(this.base);
    return this.tally;
  }

  /** All mutations of the frame at hand; returns the judgement that has to wait until the frame itself is taken. */
  private tryPlace(counter: string, next: Map<string, number>): () => void {
    const index = next.get(counter) ?? 0;
    next.set(counter, index + 1);
    const track = this.tracks.get(counter) as Track;
    const only = this.evidence === 'number' ? counter : null;
    const after = track.positions.findIndex((position, i) => i > index && !track.snapshots.has(position));
    if (after >= 0 && only !== null && !this.moves(only)) this.tryAside(only, track, index, after);
    // The first number of a connection follows none: nothing tells that one came before it.
    else if (after >= 0 && (only !== null || index > 0)) this.tryLoss(only, this.entries[track.positions[after]]);
    return this.tryRepeat(only);
  }

  /** False for a frame that comes ahead of the book, or ends inside its snapshot. */
  private moves(counter: string): boolean {
    const { book } = this.base.market(counter);
    if (!book.isFollowing) return false;
    if (this.moved.has(counter)) return true;
    const after = this.base.fork(counter);
    takeEntry(after, this.entries[this.position]);
    const hasMoved = after.market(counter).book.venueSequence > book.venueSequence;
    if (hasMoved) this.moved.add(counter);
    return hasMoved;
  }

  /** The next frame comes first: a removal. Then the one it passed comes: a swap. */
  private tryLoss(only: string | null, next: Entry): void {
    const mutated = this.base.fork(only);
    const gaps = sumOf(mutated, this.evidence, 'gaps');
    takeEntry(mutated, next);
    const isNoticed = sumOf(mutated, this.evidence, 'gaps') === gaps + 1 && this.isMarked(mutated, only);
    this.score('removed', isNoticed);
    takeEntry(mutated, this.entries[this.position]);
    this.score('swapped', isNoticed && this.isMarked(mutated, only));
  }

  private isMarked(mutated: BookFollower, only: string | null): boolean {
    if (only === null) return areAllMarked(mutated, this.base);
    const market = mutated.market(only);
    return market.book.state !== BookState.live && isUnmoved(market, this.base.market(only));
  }

  private tryRepeat(only: string | null): () => void {
    const mutated = this.base.fork(only);
    takeEntry(mutated, this.entries[this.position]);
    const duplicates = sumOf(mutated, this.evidence, 'duplicates');
    takeEntry(mutated, this.entries[this.position]);
    const isCounted = sumOf(mutated, this.evidence, 'duplicates') === duplicates + 1;
    const wasFollowing = only !== null && this.base.market(only).book.isFollowing;
    return () => {
      const markets = [...mutated.markets].map(([name, market]) => [market, this.base.market(name)] as const);
      const isSame = markets.every(([now, then]) => now.book.state === then.book.state && haveSameLevels(now, then));
      const isOnce = markets.every(([now, then]) => now.book.bookSequence === then.book.bookSequence);
      // A snapshot in the stream that comes again replaces the book by the same.
      const isSnapshot = only !== null && !wasFollowing && this.base.market(only).book.isFollowing;
      this.score('repeated', isCounted && isSame && isOnce, isSnapshot && isSame);
    };
  }

  /** A frame that is not applied at once is judged by the end: at the second frame behind the snapshot. */
  private tryAside(counter: string, track: Track, index: number, after: number): void {
    const snapshot = track.positions.findIndex((position, i) => i > index && track.snapshots.has(position));
    const end = Math.max(after + 1, snapshot + 2) + 1;
    const clean = track.positions.slice(index, end).map((position) => this.entries[position]);
    const truth = this.base.fork(counter);
    for (const entry of clean) takeEntry(truth, entry);
    const swapped = clean.with(0, clean[after - index]).with(after - index, clean[0]);
    for (const [kind, entries] of [['removed', clean.slice(1)] as const, ['swapped', swapped] as const]) {
      const mutated = this.base.fork(counter);
      for (const entry of entries) takeEntry(mutated, entry);
      const isLive = mutated.market(counter).book.state === BookState.live;
      const isTrue = haveSameLevels(mutated.market(counter), truth.market(counter));
      this.score(kind, !isLive, isLive && isTrue);
    }
  }

  private score(kind: 'removed' | 'repeated' | 'swapped', isNoticed: boolean, isHarmless = false): void {
    const score = this.tally[kind];
    score.tried++;
    if (isNoticed) score.noticed++;
    else if (isHarmless) score.harmless++;
    else this.tally.faults.push(`${kind} at ${this.position}: ${this.entries[this.position].text.slice(0, 200)}`);
  }
}
