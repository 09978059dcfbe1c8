// A client of a simulated venue without sockets: the dialogue's texts go to the session, every frame through the engine's
// decoder and books and through the referee, frames without data back to the dialogue.

import assert from 'node:assert/strict';
import type { Dialogue, Notice, Subscription, VenueConnector } from '../../engine/connect/protocol.ts';
import type { SimSession, SimulatedVenue } from '../../engine/simulate/protocol.ts';
import { BookState, FrameResult } from '../../schemas/ids.ts';
import { levelsOf } from '../unit/workers/book/book-records.ts';
import { BookFollower, countOf } from './book-follower.ts';
import { formatDecimal } from './reference/decimal.ts';
import type { Level } from './reference/ladder.ts';
import { Referee } from './reference/referee.ts';
import { type FakeSimSocket, FakeVenue, type FakeVenueOptions } from './sim-fakes.ts';

const CONNECTION = 'c';

export class StreamClient {
  readonly connector: VenueConnector;
  readonly venue: FakeVenue;
  readonly follower: BookFollower;
  readonly referee: Referee;
  readonly notices: Notice[] = [];
  readonly texts: string[] = [];
  socket: FakeSimSocket;
  session: SimSession;
  private dialogue: Dialogue;

  constructor(connector: VenueConnector, simulated: SimulatedVenue, options: FakeVenueOptions = {}) {
    this.connector = connector;
    this.venue = new FakeVenue(simulated, options);
    this.follower = new BookFollower(connector.venue);
    this.referee = new Referee(connector.venue, []);
    this.dialogue = connector.dialogue();
    const { socket, session } = this.venue.open(connector.path([]));
    this.socket = socket;
    this.session = session;
    for (const text of this.dialogue.greet()) session.message(text);
  }

  get symbols(): string[] {
    return this.venue.markets.map(({ symbol }) => symbol);
  }

  /** Books and trades of these markets. */
  both(symbols: readonly string[] = this.symbols): Subscription[] {
    return symbols.flatMap((symbol) => [
      { symbol, channel: 'book' as const },
      { symbol, channel: 'trades' as const },
    ]);
  }

  /** Asks, as many at once as one message may hold. */
  subscribe(subscriptions: readonly Subscription[]): void {
    const { subscriptionsPerMessage } = this.connector.limits;
    for (let at = 0; at < subscriptions.length; at += subscriptionsPerMessage) {
      const batch = subscriptions.slice(at, at + subscriptionsPerMessage);
      for (const text of this.dialogue.subscribe(batch)) this.session.message(text);
    }
  }

  unsubscribe(subscriptions: readonly Subscription[]): void {
    for (const text of this.dialogue.unsubscribe(subscriptions)) this.session.message(text);
  }

  /** A connection that ended, and another without any subscription. */
  reconnect(): void {
    this.venue.leave(this.session);
    const { socket, session } = this.venue.open(this.connector.path([]));
    this.socket = socket;
    this.session = session;
    this.dialogue = this.connector.dialogue();
    this.follower.open(CONNECTION);
    this.referee.open(CONNECTION);
    for (const text of this.dialogue.greet()) session.message(text);
  }

  /** Takes what was sent; frames that `isLost` names never arrive. */
  receive(isLost: (text: string, index: number) => boolean = () => false): void {
    for (const [index, text] of this.socket.takeTexts().entries()) if (!isLost(text, index)) this.frame(text);
  }

  frame(text: string): void {
    this.texts.push(text);
    const before = this.referee.counts.applied;
    this.referee.frame(text, this.venue.nowMs() * 1000, CONNECTION);
    const result = this.follower.take(text, CONNECTION);
    const expected = this.referee.counts.applied > before ? FrameResult.applied : FrameResult.control;
    assert.equal(result, expected, text.slice(0, 300));
    if (result === FrameResult.control) this.notices.push(...this.dialogue.read(text));
  }

  /** Acknowledgements so far, as text. */
  get acknowledged(): string[] {
    return this.notices.flatMap((notice) =>
      notice.kind === 'acknowledged'
        ? [`${notice.isSubscribed ? '+' : '-'}${notice.subscription.channel}:${notice.subscription.symbol}`]
        : [],
    );
  }

  state(symbol: string): BookState {
    return this.follower.market(symbol).book.state;
  }

  trades(symbol: string): number {
    return this.follower.market(symbol).accepted.count;
  }

  gaps(symbol: string): number {
    return countOf(this.follower.market(symbol), 'gaps');
  }

  /** Every book is live and equals the venue's, the engine's as well as the referee's. */
  assertBooks(): void {
    for (const truth of this.venue.markets) {
      const { book } = this.follower.market(truth.symbol);
      const other = this.referee.markets.byName.get(`${this.connector.venue}:${truth.symbol}`)?.book;
      assert.equal(book.state, BookState.live, truth.symbol);
      assert.equal(other?.state, 'live', truth.symbol);
      for (const [side, mine, theirs] of [
        [truth.bids(), book.bids, other?.bids.levels],
        [truth.asks(), book.asks, other?.asks.levels],
      ] as const) {
        const expected = side.map((level) => level.map(canonical));
        assert.deepEqual(levelsOf(mine), expected, truth.symbol);
        assert.deepEqual(textsOf(theirs ?? []), expected, truth.symbol);
      }
    }
  }
}

function canonical(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function textsOf(levels: readonly Level[]): string[][] {
  return levels.map(({ price, quantity }) => [formatDecimal(price), formatDecimal(quantity)]);
}
