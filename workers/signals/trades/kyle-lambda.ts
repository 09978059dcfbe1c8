// Kyle's lambda: how far the price moves for each unit that takers buy more than they sell. Hot path.
//
// Definition  Least-squares line, with intercept, of the price change of each sub-bucket of windowS / 60 that has trades
//             (time-window.ts) over its signed volume, taker buys less taker sells. The change is from the last trade
//             before the sub-bucket to its own last; the newest counts as it stands. Trades without a side move the
//             price and add no volume. value: its slope; second: r².
// Units       quote currency per unit, per unit of quantity; r² 0 to 1.
// Seeding     the first sub-bucket with a trade gives the first price and no point.
// Warm-up     once times have spanned windowS. Slope NaN while all signed volumes are equal or there is one point; r²
//             NaN too while all changes are equal as floats.
// Exactness   signed volumes are exact sums (exact-sum.ts): where as much was sold as bought, a rest of rounding would
//             be divided by. The line is made of moments about the means (moments.ts), anew per sub-bucket. Memory
//             60 × 40 bytes.
// Source      Kyle, "Continuous auctions and insider trading" (1985); as a regression over intervals in Hasbrouck,
//             "Trading costs and returns for U.S. equities" (2009).

import { Side, SignalEvent } from '../../../schemas/ids.ts';
import type { TradeSignal, TradeView } from '../signal.ts';
import { addQuantity, EXACT_WORDS, exactValue } from './exact-sum.ts';
import { addPoint, MOMENT_WORDS, rSquaredOf, slopeOf } from './moments.ts';
import { TimeWindow, WINDOW_BUCKETS } from './time-window.ts';

/** Words of a sub-bucket: 1 where it is a point, its price change, its signed volume. */
const word = { isPoint: 0, change: 1, volume: 2 } as const;
const BUCKET_WORDS = 2 + EXACT_WORDS;
/** Words of the state: price of the last trade, and of the last one before the newest sub-bucket. */
const state = { last: 0, before: 1 } as const;
const STATE_WORDS = 2;

export class KyleLambda implements TradeSignal {
  readonly third = Number.NaN;
  readonly event: number = SignalEvent.none;
  private readonly window: TimeWindow;
  private readonly state = new Float64Array(STATE_WORDS).fill(Number.NaN);
  /** Of all sub-buckets but the newest. */
  private readonly older = new Float64Array(MOMENT_WORDS);
  private readonly whole = new Float64Array(MOMENT_WORDS);

  constructor(windowS: number) {
    this.window = new TimeWindow(windowS, BUCKET_WORDS);
  }

  get isWarm(): boolean {
    return this.window.isSpanned;
  }

  get value(): number {
    this.draw();
    return slopeOf(this.whole, 0);
  }

  get second(): number {
    this.draw();
    return rSquaredOf(this.whole, 0);
  }

  trade(view: TradeView): void {
    const { window } = this;
    const prices = this.state;
    if (window.move(view.timeUs) > 0) {
      prices[state.before] = prices[state.last];
      this.drawOlder();
    }
    prices[state.last] = view.price;
    const { values, at } = window;
    const volumeAt = at + word.volume;
    if (view.side === Side.buy) addQuantity(values, volumeAt, 1, view);
    else if (view.side === Side.sell) addQuantity(values, volumeAt, -1, view);
    if (Number.isNaN(prices[state.before])) return;
    values[at + word.isPoint] = 1;
    values[at + word.change] = view.price - prices[state.before];
  }

  private drawOlder(): void {
    this.older.fill(0);
    for (let age = WINDOW_BUCKETS - 1; age > 0; age--)
      addBucket(this.older, this.window.values, this.window.rowAt(age));
  }

  private draw(): void {
    this.whole.set(this.older);
    addBucket(this.whole, this.window.values, this.window.at);
  }
}

function addBucket(line: Float64Array, values: Float64Array, at: number): void {
  if (values[at + word.isPoint] === 0) return;
  addPoint(line, 0, exactValue(values, at + word.volume), values[at + word.change]);
}
