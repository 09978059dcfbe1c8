// Keeps one local book: puts parts together, holds each change against the number before it and against its checksum.

import type { BookChange, PriceLevel } from '../../schemas/feed.ts';
import { BookSide } from './book-side.ts';
import { checksumOf } from './checksum.ts';
import { type BookContent, LocalBook } from './local-book.ts';

/**
 * `part`: of a whole book that is not complete yet; `ignored`: says nothing, such as a change before the first whole
 * book; `gap`, `checksum`: the book is wrong until a whole one comes.
 */
export type Taken = 'applied' | 'part' | 'ignored' | 'gap' | 'checksum';

/** A whole book of which parts are to come. */
type Stage = { readonly seq: number; readonly bids: BookSide; readonly asks: BookSide; readonly nextPart: number };

function fill(side: BookSide, levels: readonly PriceLevel[]): void {
  for (const level of levels) side.set(level);
}

export class BookKeeper {
  readonly view: LocalBook;
  /** Told by the engine and not contradicted by what the client knows; null while there is no such book. */
  private heldSeq: number | null = null;
  private readonly content: BookContent;
  private stage: Stage | null = null;
  /** A whole book has been here: there is something to show, if only that it is not live. */
  private hasBegun = false;
  /** Out of touch, or not told yet of all that was missed: what comes is not the newest. */
  private isOut = false;
  /** The engine's own words while the client's stand in their place. */
  private told: Pick<BookContent, 'state' | 'reason' | 'isVerified'> = {
    state: 'syncing',
    reason: null,
    isVerified: false,
  };

  constructor(market: string) {
    this.content = {
      market,
      bids: new BookSide(1),
      asks: new BookSide(-1),
      state: 'syncing',
      reason: null,
      seq: 0,
      timestamp: null,
      localTimestamp: null,
      horizon: null,
      isVerified: false,
    };
    this.view = new LocalBook(this.content);
  }

  /** What a resume begins after; null where only a whole book helps. */
  get seq(): number | null {
    return this.heldSeq;
  }

  /** Levels may be shown, and are those of `seq`. */
  get isWhole(): boolean {
    return this.heldSeq !== null && this.stage === null;
  }

  get isShown(): boolean {
    return this.hasBegun;
  }

  take(message: BookChange): Taken {
    if (message.isSnapshot) return this.takeWhole(message);
    if (this.heldSeq === null) return 'ignored';
    // A whole book that was begun and not ended: the engine sends nothing between its parts.
    if (this.stage !== null || message.prevSeq !== this.heldSeq) return this.lose('gap');
    fill(this.content.bids, message.bids);
    fill(this.content.asks, message.asks);
    return this.reached(message);
  }

  /** A resume may give parts again of the whole book that was the last thing held: they say nothing new. */
  private takeWhole(message: BookChange): Taken {
    const { part = 1, parts = 1 } = message;
    if (part === 1) {
      this.stage = { seq: message.seq, bids: new BookSide(1), asks: new BookSide(-1), nextPart: 1 };
    }
    const { stage } = this;
    if (stage === null && (this.heldSeq === null || this.heldSeq === message.seq)) return 'ignored';
    if (stage === null || stage.nextPart !== part || stage.seq !== message.seq) return this.lose('gap');
    fill(stage.bids, message.bids);
    fill(stage.asks, message.asks);
    this.stage = { ...stage, nextPart: part + 1 };
    if (part < parts) return 'part';
    this.content.bids = stage.bids;
    this.content.asks = stage.asks;
    this.content.horizon = message.horizon ?? null;
    this.stage = null;
    this.hasBegun = true;
    return this.reached(message);
  }

  private reached(message: BookChange): Taken {
    const { content } = this;
    this.heldSeq = message.seq;
    content.seq = message.seq;
    content.timestamp = message.timestamp;
    content.localTimestamp = message.localTimestamp;
    this.told = { state: message.state, reason: message.reason, isVerified: message.checksum !== undefined };
    if (this.isOut) this.distrust('disconnected');
    else Object.assign(content, this.told);
    if (message.checksum === undefined || message.checksum === checksumOf(content.bids, content.asks)) return 'applied';
    return this.lose('checksum');
  }

  /** The book is wrong, or may be, until a whole one comes. */
  lose(reason: 'gap' | 'checksum'): 'gap' | 'checksum' {
    this.heldSeq = null;
    this.stage = null;
    this.distrust(reason);
    return reason;
  }

  /** Out of touch: the levels are those of `seq` still, and a resume may go on from there. */
  disconnect(reason: 'disconnected' | 'closed' = 'disconnected'): void {
    this.stage = null;
    this.isOut = true;
    if (this.heldSeq !== null || reason === 'closed') this.distrust(reason);
  }

  /** In touch again, and all that was missed is here. */
  reconnect(): void {
    this.isOut = false;
    if (this.heldSeq !== null) Object.assign(this.content, this.told);
  }

  /** Not resumed, or subscribed anew: only a whole book helps. */
  forget(): void {
    if (this.content.state === this.told.state) this.disconnect();
    this.isOut = false;
    this.heldSeq = null;
    this.stage = null;
  }

  private distrust(reason: string): void {
    this.content.state = 'resyncing';
    this.content.reason = reason;
    this.content.isVerified = false;
  }

  /** The book as one message, for those who follow changes and have missed some. */
  whole(channel: string): BookChange {
    const { view } = this;
    const { exchange, symbol, state, reason, seq, horizon, timestamp, localTimestamp, bids, asks } = view;
    const head = { type: 'book_change', exchange, symbol, isSnapshot: true, bids, asks, state, reason } as const;
    return { ...head, horizon, timestamp, localTimestamp, channel, seq, prevSeq: null };
  }
}
