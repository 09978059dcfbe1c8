// A simulated venue and a client of it in one thread, without sockets or waits: the client is the engine's decoders and
// books, driven by the venue's own connector; what the books must be is told by the venue's log of truth.

import type { Dialogue, FeedChannel, Subscription, VenueConnector } from '../../engine/connect/protocol.ts';
import { CONNECTORS } from '../../engine/ingress/connectors.ts';
import { SimulatedMarket, venueSpecs } from '../../engine/simulate/market.ts';
import type {
  PriceLevel,
  SimSession,
  SimSocket,
  SimulatedVenue,
  SimVenueState,
} from '../../engine/simulate/protocol.ts';
import { SIMULATORS } from '../../engine/simulate/simulators.ts';
import { TruthLog } from '../../engine/simulate/truth.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { BookState, DIALECTS, type Dialect, FrameResult } from '../../schemas/ids.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { BookFollower, type FollowedMarket } from '../support/book-follower.ts';
import { levelsOf } from '../unit/workers/book/book-records.ts';

/** Venues that have both a connector and a simulator: all but the normalised dialects. */
export const VENUES: readonly Dialect[] = DIALECTS.filter(
  (venue) => CONNECTORS[venue] !== undefined && SIMULATORS[venue] !== undefined,
);

/** Levels a side that a connector subscribes to; 0 is all. */
export const DEPTHS: Readonly<Partial<Record<Dialect, number>>> = { hyperliquid: 20, kraken: 10 };

const START_MS = Date.UTC(2026, 2, 4, 9, 30);
const TICK_MS = 100;
/** Records of the largest frame: a snapshot of few levels. */
const FRAME_SLOTS = 4_096;

/** A frame of market data, or an answer where `channel` is null. `connection` is the one it came on. */
export type VenueFrame = {
  readonly text: string;
  readonly symbol: string;
  readonly channel: FeedChannel | null;
  readonly connection: string;
};

class Inbox implements SimSocket {
  readonly connection: string;
  private readonly frames: VenueFrame[];

  constructor(connection: string, frames: VenueFrame[]) {
    this.connection = connection;
    this.frames = frames;
  }

  answer(text: string): void {
    this.frames.push({ text, symbol: '', channel: null, connection: this.connection });
  }

  data(symbol: string, channel: FeedChannel, text: string): void {
    this.frames.push({ text, symbol, channel, connection: this.connection });
  }

  ping(): void {}

  close(code: number, reason: string): void {
    throw new Error(`${this.connection}: expected the venue to keep the connection, was closed with ${code} ${reason}`);
  }

  violation(rule: string): void {
    throw new Error(`${this.connection}: expected the venue's limits to be kept, was ${rule}`);
  }
}

export type VenueOptions = { readonly markets: number; readonly seed: number; readonly levels: number };

/** The venue's markets, its clock, and its truth. */
export class QuietVenue implements SimVenueState {
  readonly simulated: SimulatedVenue;
  readonly markets: readonly SimulatedMarket[];
  readonly truth: TruthLog;
  readonly sessions = new Set<SimSession>();
  changes = 0;
  trades = 0;
  private readonly random;
  private timeMs = START_MS;

  constructor(simulated: SimulatedVenue, { markets, seed, levels }: VenueOptions) {
    this.simulated = simulated;
    this.random = seededRandom(seed, 'quiet venue');
    this.markets = venueSpecs(simulated, markets).map(
      (spec) => new SimulatedMarket(spec, seed, START_MS, levels, simulated.changesOneLevel),
    );
    this.truth = new TruthLog(this.markets, null, markets * 4_000);
  }

  market(symbol: string): SimulatedMarket | null {
    return this.markets.find((market) => market.symbol === symbol) ?? null;
  }

  nowMs(): number {
    return this.timeMs;
  }

  rest(path: string, body = ''): string {
    const url = new URL(path, 'http://venue');
    const method = body === '' ? 'GET' : 'POST';
    const answer = this.simulated.rest({ method, path: url.pathname, query: url.searchParams, body }, this);
    if (answer === null || answer.status !== 200) throw new Error(`${path}: expected an answer, was ${answer?.status}`);
    return answer.body;
  }

  /** One event in a market drawn at random. */
  step(stepMs: number): void {
    this.moveTime(stepMs);
    this.stepMarket(this.markets[this.random.integer(this.markets.length)]);
  }

