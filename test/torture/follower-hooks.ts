// The simplest engine behind a real feed: decoders and books of a BookFollower in this thread, and a clock that runs fast.

import type { FeedHooks, MarketState, Session, TradeMark } from '../../engine/connect/hooks.ts';
import type { Subscription } from '../../engine/connect/protocol.ts';
import type { Timers } from '../../engine/connect/timers.ts';
import { type Dialect, type FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_U16 } from '../../schemas/layout.ts';
import { bookChange } from '../../schemas/market-data.ts';
import { BookFollower } from '../support/book-follower.ts';

/** Waits of the connectors pass faster by a factor: seconds of backoff become milliseconds. */
export class FastTimers implements Timers {
  private readonly factor: number;

  constructor(factor: number) {
    this.factor = factor;
  }

  nowMs(): number {
    return performance.now() * this.factor;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, Math.max(1, Math.ceil(delayMs / this.factor)));
    return () => clearTimeout(timer);
  }
}

const FRAME_SLOTS = 8_192;

export class FollowerHooks implements FeedHooks {
  readonly follower: BookFollower;
  private readonly timers: Timers;
  private readonly numbers = new Float64Array(2);
  private readonly since = new Map<string, MarketState>();
  /** Frames taken of a session that was closed before: never. */
  takenAfterClose = 0;
  refused = 0;
  /** Called after each frame that was taken. */
  taken: () => void = () => undefined;

  constructor(venue: Dialect, timers: Timers) {
    this.follower = new BookFollower(venue, { frameSlots: FRAME_SLOTS });
    this.timers = timers;
  }

  openSession(connectionId: number): Session {
    const name = String(connectionId);
    this.follower.open(name);
    const dataAt = new Map<string, number>();
    let isClosed = false;
    return {
      take: (bytes) => {
        if (isClosed) this.takenAfterClose++;
        return this.take(bytes, name, dataAt);
      },
      sent: (text) => this.follower.connection(name).decoder.sent?.(text),
      dataAtMs: (symbol, channel) => dataAt.get(`${channel}:${symbol}`) ?? null,
      close: () => {
        isClosed = true;
        this.follower.connections.delete(name);
      },
    };
  }

  private take(bytes: Buffer, name: string, dataAt: Map<string, number>): FrameResult {
    const result = this.follower.take(bytes.toString('utf8'), name) as FrameResult;
    if (result < 0) this.refused++;
    else for (const symbol of this.changed(name)) dataAt.set(`book:${symbol}`, this.timers.nowMs());
    this.taken();
    return result;
  }

  /** Markets of which the last frame of a connection told a change, whatever became of it. */
  private changed(name: string): string[] {
    const { sink } = this.follower.connection(name);
    const symbols: string[] = [];
    for (let slot = 0; slot < sink.slots; slot++) {
      if (sink.u8[slot * SLOT_BYTES] !== RecordType.bookChange) continue;
      symbols.push(sink.markets[sink.u16[slot * SLOT_U16 + bookChange.at.market]].slice(sink.venue.length + 1));
    }
    return symbols;
  }

  connectionLost(_id: number, subscriptions: readonly Subscription[]): void {
    for (const { symbol, channel } of subscriptions) {
      if (channel === 'book') this.breakBook(symbol);
    }
  }

  /** Its trades are judged by what was made. */
  tradesMissing(): void {
    // Books are not concerned.
  }

  private breakBook(symbol: string): void {
    const { book } = this.follower.market(symbol);
    if (book.bookSequence > 0 || book.isFollowing) book.breakBook(StateReason.connectionLost, this.numbers, 0, 1);
  }

  bookState(symbol: string): MarketState | null {
    const market = this.follower.markets.get(symbol);
    if (market === undefined) return null;
    const { state } = market.book;
    const known = this.since.get(symbol);
    if (known?.state === state) return known;
    const made = { state, reason: StateReason.none, sinceMs: this.timers.nowMs() };
    this.since.set(symbol, made);
    return made;
  }

  isWatched(): boolean {
    return false;
  }

  tradeMark(): TradeMark {
    return { lastId: null, lastTimeMs: null };
  }

  backfilling(): void {}

  backfilled(): void {}

  log(): void {}
}
