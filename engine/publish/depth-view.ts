// The best levels of a book as one view tells them: what differs from what it told last, whatever the book did meanwhile.

import { compareDecimals } from '../base/decimal.ts';
import { bookChecksum, CHECKSUM_LEVELS } from './book-checksum.ts';
import { type BookChangeMessage, LEVEL_NUMBERS, type Levels } from './messages.ts';
import type { Topic } from './topics.ts';

function sameAmount(a: Levels, at: number, b: Levels, bAt: number): boolean {
  return a[at + 2] === b[bAt + 2] && a[at + 3] === b[bAt + 3];
}

/**
 * What turns `before` into `after`, both best first: levels that are new or other, and with amount 0 those that are gone.
 * `sign` is 1 where the best price is the highest.
 */
export function changedLevels(before: Levels, after: Levels, sign: number): Levels {
  const changed: number[] = [];
  let at = 0;
  for (let to = 0; to < after.length || at < before.length; ) {
    const isOver = to >= after.length ? 1 : at >= before.length ? -1 : 0;
    const better = isOver || sign * compareDecimals(before[at], before[at + 1], after[to], after[to + 1]);
    if (better > 0) changed.push(before[at], before[at + 1], 0, 0);
    else if (better < 0 || !sameAmount(before, at, after, to)) changed.push(...after.subarray(to, to + LEVEL_NUMBERS));
    if (better >= 0) at += LEVEL_NUMBERS;
    if (better <= 0) to += LEVEL_NUMBERS;
  }
  return Float64Array.from(changed);
}

const BIDS_SIGN = 1;
const ASKS_SIGN = -1;

export class DepthView {
  private readonly topic: Topic;
  /** The book as its subscribers have it; null before the first. */
  private told: BookChangeMessage | null = null;
  /** Version of the market's latest values from before the last answer was asked for; 0 where that is not known. */
  askedVersion = 0;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  /** As a message to a new subscriber. */
  get whole(): BookChangeMessage | null {
    return this.told;
  }

  /** The book as it is now: its best levels, as many as the view has. Tells what is new. */
  answer(book: BookChangeMessage): void {
    const { told } = this;
    const now: BookChangeMessage = { ...book, isSnapshot: true, checksum: this.checksumOf(book) };
    if (told === null) {
      this.told = now;
      this.topic.lastSeq = now.bookSequence;
      return;
    }
    const isSameState = told.state === now.state && told.reason === now.reason;
    const bids = changedLevels(told.bids, now.bids, BIDS_SIGN);
    const asks = changedLevels(told.asks, now.asks, ASKS_SIGN);
    if (isSameState && bids.length + asks.length === 0) return;
    this.told = now;
    if (isSameState) {
      const change = { ...now, isSnapshot: false, bids, asks, horizonBid: null, horizonAsk: null };
      this.topic.tell(change, now.bookSequence);
    } else for (const part of this.topic.parts(now)) this.topic.tell(part, now.bookSequence);
  }

  private checksumOf({ bids, asks, checksum }: BookChangeMessage): number | null {
    const { view } = this.topic;
    if (!view.hasChecksum) return null;
    return view.depth < CHECKSUM_LEVELS ? bookChecksum(bids, asks) : checksum;
  }
}
