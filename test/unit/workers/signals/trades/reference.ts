// What trade signals should show, computed plainly over all trades so far: no state, no ring, sums in two passes.
import { SIGNAL_CATALOGUE } from '../../../../../schemas/signals.ts';
import type { TradeView } from '../../../../../workers/signals/signal.ts';
import { signOf, unitsOfView } from './views.ts';

/** Value and the error allowed; NaN with an infinite error where rounding decides whether there is a value. */
export type Expected = { readonly value: number; readonly error: number };
export type Reference = { readonly values: readonly Expected[]; readonly isWarm: boolean };

export const BUCKETS = 60;
export const NONE: Expected = { value: Number.NaN, error: 0 };
const exactly = (value: number): Expected => ({ value, error: 0 });
export const within = (value: number, error: number): Expected => ({ value, error });

export const bucketUsOf = (windowS: number): number => Math.max(1, Math.round((windowS * 1e6) / BUCKETS));

/** The same items at the times a window counts: none goes backward. */
export function inOrder<Item extends { readonly timeUs: number }>(items: readonly Item[]): Item[] {
  let newest = Number.NEGATIVE_INFINITY;
  return items.map((item) => {
    newest = Math.max(newest, item.timeUs);
    return { ...item, timeUs: newest };
  });
}

type Windowed<Item> = {
  readonly inside: Item[];
  readonly bucketUs: number;
  readonly newest: number;
  readonly isSpanned: boolean;
};

export function windowOf<Item extends { readonly timeUs: number }>(
  items: readonly Item[],
  windowS: number,
): Windowed<Item> {
  const bucketUs = bucketUsOf(windowS);
  const ordered = inOrder(items);
  const last = ordered[ordered.length - 1].timeUs;
  const newest = Math.floor(last / bucketUs);
  return {
    inside: ordered.filter(({ timeUs }) => Math.floor(timeUs / bucketUs) > newest - BUCKETS),
    bucketUs,
    newest,
    isSpanned: last - ordered[0].timeUs >= bucketUs * BUCKETS,
  };
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, each) => Math.max(most, Math.abs(each)), 0);

/** Slope and r² in two passes. Allowed: 1e-9 of the slope's own scale, and 1e-14 of the largest y over the spread of x. */
export function lineOf(points: readonly (readonly [number, number])[]): Expected[] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [isFlatX, isFlatY] = [xs, ys].map((values) => values.every((each) => each === values[0]));
  if (points.length < 2 || isFlatX) return [NONE, NONE];
  const [meanX, meanY] = [xs, ys].map((values) => sumOf(values) / values.length);
  const xx = sumOf(xs.map((x) => (x - meanX) ** 2));
  const yy = sumOf(ys.map((y) => (y - meanY) ** 2));
  const xy = sumOf(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  // Where all x, or all y, are equal but for rounding, what is computed is rounding.
  const isBlurred = (squares: number, values: readonly number[]): boolean =>
    Math.sqrt(squares / values.length) < 1e-7 * largest(values);
  if (isBlurred(xx, xs)) return [within(Number.NaN, Infinity), within(Number.NaN, Infinity)];
  const error = 1e-9 * Math.sqrt(yy / xx) + (1e-14 * largest(ys) * points.length) / Math.sqrt(xx);
  if (isFlatY) return [within(0, error), NONE];
  const isVague = isBlurred(yy, ys);
  return [within(xy / xx, error), isVague ? within(Number.NaN, Infinity) : within((xy / xx) * (xy / yy), 1e-8)];
}

function vwapOf(trades: readonly TradeView[]): Expected {
  const quantity = sumOf(trades.map((each) => each.quantity));
  const value = sumOf(trades.map((each) => each.price * each.quantity)) / quantity;
  return Number.isNaN(value) ? NONE : within(value, 1e-12 * value);
}

/** Trades by sub-bucket, oldest first. */
function bucketsOf(trades: readonly TradeView[], bucketUs: number): Map<number, TradeView[]> {
  const buckets = new Map<number, TradeView[]>();
  for (const each of inOrder(trades)) {
    const bucket = Math.floor(each.timeUs / bucketUs);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), each]);
  }
  return buckets;
}

type Step = { readonly bucket: number; readonly from: number; readonly to: number; readonly volume: number };

/** From the last price of each sub-bucket with trades to that of the next, with its signed volume, in the window. */
function stepsOf(trades: readonly TradeView[], windowS: number): Step[] {
  const bucketUs = bucketUsOf(windowS);
  const all = [...bucketsOf(trades, bucketUs)];
  const steps = all.slice(1).map(([bucket, group], index) => ({
    bucket,
    from: all[index][1][all[index][1].length - 1].price,
    to: group[group.length - 1].price,
    volume: Number(group.reduce((sum, each) => sum + BigInt(signOf(each.side)) * unitsOfView(each), 0n)) / 1e18,
  }));
  const newest = all[all.length - 1][0];
  return steps.filter(({ bucket }) => bucket > newest - BUCKETS);
}

function burst(trades: readonly TradeView[], windowS: number): Reference {
  const { inside, bucketUs, newest } = windowOf(trades, windowS);
  const rate = (sumOf(inside.map((each) => each.matches)) * 1e6) / (bucketUs * BUCKETS);
  const buckets = bucketsOf(trades, bucketUs);
  const first = [...buckets.keys()][0];
  const whole = newest - first - 1;
  const decay = 0.5 ** (1 / (12 * BUCKETS));
  let sum = 0;
  for (const [bucket, group] of buckets) {
    if (bucket > first && bucket < newest)
      sum += sumOf(group.map((each) => each.matches)) * decay ** (newest - 1 - bucket);
  }
  const weights = (1 - decay ** whole) / (1 - decay);
  const mean = ((sum / weights) * 1e6) / bucketUs;
  return {
    values: [within(rate, rate * 1e-14), whole < 1 ? NONE : within(mean, mean * 1e-11)],
    isWarm: whole >= 12 * BUCKETS,
  };
}