  /** Until changes have shown all trades. */
  settle(): void {
    for (const market of this.markets) while (market.isUnsettled) this.stepMarket(market);
  }

  moveTime(ms: number): void {
    const endMs = this.timeMs + ms;
    while (Math.floor(this.timeMs / TICK_MS) < Math.floor(endMs / TICK_MS)) {
      this.timeMs = (Math.floor(this.timeMs / TICK_MS) + 1) * TICK_MS;
      for (const session of this.sessions) session.tick(this.timeMs);
    }
    this.timeMs = endMs;
  }

  private stepMarket(market: SimulatedMarket): void {
    const event = market.step(this.timeMs);
    if (event.kind === 'trade') {
      this.trades++;
      this.truth.noteTrade(market.symbol, event.trade);
      for (const session of this.sessions) session.trade(market, event.trade);
    } else {
      this.changes++;
      this.truth.noteChange(market.symbol, event.change);
      for (const session of this.sessions) session.change(market, event.change);
    }
  }
}

type Link = { readonly name: string; readonly session: SimSession; readonly dialogue: Dialogue };

/** One link for each group of subscriptions that the venue wants apart. */
export class VenueClient {
  readonly connector: VenueConnector;
  readonly venue: QuietVenue;
  readonly follower: BookFollower;
  readonly isPerConnection: boolean;
  private readonly channels: readonly FeedChannel[];
  private readonly inbox: VenueFrame[] = [];
  private readonly links = new Map<string, Link>();
  private connects = 0;
  /** Frames taken by what they came to. */
  readonly results = { applied: 0, control: 0, refused: 0 };

  constructor(name: Dialect, options: VenueOptions, channels: readonly FeedChannel[] = ['book']) {
    const [connector, simulated] = [CONNECTORS[name]?.(), SIMULATORS[name]?.()];
    if (connector === undefined || simulated === undefined)
      throw new Error(`${name}: expected a venue that can be simulated`);
    this.connector = connector;
    this.venue = new QuietVenue(simulated, options);
    this.follower = new BookFollower(name, { frameSlots: FRAME_SLOTS });
    this.isPerConnection = venueRule(name).connectionField !== null;
    this.channels = channels;
    this.list();
    this.connect();
  }

  get symbols(): string[] {
    return this.venue.markets.map(({ symbol }) => symbol);
  }

  /** Some connectors know of their markets what the list says. */
  private list(): void {
    const { connector } = this;
    const requests = [connector.listing(), ...(connector.furtherListings?.() ?? [])];
    for (const { path, body } of requests) connector.readListing(this.venue.rest(path, body));
  }

  /** Connects anew; books that REST does not bring have their snapshots on the way. */
  connect(): void {
    for (const { session } of this.links.values()) this.venue.sessions.delete(session);
    this.links.clear();
    this.connects++;
    for (const [group, subscriptions] of this.groups()) this.open(`${group}${this.connects}`, group, subscriptions);
  }

  private groups(): Map<string, Subscription[]> {
    const groups = new Map<string, Subscription[]>();
    for (const symbol of this.symbols) {
      for (const channel of this.channels) {
        const group = this.connector.group?.({ symbol, channel }) ?? 'all';
        groups.set(group, [...(groups.get(group) ?? []), { symbol, channel }]);
      }
    }
    return groups;
  }

  private open(name: string, group: string, subscriptions: readonly Subscription[]): void {
    const { connector, venue } = this;
    const url = new URL(connector.path(subscriptions), 'ws://venue');
    const session = venue.simulated.open(new Inbox(name, this.inbox), url.pathname, url.searchParams, venue);
    venue.sessions.add(session);
    const link = { name, session, dialogue: connector.dialogue() };
    this.links.set(group, link);
    this.follower.connections.clear();
    this.follower.open(name);
    for (const text of link.dialogue.greet()) this.send(link, text);
    this.ask(link, subscriptions, true);
  }

  private ask(link: Link, subscriptions: readonly Subscription[], isWanted: boolean): void {
    const { subscriptionsPerMessage: most } = this.connector.limits;
    for (let at = 0; at < subscriptions.length; at += most) {
      const batch = subscriptions.slice(at, at + most);
      const texts = isWanted ? link.dialogue.subscribe(batch) : link.dialogue.unsubscribe(batch);
      for (const text of texts) this.send(link, text);
    }
  }

