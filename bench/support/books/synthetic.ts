// Seeded streams of book changes: near the touch, deep in the book, levels that come and go, and whole snapshots.

import { type Random, seededRandom } from '../../../engine/synthetic/random.ts';
import type { Size } from '../../harness.ts';
import { BookStream } from './stream.ts';

const SEED = 20_260_101;
const VENUE = 'binance';
const TICK_MILLI = 10;
const MID_MILLI = 61_837_630;
const LEVELS = 1000;
/** Levels a side that a book is grown to; the changes are the same. */
const DEPTHS = [20, 100, 1000, 5000] as const;
const ATTO_PER_STEP = 1e13;

/** What a stream of changes is drawn from. */
type Shape = {
  readonly name: string;
  readonly levelsPerChange: number;
  /** Ticks from the touch: 0 is the best price. */
  readonly distance: (random: Random) => number;
  readonly removed: number;
  /** Chance that the touch moves by one tick in a change. */
  readonly moved: number;
};

const SHAPES: readonly Shape[] = [
  {
    name: 'near the touch, 1 level a change',
    levelsPerChange: 1,
    distance: (random) => Math.min(Math.floor(random.exponential(4)), LEVELS - 1),
    removed: 0.3,
    moved: 0,
  },
  {
    name: 'near the touch, 16 levels a change',
    levelsPerChange: 16,
    distance: (random) => Math.min(Math.floor(random.exponential(12)), LEVELS - 1),
    removed: 0.3,
    moved: 0.3,
  },
  {
    name: 'deep, 16 levels a change',
    levelsPerChange: 16,
    distance: (random) => random.integer(LEVELS),
    removed: 0.02,
    moved: 0,
  },
  {
    name: 'churn of 500 levels, 16 a change',
    levelsPerChange: 16,
    distance: (random) => random.integer(500),
    removed: 0.5,
    moved: 0,
  },
];

/** Bids lie at `bestBid` and below, asks above it, so the book is never crossed. */
class SyntheticBook {
  readonly stream: BookStream;
  private readonly random: Random;
  /** Of what snapshots hold, so that the changes drawn do not depend on how many levels lie behind them. */
  private readonly snapshotRandom: Random;
  private readonly levels: number;
  private bestBid = MID_MILLI;
  private sequence = 0;

  constructor(name: string, levels = LEVELS, seedName = name) {
    this.stream = new BookStream(name, VENUE);
    this.random = seededRandom(SEED, seedName);
    this.snapshotRandom = seededRandom(SEED, `${seedName}, snapshots`);
    this.levels = levels;
  }

  /** All levels of both sides, best first, as venues send them. */
  snapshot(): void {
    const { levels, bestBid, snapshotRandom } = this;
    this.stream.change(true, ++this.sequence, 2 * levels);
    for (let ticks = 0; ticks < levels; ticks++) this.level(false, bestBid - ticks * TICK_MILLI, snapshotRandom);
    for (let ticks = 0; ticks < levels; ticks++) this.level(true, bestBid + (1 + ticks) * TICK_MILLI, snapshotRandom);
  }

  change({ levelsPerChange, distance, removed, moved }: Shape): void {
    const { random } = this;
    const isMoved = random.chance(moved);
    this.stream.change(false, ++this.sequence, levelsPerChange + (isMoved ? 2 : 0));
    if (isMoved) this.move(random.chance(0.5));
    for (let i = 0; i < levelsPerChange; i++) {
      const isAsk = random.chance(0.5);
      const ticks = distance(random);
      const price = isAsk ? this.bestBid + (1 + ticks) * TICK_MILLI : this.bestBid - ticks * TICK_MILLI;
      if (random.chance(removed)) this.stream.level(isAsk, price, 0, 0);
      else this.level(isAsk, price);
    }
  }

  /** One side gives up its best price, the other takes it. */
  private move(isUp: boolean): void {
    const price = isUp ? this.bestBid + TICK_MILLI : this.bestBid;
    this.stream.level(isUp, price, 0, 0);
    this.level(!isUp, price);
    this.bestBid += isUp ? TICK_MILLI : -TICK_MILLI;
  }

  private level(isAsk: boolean, price: number, random = this.random): void {
    this.stream.level(isAsk, price, random.integer(5000), (1 + random.integer(99)) * ATTO_PER_STEP);
  }
}

export function syntheticStreams(size: Size): BookStream[] {
  const updates = size === 'full' ? 100_000 : 2000;
  const streams = SHAPES.map((shape) => {
    const book = new SyntheticBook(shape.name);
    book.snapshot();
    while (book.stream.updates < updates) book.change(shape);
    return book.stream;
  });
  const book = new SyntheticBook(`snapshots of ${2 * LEVELS} levels`);
  for (let i = 0; i <= (size === 'full' ? 100 : 2); i++) book.snapshot();
  return [...streams, book.stream];
}

/** Books of more and more levels under changes of the same kind, all within 20 ticks of a touch that stands still. */
export function deepeningStreams(size: Size): { readonly levels: number; readonly stream: BookStream }[] {
  const updates = size === 'full' ? 100_000 : 2000;
  const near: Shape = {
    name: 'deepening',
    levelsPerChange: 16,
    distance: (random) => Math.min(Math.floor(random.exponential(6)), DEPTHS[0] - 1),
    removed: 0.3,
    moved: 0,
  };
  return DEPTHS.map((levels) => {
    const book = new SyntheticBook(`${levels} levels a side`, levels, near.name);
    book.snapshot();
    while (book.stream.updates < updates) book.change(near);
    return { levels, stream: book.stream };
  });
}