/** The run that ends with the last trade, found by going backward. */
function sweep(trades: readonly TradeView[], windowS: number): Reference {
  const ordered = inOrder(trades);
  const last = ordered[ordered.length - 1];
  const isWarm = trades.some((each) => signOf(each.side) !== 0);
  if (signOf(last.side) === 0) return { values: [NONE, NONE, NONE], isWarm };
  let from = ordered.length - 1;
  const follows = (after: TradeView, before: TradeView): boolean =>
    before.side === last.side &&
    after.timeUs - before.timeUs <= windowS * 1e6 &&
    (after.price - before.price) * signOf(last.side) >= 0;
  while (from > 0 && follows(ordered[from], ordered[from - 1])) from--;
  const run = ordered.slice(from);
  const quantity = Number(run.reduce((sum, each) => sum + unitsOfView(each), 0n)) / 1e18;
  const bps = (Math.abs(last.price - run[0].price) / run[0].price) * 1e4;
  const prices = new Set(run.map((each) => each.price)).size;
  return { values: [within(quantity, quantity * 1e-15), exactly(prices), exactly(bps)], isWarm };
}

type Compute = (trades: readonly TradeView[], parameters: readonly number[]) => Reference;

const ofCount =
  (compute: (trades: readonly TradeView[]) => readonly Expected[]): Compute =>
  (trades, [count]) => ({ values: compute(trades.slice(-count)), isWarm: trades.length >= count });

const ofPlaces = (numbers: readonly number[]): Expected[] =>
  lineOf(numbers.map((each, index) => [index, each] as const));

/** By name; each takes all trades so far, of which there is at least one. */
export const TRADE_REFERENCES: Readonly<Record<string, Compute>> = {
  cvd: (trades) => {
    const units = trades.reduce((sum, each) => sum + BigInt(signOf(each.side)) * unitsOfView(each), 0n);
    const value = Number(units) / 1e18;
    return { values: [within(value, Math.abs(value) * 1e-15)], isWarm: true };
  },
  'price-trend': (trades, [windowS]) => {
    const { inside, isSpanned } = windowOf(trades, windowS);
    const last = inside[inside.length - 1].timeUs;
    return { values: lineOf(inside.map((each) => [(each.timeUs - last) / 1e6, each.price])), isWarm: isSpanned };
  },
  'price-trend-count': ofCount((trades) => ofPlaces(trades.map((each) => each.price))),
  'volume-trend': (trades, [windowS]) => {
    const { bucketUs, newest, isSpanned } = windowOf(trades, windowS);
    const buckets = bucketsOf(trades, bucketUs);
    const from = Math.max([...buckets.keys()][0] + 1, newest - BUCKETS + 1);
    const points: [number, number][] = [];
    for (let bucket = from; bucket < newest; bucket++) {
      const quantity = sumOf((buckets.get(bucket) ?? []).map((each) => each.quantity));
      points.push([((bucket - from) * bucketUs) / 1e6, (quantity * 1e6) / bucketUs]);
    }
    return { values: lineOf(points), isWarm: isSpanned };
  },
  'volume-trend-count': ofCount((trades) => ofPlaces(trades.map((each) => each.quantity))),
  vwap: (trades, [windowS]) => {
    const { inside, isSpanned } = windowOf(trades, windowS);
    return { values: [vwapOf(inside)], isWarm: isSpanned };
  },
  'vwap-count': ofCount((trades) => [vwapOf(trades)]),
  'trade-size': ofCount((trades) => {
    const sorted = trades.map((each) => each.quantity).sort((a, b) => a - b);
    return [50, 95, 99].map((percent) => exactly(sorted[Math.ceil((percent * sorted.length) / 100) - 1]));
  }),
  'trade-burst': (trades, [windowS]) => burst(trades, windowS),
  'realised-volatility': (trades, [windowS]) => {
    const isWarm = windowOf(trades, windowS).isSpanned;
    const hasReturn = bucketsOf(trades, bucketUsOf(windowS)).size > 1;
    const value = Math.sqrt(sumOf(stepsOf(trades, windowS).map(({ from, to }) => Math.log(to / from) ** 2)));
    // The log of a ratio near 1 is known to 2^-53 of 1, not of itself.
    return { values: [hasReturn ? within(value, 1e-9 * value + 1e-15) : NONE], isWarm };
  },
  'kyle-lambda': (trades, [windowS]) => {
    const points = stepsOf(trades, windowS).map(({ from, to, volume }) => [volume, to - from] as const);
    return { values: lineOf(points), isWarm: windowOf(trades, windowS).isSpanned };
  },
  sweep: (trades, [windowS]) => sweep(trades, windowS),
};

/** What is wrong with a value shown, or an empty text. */
export function complaint(name: string, actual: number, expected: Expected | undefined): string {
  const { value, error } = expected ?? NONE;
  if (error === Number.POSITIVE_INFINITY) return '';
  const isRight = Number.isNaN(value) ? Number.isNaN(actual) : Math.abs(actual - value) <= error;
  return isRight ? '' : `${name}: expected ${value} within ${error}, was ${actual}`;
}

export function namesOf(input: 'book' | 'trade'): string[] {
  return SIGNAL_CATALOGUE.filter((entry) => entry.input === input).map(({ name }) => name);
}
