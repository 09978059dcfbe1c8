// Owns the plain book of the generator's tests: one Map a side, BigInt quantities, sorted when looked at.

export type PlainLevel = readonly [bigint, bigint];
type Change = { readonly priceTicks: number; readonly quantityLots: number };
type Changes = { readonly bids: readonly Change[]; readonly asks: readonly Change[] };

export class PlainBook {
  readonly bids = new Map<bigint, bigint>();
  readonly asks = new Map<bigint, bigint>();

  replace(changes: Changes): void {
    this.bids.clear();
    this.asks.clear();
    this.apply(changes);
  }

  apply(changes: Changes): void {
    for (const level of changes.bids) set(this.bids, level);
    for (const level of changes.asks) set(this.asks, level);
  }

  /** Takes what a trade ate from one side's touch. */
  eat(isBid: boolean, price: bigint, quantity: bigint): void {
    const side = isBid ? this.bids : this.asks;
    const left = (side.get(price) ?? 0n) - quantity;
    if (left > 0n) side.set(price, left);
    else side.delete(price);
  }

  /** Best first. */
  sorted(isBid: boolean): PlainLevel[] {
    const levels = [...(isBid ? this.bids : this.asks)].sort(([a], [b]) => (a < b ? -1 : 1));
    return isBid ? levels.reverse() : levels;
  }
}

function set(side: Map<bigint, bigint>, { priceTicks, quantityLots }: Change): void {
  if (quantityLots === 0) side.delete(BigInt(priceTicks));
  else side.set(BigInt(priceTicks), BigInt(quantityLots));
}

export function plainLevels(levels: readonly Change[]): PlainLevel[] {
  return levels.map((level) => [BigInt(level.priceTicks), BigInt(level.quantityLots)]);
}
