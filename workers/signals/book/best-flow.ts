// What the last change of a book added to and took from the quantities at its best prices. Hot path.
//
// A side's flow is its quantity now, unless its price became worse, less its quantity before, unless its price became
// better: the difference at an unchanged price, all that is new at a better price, all that was lost with the old one at
// a worse price (Cont, Kukanov, Stoikov 2014, §2.1: the bid flow less the ask flow is their e_n).

import type { BookView } from '../signal.ts';

/** Words of the book before. */
const best = { bidPrice: 0, bidQuantity: 1, askPrice: 2, askQuantity: 3 } as const;
const BEST_WORDS = 4;
/** Words of the flow. */
export const flow = { bid: 0, ask: 1 } as const;
const FLOW_WORDS = 2;

export class BestFlow {
  /** Bid and ask flow of the last change, in units of quantity. */
  readonly values = new Float64Array(FLOW_WORDS);
  private readonly before = new Float64Array(BEST_WORDS);
  private hasBefore = false;

  /** Takes the book after a change. Returns false, and no flow, where there was no book before. */
  take(view: BookView): boolean {
    const { before, values, hasBefore } = this;
    if (hasBefore) {
      const bidStep = view.bidPrice - before[best.bidPrice];
      const askStep = before[best.askPrice] - view.askPrice;
      values[flow.bid] = (bidStep >= 0 ? view.bidQuantity : 0) - (bidStep <= 0 ? before[best.bidQuantity] : 0);
      values[flow.ask] = (askStep >= 0 ? view.askQuantity : 0) - (askStep <= 0 ? before[best.askQuantity] : 0);
    }
    before[best.bidPrice] = view.bidPrice;
    before[best.bidQuantity] = view.bidQuantity;
    before[best.askPrice] = view.askPrice;
    before[best.askQuantity] = view.askQuantity;
    this.hasBefore = true;
    return hasBefore;
  }

  reset(): void {
    this.hasBefore = false;
  }
}
