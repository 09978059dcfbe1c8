// Owns the property test of books that are crossed by nature: the view, and a follower's copy, against a plain model.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BookState, ChangeFlag, LevelFlag } from '../../schemas/ids.ts';
import { findFault } from '../../workers/book/integrity.ts';
import { LEVEL_STRIDE } from '../../workers/book/ladder.ts';
import { BookOutcome } from '../../workers/book/market-book.ts';
import { BookUnderTest, readDecimal, type TextLevel } from '../unit/workers/book/book-records.ts';
import '../support/seed.ts';

type Held = { readonly price: number; readonly quantity: number; readonly stamp: number };
type Sides = { readonly bids: readonly TextLevel[]; readonly asks: readonly TextLevel[] };

/** What the venue holds: price to quantity and the change that set it. The view is made anew each time it is asked for. */
class PlainBook {
  readonly bids = new Map<number, Held>();
  readonly asks = new Map<number, Held>();
  private changes = 0;

  apply({ bids, asks }: Sides, isSnapshot: boolean): void {
    this.changes++;
    if (isSnapshot) this.bids.clear();
    if (isSnapshot) this.asks.clear();
    for (const [side, levels] of [[this.bids, bids] as const, [this.asks, asks] as const]) {
      for (const [price, quantity] of levels) {
        if (Number(quantity) === 0) side.delete(Number(price));
        else side.set(Number(price), { price: Number(price), quantity: Number(quantity), stamp: this.changes });
      }
    }
  }

  /** Bids and asks as they show, best first. */
  view(): { bids: [string, string][]; asks: [string, string][] } {
    const bids = [...this.bids.values()].sort((a, b) => b.price - a.price);
    const asks = [...this.asks.values()].sort((a, b) => a.price - b.price);
    while (bids.length > 0 && asks.length > 0 && bids[0].price >= asks[0].price) {
      const [bid, ask] = [bids[0], asks[0]];
      const both = bid.stamp === ask.stamp ? Math.min(bid.quantity, ask.quantity) : 0;
      const bidLoses = bid.stamp < ask.stamp ? bid.quantity : both;
      const askLoses = ask.stamp < bid.stamp ? ask.quantity : both;
      take(bids, bidLoses);
      take(asks, askLoses);
    }
    return { bids: bids.map(textOf), asks: asks.map(textOf) };
  }
}

function take(side: Held[], quantity: number): void {
  const [best] = side;
  if (best.quantity === quantity) side.shift();
  else side[0] = { ...best, quantity: best.quantity - quantity };
}

const textOf = ({ price, quantity }: Held): [string, string] => [String(price), String(quantity)];

/** A copy of the book as a subscriber keeps it: whole books replace, levels of deltas set one price. */
class Follower {
  private readonly sides = [new Map<string, string>(), new Map<string, string>()];

  replace(bids: readonly TextLevel[], asks: readonly TextLevel[]): void {
    for (const [index, levels] of [bids, asks].entries()) {
      this.sides[index].clear();
      for (const [price, quantity] of levels) this.sides[index].set(price, quantity);
    }
  }

  set(isAsk: boolean, price: string, quantity: string): void {
    const side = this.sides[isAsk ? 1 : 0];
    if (Number(quantity) === 0) side.delete(price);
    else side.set(price, quantity);
  }

  get book(): { bids: [string, string][]; asks: [string, string][] } {
    const [bids, asks] = this.sides.map((side) => [...side].sort(([a], [b]) => Number(a) - Number(b)));
    return { bids: bids.reverse(), asks };
  }
}

function follow(follower: Follower, test: BookUnderTest, step: Sides, outcome: number): void {
  for (const [price, quantity] of step.bids) follower.set(false, price, quantity);
  for (const [price, quantity] of step.asks) follower.set(true, price, quantity);
  const { uncross } = test.book;
  if ((outcome & BookOutcome.uncrossed) === 0 || uncross === null) return;
  for (let i = 0; i < uncross.toldCount; i++) {
    const at = i * LEVEL_STRIDE;
    const isAsk = uncross.toldFlags[i] === LevelFlag.ask;
    follower.set(isAsk, readDecimal(uncross.told, at), readDecimal(uncross.told, at + 2));
  }
}

/** Few prices that overlap, so that almost every book crosses. */
const levels = (max: number) =>
  fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 12 }).map(String),
      fc.integer({ min: 0, max: 4 }).map((quantity) => (quantity === 0 ? '0.0' : String(quantity))),
    ),
    { maxLength: max },
  );
const step = fc.record({
  bids: levels(5),
  asks: levels(5),
  isSnapshot: fc.constantFrom(false, false, false, false, true),
});

it('a book crossed by nature shows what a plain model does, is never seen crossed, and a copy of its deltas is equal', () => {
  let uncrossed = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const test = new BookUnderTest('dydx');
      const plain = new PlainBook();
      const follower = new Follower();
      for (const [index, { isSnapshot, ...sides }] of steps.entries()) {
        const isFirst = index === 0 || isSnapshot;
        plain.apply(sides, isFirst);
        const flags = ChangeFlag.hasSequence | (isFirst ? ChangeFlag.snapshot : 0);
        test.takesRuns = !test.takesRuns;
        const outcome = test.feed({ flags, last: index + 1, ...sides });
        const expected = plain.view();
        assert.deepEqual({ bids: test.bids, asks: test.asks }, expected);
        assert.equal(findFault(test.book.bids, test.book.asks), null);
        assert.equal(test.book.state, BookState.live);
        if (isFirst) follower.replace(test.bids, test.asks);
        else follow(follower, test, sides, outcome);
        assert.deepEqual(follower.book, expected);
        if ((outcome & BookOutcome.uncrossed) !== 0) uncrossed++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(uncrossed > 100, `expected crossing books, were ${uncrossed}`);
});
