// Makes a venue's own frames, one for each update, by the venue's simulator; those of fixed width from prepared bytes.

import { assert } from '../base/assert.ts';
import type { Dialogue, FeedChannel } from '../connect/protocol.ts';
import { venueSpecs } from '../simulate/market.ts';
import type { SimVenueState } from '../simulate/protocol.ts';
import { shapeIndex } from './book-shapes.ts';
import { ConnectionNumbers } from './connection-numbers.ts';
import { headerBytes, wireFrame, writeHeader } from './frame-socket.ts';
import { type FrameTemplate, MARK_MS } from './frame-template.ts';
import { LoadMarket } from './load-market.ts';
import { ownSpecs } from './load-specs.ts';
import { LaneSocket, NativeLane, openSession } from './native-lane.ts';
import { hasTemplates, NativeTemplates } from './native-templates.ts';
import { tagOf } from './protocol.ts';
import { type FrameSource, marketsOf, type SourceParts } from './sources.ts';
import { type VenueParts, venueParts } from './venue-frames.ts';

/** A whole pushed book of Hyperliquid has 2 kB; Bitfinex sends two frames for a trade. */
const FRAME_BYTES_MAX = 8_192;
/** Frames without numbers are as good, and what a session numbers would count for each market by itself. */
const GREETING_LEFT_OUT = ['bitfinex'];

/**
 * Levels a side where the venue's session compares its whole window at each change, which costs the generator 0.3 µs a level;
 * the frames of changes are the same.
 */
const DEPTHS: Readonly<Record<string, number>> = { okx: 25, bybit: 25, 'bybit-spot': 25, bitfinex: 25 };

const CHANNELS: readonly FeedChannel[] = ['book', 'trades'];

/** One market with its sessions; the templates are made from them when first needed. */
type Market = {
  readonly market: LoadMarket;
  readonly lanes: Readonly<Record<FeedChannel, NativeLane>>;
  templates: NativeTemplates | null;
};

/** The venue as one market's sessions see it: a tick goes over all its markets. */
class LaneState implements SimVenueState {
  readonly markets: readonly LoadMarket[];
  private readonly clock: { timeMs: number };
  private readonly bySymbol: ReadonlyMap<string, LoadMarket>;

  constructor(markets: readonly LoadMarket[], clock: { timeMs: number }) {
    this.markets = markets;
    this.bySymbol = new Map(markets.map((market) => [market.symbol, market]));
    this.clock = clock;
  }

  market(symbol: string): LoadMarket | null {
    return this.bySymbol.get(symbol) ?? null;
  }

  nowMs(): number {
    return this.clock.timeMs;
  }
}

export class NativeFrames implements FrameSource {
  readonly path: string;
  readonly markets: readonly string[];
  readonly frameBytesMax = 2 * (FRAME_BYTES_MAX + headerBytes(FRAME_BYTES_MAX));
  frames = 0;
  private readonly parts: SourceParts;
  private readonly venue: VenueParts;
  private readonly clock = { timeMs: 0 };
  private readonly all: LaneState;
  private readonly open = new Map<number, Market>();
  private readonly numbers: readonly ConnectionNumbers[];
  private readonly usesTemplates: boolean;

  /** `usesTemplates` is false where only sessions shall write (to compare both). */
  constructor(parts: SourceParts, usesTemplates = true) {
    const { plan } = parts;
    assert(plan.batch === 1, `native frames: expected a batch of 1, was ${plan.batch}`);
    this.parts = parts;
    this.venue = venueParts(plan.dialect);
    this.path = `/ingest/${plan.dialect}`;
    const specs = ownSpecs(plan, (count) => venueSpecs(this.venue.simulated, count));
    const markets = specs.map((spec) => new LoadMarket(spec, DEPTHS[plan.dialect]));
    this.all = new LaneState(markets, this.clock);
    this.markets = markets.map(({ symbol }) => `${plan.dialect}:${symbol}`);
    this.numbers = Array.from({ length: plan.connections }, () => new ConnectionNumbers(plan.dialect));
    this.usesTemplates = usesTemplates && hasTemplates(plan.dialect);
    if (this.venue.connector.furtherListings !== undefined) this.readListings();
  }

  /** Where markets are of several kinds, the connector knows them by the lists. */
  private readListings(): void {
    const { connector, simulated } = this.venue;
    for (const request of [connector.listing(), ...(connector.furtherListings?.() ?? [])]) {
      const [path, query = ''] = request.path.split('?');
      const { method, body = '' } = request;
      const answer = simulated.rest({ method, path, query: new URLSearchParams(query), body }, this.all);
      assert(answer?.status === 200, `${path}: expected a list of markets`);
      connector.readListing(answer.body);
    }
  }

