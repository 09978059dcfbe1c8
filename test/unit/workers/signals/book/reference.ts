// What book signals that follow changes should show, computed plainly over all books since the last reset.
import type { BookView } from '../../../../../workers/signals/signal.ts';
import {
  BUCKETS,
  bucketUsOf,
  type Expected,
  inOrder,
  NONE,
  type Reference,
  windowOf,
  within,
} from '../trades/reference.ts';

type Flow = { readonly timeUs: number; readonly bid: number; readonly ask: number };

/** The terms of the paper's e_n, one side each, written out by case. */
function sideFlow(step: number, before: number, after: number): number {
  if (step > 0) return after;
  return step < 0 ? -before : after - before;
}

function flowsOf(books: readonly BookView[]): Flow[] {
  return inOrder(books)
    .slice(1)
    .map((after, index) => {
      const before = books[index];
      return {
        timeUs: after.timeUs,
        bid: sideFlow(after.bidPrice - before.bidPrice, before.bidQuantity, after.bidQuantity),
        ask: sideFlow(before.askPrice - after.askPrice, before.askQuantity, after.askQuantity),
      };
    });
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** Exact: floats as multiples of 2^-1074 are added as big integers. */
function exactSum(numbers: readonly number[]): number {
  const unitsOf = (value: number): bigint => {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, Math.abs(value));
    const word = bits.getBigUint64(0);
    const exponent = word >> 52n;
    const fraction = word & (2n ** 52n - 1n);
    const size = exponent === 0n ? fraction : (fraction | (2n ** 52n)) << (exponent - 1n);
    return value < 0 ? -size : size;
  };
  const units = numbers.reduce((sum, each) => sum + unitsOf(each), 0n);
  // In two steps, as 2^1074 is no float; the quantities of tests are far from both ends.
  return (Number(units >> 800n) / 2 ** 200) * 2 ** -74 || 0;
}

const micropriceOf = (book: BookView): number =>
  (book.bidPrice * book.askQuantity + book.askPrice * book.bidQuantity) / (book.bidQuantity + book.askQuantity);

const spreadOf = (book: BookView): number =>
  (1e4 * (book.askPrice - book.bidPrice)) / ((book.askPrice + book.bidPrice) / 2);

type Compute = (books: readonly BookView[], parameters: readonly number[]) => Reference;

/** By name; each takes all books since the last reset, of which there is at least one. */
export const BOOK_REFERENCES: Readonly<Record<string, Compute>> = {
  ofi: (books, [windowS]) => {
    const { isSpanned, newest, bucketUs } = windowOf(books, windowS);
    const flows = flowsOf(books);
    const inside = flows.filter(({ timeUs }) => Math.floor(timeUs / bucketUs) > newest - BUCKETS);
    const terms = inside.map(({ bid, ask }) => bid - ask);
    const value = exactSum(terms);
    const error = Math.abs(value) * 1e-15 + sumOf(terms.map(Math.abs)) * 1e-26;
    return { values: [flows.length === 0 ? NONE : within(value, error)], isWarm: isSpanned };
  },
  'queue-pressure': (books, [windowS]) => {
    const { isSpanned, newest, bucketUs } = windowOf(books, windowS);
    const inside = flowsOf(books).filter(({ timeUs }) => Math.floor(timeUs / bucketUs) > newest - BUCKETS);
    const added = (side: 'bid' | 'ask'): number => sumOf(inside.map((flow) => Math.max(flow[side], 0)));
    const removed = (side: 'bid' | 'ask'): number => sumOf(inside.map((flow) => Math.max(-flow[side], 0)));
    const [up, down] = [added('bid') + removed('ask'), added('ask') + removed('bid')];
    return { values: [up + down === 0 ? NONE : within((up - down) / (up + down), 1e-13)], isWarm: isSpanned };
  },
  'microprice-drift': (books, [windowS]) => {
    const { isSpanned, newest } = windowOf(books, windowS);
    const bucketUs = bucketUsOf(windowS);
    const then = inOrder(books).findLast(({ timeUs }) => Math.floor(timeUs / bucketUs) <= newest - BUCKETS) ?? books[0];
    const ratio = micropriceOf(books[books.length - 1]) / micropriceOf(then);
    return { values: [within((ratio - 1) * 1e4, 1e-11 * ratio + 1e-11)], isWarm: isSpanned };
  },
  'spread-regime': (books, [changes]) => {
    const bps = spreadOf(books[books.length - 1]);
    const before = books.slice(0, -1).slice(-changes).map(spreadOf);
    const mean = sumOf(before) / before.length;
    const error = (1e-13 * sumOf(before.map(Math.abs))) / before.length;
    const values: Expected[] = [within(bps, Math.abs(bps) * 1e-14), Number.isNaN(mean) ? NONE : within(mean, error)];
    // Where spreads of both signs cancel, the ratio is that of rounding.
    if (!(Math.abs(mean) > 100 * error)) values.push(within(Number.NaN, Number.POSITIVE_INFINITY));
    else values.push(mean > 0 ? within(bps / mean, 2 * Math.abs(bps / mean) * (error / mean) + 1e-12) : NONE);
    return { values, isWarm: before.length >= changes };
  },
};
