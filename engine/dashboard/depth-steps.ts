// The depth chart's two stairs: how much has to be taken to move the price so far, and marks of a readable axis.

import type { PriceLevel } from '../../schemas/feed.ts';

export type Stair = { readonly price: number; readonly total: number };
export type DepthView = {
  readonly bids: readonly Stair[];
  readonly asks: readonly Stair[];
  readonly mid: number;
  readonly low: number;
  readonly high: number;
  readonly most: number;
};

/** The last stair is seen too. */
const BEYOND = 1.04;

function stairs(side: readonly PriceLevel[]): Stair[] {
  let total = 0;
  return side.map(({ price, amount }) => {
    total += Number(amount);
    return { price: Number(price), total };
  });
}

/** Both sides as far from the mid as the nearer of their ends, so that they can be compared; null without both sides. */
export function depthView(bids: readonly PriceLevel[], asks: readonly PriceLevel[]): DepthView | null {
  const [down, up] = [stairs(bids), stairs(asks)];
  if (down.length === 0 || up.length === 0) return null;
  const mid = (down[0].price + up[0].price) / 2;
  const [downEnd, upEnd] = [mid - down[down.length - 1].price, up[up.length - 1].price - mid];
  const reach = Math.min(downEnd, upEnd) > 0 ? Math.min(downEnd, upEnd) : Math.max(downEnd, upEnd, mid * 1e-6);
  const [low, high] = [mid - reach * BEYOND, mid + reach * BEYOND];
  const [shownBids, shownAsks] = [down.filter(({ price }) => price >= low), up.filter(({ price }) => price <= high)];
  const most = Math.max(shownBids.at(-1)?.total ?? 0, shownAsks.at(-1)?.total ?? 0);
  return { bids: shownBids, asks: shownAsks, mid, low, high, most };
}

/** At most `count` round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten. */
export function marks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999999) ?? 10) * power;
  const found: number[] = [];
  for (let index = Math.ceil(low / step); index * step <= high && found.length <= count; index++) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}