  before(connection: number, timeUs: number): Uint8Array[] {
    this.clock.timeMs = Math.floor(timeUs / 1000);
    const { plan } = this.parts;
    const { connector, simulated } = this.venue;
    const dialogue = connector.dialogue();
    const texts = this.greet(dialogue);
    for (const index of marketsOf(plan, connection)) {
      const { market, lanes } = this.openMarket(index, simulated.venue === 'bitfinex');
      market.timeMs = this.clock.timeMs;
      for (const channel of CHANNELS) texts.push(...this.subscribe(dialogue, lanes[channel], channel));
    }
    return texts.map((text) => wireFrame(Buffer.from(this.numbers[connection].renumber(text), 'latin1')));
  }

  /** What the venue says on a new connection, and to the connector's greeting. */
  private greet(dialogue: Dialogue): string[] {
    const { connector, simulated } = this.venue;
    const socket = new LaneSocket();
    const session = openSession({ connector, simulated, state: this.all }, socket, connector.path([]));
    if (!GREETING_LEFT_OUT.includes(simulated.venue)) for (const text of dialogue.greet()) session.message(text);
    return socket.take();
  }

  private subscribe(dialogue: Dialogue, lane: NativeLane, channel: FeedChannel): string[] {
    const { connector } = this.venue;
    const subscription = { symbol: lane.market.symbol, channel };
    return lane.subscribe(connector.isInAddress ? [] : dialogue.subscribe([subscription]));
  }

  /** Bitfinex numbers its channels over all markets, so its sessions see them all. */
  private openMarket(index: number, seesAll: boolean): Market {
    const market = this.all.markets[index];
    const state = seesAll ? this.all : new LaneState([market], this.clock);
    const parts = { ...this.venue, state };
    const lanes = { book: new NativeLane(parts, market, 'book'), trades: new NativeLane(parts, market, 'trades') };
    const opened = { market, lanes, templates: null };
    this.open.set(index, opened);
    return opened;
  }

  write(first: number, dueUs: number, target: Buffer, offset: number): number {
    const { draws } = this.parts;
    const index = draws.marketOf(first);
    const opened = this.open.get(index);
    assert(opened !== undefined, `${this.markets[index]}: expected its connection to be open`);
    const timeMs = Math.floor(dueUs / 1000);
    this.clock.timeMs = timeMs;
    opened.market.timeMs = timeMs;
    if (this.usesTemplates) return this.writeBytes(this.template(opened, first, dueUs), target, offset);
    let at = offset;
    const numbers = this.numbers[draws.connectionOf(first)];
    for (const text of this.texts(opened, first)) at = this.writeText(numbers.renumber(text), target, at);
    assert(at > offset, `${this.markets[index]}: expected a frame of update ${first}`);
    return at;
  }

  /** By the session. */
  private texts({ market, lanes }: Market, update: number): string[] {
    const { draws } = this.parts;
    const tag = tagOf(update);
    const bits = draws.bitsOf(update);
    const isSecondSide = (bits & 1) === 1;
    if (draws.isTrade(update)) {
      return lanes.trades.trade(++market.tradeId, market.tradeTicks(isSecondSide), tag, isSecondSide ? 'buy' : 'sell');
    }
    if (this.venue.simulated.changesOneLevel === true) market.changeOne(tag, bits, isSecondSide);
    else market.change(tag, bits);
    return lanes.book.change();
  }

  /** By prepared bytes. */
  private template(opened: Market, update: number, dueUs: number): FrameTemplate {
    const { draws } = this.parts;
    const { market } = opened;
    opened.templates ??= new NativeTemplates({ market, lanes: opened.lanes, atMark: this.atMark });
    const bits = draws.bitsOf(update);
    if (draws.isTrade(update)) {
      const template = opened.templates.trade((bits & 1) === 1);
      template.set(++market.tradeId, market.tradeTicks((bits & 1) === 1), tagOf(update), dueUs);
      return template;
    }
    market.change(tagOf(update), bits);
    const template = opened.templates.book(shapeIndex(market.update));
    template.set(market.update, dueUs);
    return template;
  }

  private readonly atMark = (make: () => string): string => {
    const { timeMs } = this.clock;
    this.clock.timeMs = MARK_MS;
    const text = make();
    this.clock.timeMs = timeMs;
    return text;
  };

  private writeBytes({ bytes }: FrameTemplate, target: Buffer, offset: number): number {
    this.frames++;
    const at = writeHeader(target, offset, bytes.length, false);
    target.set(bytes, at);
    return at + bytes.length;
  }

  private writeText(text: string, target: Buffer, offset: number): number {
    assert(text.length <= FRAME_BYTES_MAX, `expected frames up to ${FRAME_BYTES_MAX} bytes, was ${text.length}`);
    this.frames++;
    const at = writeHeader(target, offset, text.length, false);
    return at + target.write(text, at, 'latin1');
  }
}