  private send(link: Link, text: string): void {
    this.follower.connection(link.name).decoder.sent?.(text);
    link.session.message(text);
  }

  /** What the venue has sent since the last call, in order. */
  received(): VenueFrame[] {
    return this.inbox.splice(0);
  }

  /** Decodes and applies one frame; frames without data go to the dialogue. */
  take({ text, connection }: VenueFrame): void {
    const result = this.follower.take(text, connection);
    if (result === FrameResult.applied) this.results.applied++;
    else if (result < 0) this.results.refused++;
    else this.results.control++;
    if (result === FrameResult.applied) return;
    const link = [...this.links.values()].find(({ name }) => name === connection);
    for (const notice of link?.dialogue.read(text) ?? []) {
      if (notice.kind === 'reply' && link !== undefined) this.send(link, notice.text);
    }
  }

  takeAll(): void {
    for (const frame of this.received()) this.take(frame);
  }

  /** Does what a feed does for a market that lost its book, and takes what comes of it. */
  resync(symbol: string): void {
    const { connector } = this;
    if (connector.bookSource === 'rest') {
      this.takeSnapshot(symbol);
      return;
    }
    if (this.isPerConnection) this.connect();
    else {
      const link = this.linkOf({ symbol, channel: 'book' });
      this.ask(link, [{ symbol, channel: 'book' }], false);
      this.ask(link, [{ symbol, channel: 'book' }], true);
    }
    this.takeAll();
  }

  private linkOf(subscription: Subscription): Link {
    const link = this.links.get(this.connector.group?.(subscription) ?? 'all');
    if (link === undefined) throw new Error(`${subscription.symbol}: expected a connection`);
    return link;
  }

  private takeSnapshot(symbol: string): void {
    const { connector } = this;
    const request = connector.snapshot?.(symbol);
    if (request === undefined) throw new Error(`${connector.venue}: expected snapshots by REST`);
    const answer = this.venue.rest(request.path, request.body);
    const text = connector.snapshotFrame?.(symbol, answer) ?? '';
    const { name } = this.linkOf({ symbol, channel: 'book' });
    this.take({ text, symbol, channel: 'book', connection: name });
  }

  isLive(symbol: string): boolean {
    return this.market(symbol).book.state === BookState.live;
  }

  market(symbol: string): FollowedMarket {
    return this.follower.market(symbol);
  }

  /** Makes every book live: changes come until each is. `steps` bounds the wait. */
  syncAll(steps: number, stepMs: number): boolean {
    for (let step = 0; step < steps; step++) {
      this.takeAll();
      const lost = this.symbols.filter((symbol) => !this.isLive(symbol));
      if (lost.length === 0) return true;
      // Venues with snapshots by REST join them to changes, others have theirs on the way.
      if (this.connector.bookSource === 'rest') for (const symbol of lost) this.takeSnapshot(symbol);
      this.venue.step(stepMs);
    }
    return this.symbols.every((symbol) => this.isLive(symbol));
  }

  /** The book shown is one that the venue truly had. */
  isTrue(symbol: string): boolean {
    const { book } = this.market(symbol);
    const depth = DEPTHS[this.connector.venue] ?? 0;
    return this.venue.truth.versionOf(symbol, pairs(levelsOf(book.bids)), pairs(levelsOf(book.asks)), depth) !== null;
  }

  /** The book shown is the one that the venue has now. */
  isLatest(symbol: string): boolean {
    const truth = this.venue.truth.book(symbol);
    if (truth === null) return false;
    const depth = DEPTHS[this.connector.venue] ?? Number.POSITIVE_INFINITY;
    const { book } = this.market(symbol);
    return isSame(levelsOf(book.bids), truth.bids, depth) && isSame(levelsOf(book.asks), truth.asks, depth);
  }
}

const pairs = (levels: readonly (readonly string[])[]): PriceLevel[] =>
  levels.map(([price, quantity]) => [price, quantity]);

function isSame(shown: readonly (readonly string[])[], truth: readonly PriceLevel[], depth: number): boolean {
  const wanted = truth.slice(0, depth);
  return (
    shown.length === wanted.length &&
    wanted.every(([price, quantity], rank) => isSameText(shown[rank][0], price) && isSameText(shown[rank][1], quantity))
  );
}

/** Decimal texts of one value; zeros at the end of a fraction do not matter. */
function isSameText(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
