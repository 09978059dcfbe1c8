// Makes normalised JSON: one message a frame, or an array of `batch` of them. Hot path.

import { isoText } from '../synthetic/text.ts';
import { MARKET_SHAPES, shapeIndex } from './book-shapes.ts';
import { headerBytes, wireFrame, writeHeader } from './frame-socket.ts';
import {
  ASK_MARKS,
  BID_MARKS,
  BookTemplate,
  type FrameTemplate,
  MARK_ID,
  MARK_ISO,
  markPrice,
  markTag,
  TAG_MARK,
  TradeTemplate,
} from './frame-template.ts';
import { LoadMarket } from './load-market.ts';
import { loadSpecs } from './load-specs.ts';
import { tagOf } from './protocol.ts';
import { type FrameSource, marketsOf, type SourceParts } from './sources.ts';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
/** Longer than any message: symbols and venues are short, four levels are 200 bytes. */
const MESSAGE_BYTES_MAX = 700;
const SIDES = ['sell', 'buy'] as const;

type Level = readonly [price: string, amount: string];

const TIMES = `"timestamp":"${MARK_ISO}","localTimestamp":"${MARK_ISO}"}`;

function levelsText(levels: readonly Level[]): string {
  return `[${levels.map(([price, amount]) => `{"price":"${price}","amount":"${amount}"}`).join(',')}]`;
}

/** The messages of one market, as the normalised JSON of tardis-machine writes them. */
class MarketMessages {
  readonly market: LoadMarket;
  readonly trades: readonly TradeTemplate[];
  readonly books: readonly BookTemplate[];
  private readonly head: string;

  constructor(venue: string, market: LoadMarket) {
    const { priceDigits: digits, priceDecimals: decimals } = market;
    this.market = market;
    this.head = `"exchange":"${venue}","symbol":"${market.symbol}"`;
    const what = `"id":"${MARK_ID}","price":"${markPrice(1, digits, decimals)}","amount":"${markTag(5)}"`;
    this.trades = SIDES.map(
      (side) => new TradeTemplate(`{"type":"trade",${this.head},${what},"side":"${side}",${TIMES}`, digits, decimals),
    );
    this.books = MARKET_SHAPES.map((shape) => {
      const levels = (marks: readonly number[]): Level[] =>
        marks.map((mark) => [markPrice(mark, digits, decimals), markTag(mark + TAG_MARK)]);
      const bids = levels(BID_MARKS.slice(0, shape.bids));
      const asks = levels(ASK_MARKS.slice(0, shape.asks));
      return new BookTemplate(this.bookText(false, bids, asks), shape, digits, decimals);
    });
  }

  private bookText(isSnapshot: boolean, bids: readonly Level[], asks: readonly Level[]): string {
    const sides = `"bids":${levelsText(bids)},"asks":${levelsText(asks)}`;
    return `{"type":"book_change",${this.head},"isSnapshot":${isSnapshot},${sides},${TIMES}`;
  }

  snapshot(timeUs: number): string {
    return this.bookText(true, this.market.bids(), this.market.asks()).replaceAll(MARK_ISO, isoText(timeUs));
  }
}

export class JsonFrames implements FrameSource {
  readonly path = '/ingest/json';
  readonly markets: readonly string[];
  readonly frameBytesMax: number;
  frames = 0;
  private readonly parts: SourceParts;
  /** Made when the market has its first update, or its book is sent. */
  private readonly messages: (MarketMessages | null)[];
  private readonly specs: ReturnType<typeof loadSpecs>;

  constructor(parts: SourceParts) {
    const { plan } = parts;
    this.parts = parts;
    this.specs = loadSpecs(plan);
    this.markets = this.specs.map(({ symbol }) => `${plan.dialect}:${symbol}`);
    this.messages = this.specs.map(() => null);
    this.frameBytesMax = plan.batch * MESSAGE_BYTES_MAX + headerBytes(plan.batch * MESSAGE_BYTES_MAX);
  }

  before(connection: number, timeUs: number): Uint8Array[] {
    const { plan } = this.parts;
    return marketsOf(plan, connection).map((market) => wireFrame(Buffer.from(this.of(market).snapshot(timeUs))));
  }

  write(first: number, dueUs: number, target: Buffer, offset: number): number {
    this.frames++;
    const { batch } = this.parts.plan;
    return batch === 1 ? this.single(first, dueUs, target, offset) : this.many(first, batch, dueUs, target, offset);
  }

  private single(update: number, dueUs: number, target: Buffer, offset: number): number {
    const { bytes } = this.message(update, dueUs);
    const at = writeHeader(target, offset, bytes.length, false);
    target.set(bytes, at);
    return at + bytes.length;
  }

  /** The array is written where its header would end if it were long, and the header then right before it. */
  private many(first: number, batch: number, dueUs: number, target: Buffer, offset: number): number {
    const from = offset + headerBytes(Number.MAX_SAFE_INTEGER);
    let at = from;
    target[at++] = OPEN;
    for (let update = first; update < first + batch; update++) {
      if (update > first) target[at++] = COMMA;
      const { bytes } = this.message(update, dueUs);
      target.set(bytes, at);
      at += bytes.length;
    }
    target[at++] = CLOSE;
    const payload = writeHeader(target, offset, at - from, false);
    target.copyWithin(payload, from, at);
    return payload + at - from;
  }

  private message(update: number, dueUs: number): FrameTemplate {
    const { draws } = this.parts;
    const { market, trades, books } = this.of(draws.marketOf(update));
    const bits = draws.bitsOf(update);
    if (draws.isTrade(update)) {
      const isBuy = (bits & 1) === 1;
      const template = trades[bits & 1];
      template.set(++market.tradeId, market.tradeTicks(isBuy), tagOf(update), dueUs);
      return template;
    }
    market.change(tagOf(update), bits);
    const template = books[shapeIndex(market.update)];
    template.set(market.update, dueUs);
    return template;
  }

  private of(market: number): MarketMessages {
    const held = this.messages[market];
    if (held !== null) return held;
    const made = new MarketMessages(this.parts.plan.dialect, new LoadMarket(this.specs[market]));
    this.messages[market] = made;
    return made;
  }
}
