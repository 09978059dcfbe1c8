// A book as its reader sees it: always as new as can be, with its state, and no way to change it.

import type { BookStateName, Horizon, PriceLevel, TimeText } from '../../schemas/feed.ts';
import type { BookSide } from './book-side.ts';

/** What the keeper holds and the reader is shown. */
export type BookContent = {
  readonly market: string;
  bids: BookSide;
  asks: BookSide;
  state: BookStateName;
  reason: string | null;
  seq: number;
  timestamp: TimeText | null;
  localTimestamp: TimeText | null;
  horizon: Horizon | null;
  isVerified: boolean;
};

export type BestLevels = { readonly bid: PriceLevel | null; readonly ask: PriceLevel | null };

/** A copy that stays as it is. */
export type BookJson = {
  readonly market: string;
  readonly state: BookStateName;
  readonly reason: string | null;
  readonly seq: number;
  readonly timestamp: TimeText | null;
  readonly localTimestamp: TimeText | null;
  readonly horizon: Horizon | null;
  readonly isVerified: boolean;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
};

/**
 * One book, the same object at every turn of the loop. It changes with each message that comes, so also while a loop
 * awaits something; between two awaits it stands still. Whoever wants to keep a state takes toJSON().
 */
export class LocalBook {
  readonly #content: BookContent;

  constructor(content: BookContent) {
    this.#content = content;
  }

  /** `binance:BTCUSDT` */
  get market(): string {
    return this.#content.market;
  }

  get exchange(): string {
    return this.market.slice(0, this.market.indexOf(':'));
  }

  get symbol(): string {
    return this.market.slice(this.market.indexOf(':') + 1);
  }

  /** The engine's word on the book; `resyncing` as well while the client itself has lost touch, see `reason`. */
  get state(): BookStateName {
    return this.#content.state;
  }

  /** The engine's reason, or the client's own: `disconnected`, `gap`, `checksum`, `closed`. */
  get reason(): string | null {
    return this.#content.reason;
  }

  /** Only a live book is to be acted on. */
  get isLive(): boolean {
    return this.#content.state === 'live';
  }

  /** The engine's checksum after the last message was that of this copy. */
  get isVerified(): boolean {
    return this.#content.isVerified;
  }

  /** That of `/v1/book`. */
  get seq(): number {
    return this.#content.seq;
  }

  /** The venue's time of the last change. */
  get timestamp(): TimeText | null {
    return this.#content.timestamp;
  }

  /** The engine's receive time of it. */
  get localTimestamp(): TimeText | null {
    return this.#content.localTimestamp;
  }

  /** As of the last whole book; null where both sides are known to the end. */
  get horizon(): Horizon | null {
    return this.#content.horizon;
  }

  /** All bids, best first. Made anew after a change: of a deep book take top(). */
  get bids(): readonly PriceLevel[] {
    return this.#content.bids.list();
  }

  get asks(): readonly PriceLevel[] {
    return this.#content.asks.list();
  }

  get best(): BestLevels {
    return { bid: this.#content.bids.at(0) ?? null, ask: this.#content.asks.at(0) ?? null };
  }

  /** The best levels of both sides, best first; cheap at any depth of the book. */
  top(levels: number): { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] } {
    return { bids: this.#content.bids.top(levels), asks: this.#content.asks.top(levels) };
  }

  toJSON(): BookJson {
    const { market, state, reason, seq, timestamp, localTimestamp, horizon, isVerified, bids, asks } = this;
    return { market, state, reason, seq, timestamp, localTimestamp, horizon, isVerified, bids, asks };
  }
}
