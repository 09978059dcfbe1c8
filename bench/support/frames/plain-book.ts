// What every pipeline makes of a book frame, a plain object with numbers, and what of it all must agree on.

export type PriceLevel = { readonly price: number; readonly amount: number };

/** Times are milliseconds since 1970. */
export type PlainBook = {
  readonly symbol: string;
  readonly timeMs: number;
  readonly isSnapshot: boolean;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
};

/** Levels of a side as a venue's frame has them, still text or as JSON.parse made them. */
type Row = readonly [price: string | number, amount: string | number, ...rest: readonly unknown[]];

export function levelsOfRows(rows: readonly Row[]): PriceLevel[] {
  return rows.map(([price, amount]) => ({ price: Number(price), amount: Number(amount) }));
}

/** Counts and sums of one frame's levels: the order inside a side is not compared, since ccxt sorts. */
export type Digest = {
  bids: number;
  asks: number;
  /** The side's levels summed, asks counted twice so that a level on the wrong side shows. */
  prices: number;
  amounts: number;
  firstBid: number;
  firstAsk: number;
};

export function emptyDigest(): Digest {
  return { bids: 0, asks: 0, prices: 0, amounts: 0, firstBid: 0, firstAsk: 0 };
}

/** Counts one level; levels of zero amount are removals and count as others do. The first of a side is its best price. */
export function addLevel(digest: Digest, isAsk: boolean, price: number, amount: number): void {
  if (isAsk) {
    digest.asks++;
    digest.firstAsk = digest.firstAsk === 0 ? price : Math.min(digest.firstAsk, price);
  } else {
    digest.bids++;
    digest.firstBid = Math.max(digest.firstBid, price);
  }
  digest.prices += isAsk ? 2 * price : price;
  digest.amounts += isAsk ? 2 * amount : amount;
}

const TOLERANCE = 1e-9;
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));

export function areEqual(a: Digest, b: Digest): boolean {
  return (
    a.bids === b.bids &&
    a.asks === b.asks &&
    isNear(a.prices, b.prices) &&
    isNear(a.amounts, b.amounts) &&
    isNear(a.firstBid, b.firstBid) &&
    isNear(a.firstAsk, b.firstAsk)
  );
}
