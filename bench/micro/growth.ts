// Does an update cost more when there are more markets?
//
//   frames over 10, 1,000, 10,000 markets ──► session ──► ring ──► dispatch ──► bars / book
//
// The same number of frames each time, on one thread. Markets in turn are the worst order for the processor's caches:
// each market's state was used longest ago. By Zipf's law, as markets are traded, a few have most of the frames.

import { seededRandom } from '../../engine/synthetic/random.ts';
import { TRADE_HISTORY } from '../../schemas/config.ts';
import type { MarketCounterName } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import { InProcessEngine } from '../support/in-process.ts';
import { type Stage, stageOf } from '../support/record-buffer.ts';
import { type Turn, takeTurns } from '../support/turns.ts';
import { depthFrames, type MarketOrder, type Progress, tradeFrames, type Workload } from '../workloads.ts';

const SEED = 20_260_105;
const MARKETS = [10, 1000, 10_000] as const;
const AIM = '≤ 1.5';
/** As much of a ring as is in use while the shard keeps up. */
const RING_SLOTS = 8192;
/** Levels a side of the snapshots: ten thousand of them must fit into memory. */
const SNAPSHOT_LEVELS = 50;
/** Ticks from the touch within which changes begin. */
const BAND = 40;

type Kind = {
  readonly name: string;
  readonly counter: MarketCounterName;
  /** Frames of each market before anything is measured: histories are then full, and arrays as long as they get. */
  readonly warmFrames: number;
  readonly make: (count: number, markets: number, order: MarketOrder, progress: Progress) => Workload;
};

const KINDS: readonly Kind[] = [
  {
    name: 'one-update trade frames',
    counter: 'trades',
    warmFrames: TRADE_HISTORY,
    make: tradeFrames,
  },
  {
    name: '16-level depth frames',
    counter: 'bookChanges',
    warmFrames: 5,
    make: (count, markets, order, progress) => depthFrames(count, markets, order, SNAPSHOT_LEVELS, BAND, progress),
  },
];

/** Every market in turn, in an order without a pattern. */
const inTurn =
  (markets: number): MarketOrder =>
  (index) =>
    (index * 7919) % markets;

/** The market of rank r has 1/r of the first one's frames. */
function byZipf(markets: number): MarketOrder {
  const random = seededRandom(SEED, `zipf ${markets}`);
  const sums = new Float64Array(markets);
  let total = 0;
  for (let rank = 0; rank < markets; rank++) {
    total += 1 / (rank + 1);
    sums[rank] = total;
  }
  return () => {
    const at = random.uniform() * total;
    let low = 0;
    let high = markets - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** One engine, whose frames go on from run to run; before the first each market has had its share in turn. */
class GrowthTurn implements Turn {
  private readonly kind: Kind;
  private readonly count: number;
  private readonly markets: number;
  private readonly order: MarketOrder;
  private readonly progress: Progress;
  private readonly engine: InProcessEngine;
  private stage: Stage = stageOf([]);
  private expected = 0;

  constructor(kind: Kind, count: number, markets: number, order: MarketOrder, warmFrames: number) {
    this.kind = kind;
    this.count = count;
    this.markets = markets;
    this.order = order;
    this.progress = { index: 0, ids: new Float64Array(markets) };
    const choice = { bars: ['1s', '1m'] };
    this.engine = new InProcessEngine({ dialect: 'binance', marketsMax: markets, choice, inputSlots: RING_SLOTS });
    for (let left = warmFrames * markets; left > 0; left -= count) this.take(inTurn(markets));
  }

  prepare(): void {
    this.draw(this.order);
  }

  run(): void {
    this.engine.run(this.stage);
  }

  /** Of all frames so far; every one must have been applied. */
  checkState(): void {
    const was = this.engine.count(this.kind.counter, this.markets);
    check(was === this.expected, `${this.kind.name}, ${this.markets} markets: expected ${this.expected}, was ${was}`);
  }

  private take(order: MarketOrder): void {
    this.draw(order);
    this.run();
  }

  private draw(order: MarketOrder): void {
    const { before, frames } = this.kind.make(this.count, this.markets, order, this.progress);
    this.engine.load(before);
    this.stage = stageOf(frames);
    this.expected += before.length + frames.length;
  }
}

function compareSizes(results: Results, size: Size, kind: Kind, orderName: string): void {
  const count = size === 'full' ? 50_000 : 200;
  const sizes = size === 'full' ? MARKETS : [4, 16];
  const turns = sizes.map((markets) => {
    const order = orderName === 'in turn' ? inTurn(markets) : byZipf(markets);
    return new GrowthTurn(kind, count, markets, order, size === 'full' ? kind.warmFrames : 1);
  });
  const times = takeTurns(turns, size).map((rounds) => rounds.map((ms) => (ms * 1e6) / count));
  for (const turn of turns) turn.checkState();
  sizes.forEach((markets, index) => {
    const label = `${kind.name}, ${markets.toLocaleString('en')} markets ${orderName}`;
    results.add(label, 'ns/frame', times[index]);
    const aim = index === sizes.length - 1 ? AIM : null;
    if (index > 0) results.ratio(`${label} / ${sizes[0]}`, times[index], times[0], `${sizes[0]} markets`, aim);
  });
}

export function growth(results: Results, size: Size): void {
  for (const kind of KINDS) for (const order of ['in turn', 'by Zipf']) compareSizes(results, size, kind, order);
}
