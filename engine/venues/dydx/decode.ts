// Decodes the messages of one dYdX v4 indexer connection: the envelope, its number, and who reads the contents. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets" (2026-04), and server source (2026-03); venues.md §5; docs/venues/dydx.md.

import { FrameResult } from '../../../schemas/ids.ts';
import { venueRule } from '../../../schemas/venue-rules.ts';
import { assert } from '../../base/assert.ts';
import { BackfillEnvelope, KEY_BACKFILL } from '../../decode/backfill.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import {
  documentEnd,
  integerNumber,
  keyBytes,
  matches,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  scanState,
  skipSpace,
  skipValue,
} from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { refusal, textEnd } from '../../decode/walk.ts';
import { BookContents } from './book.ts';
import { CandleContents } from './candles.ts';
import { Channel, channelOf, Kind, kindOf, resolutionMs } from './channels.ts';
import { ConnectionMarkets, HAS_BOOK } from './connection-markets.ts';
import type { Contents } from './contents.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { BookInOrder } from './in-order.ts';
import { MarketContents } from './markets.ts';
import { Follow, MessageCounter } from './sequence.ts';
import { TradeContents } from './trades.ts';

const { connectionField } = venueRule('dydx');
assert(connectionField !== null, 'dydx: expected the rule to name the counter of the connection');
const KEY_NUMBER = keyBytes(connectionField);
const KEY_TYPE = keyBytes('type');
const KEY_CONNECTION = keyBytes('connection_id');
const KEY_CHANNEL = keyBytes('channel');
const KEY_ID = keyBytes('id');
const KEY_CONTENTS = keyBytes('contents');

const HAS_TYPE = 1;
const HAS_CONNECTION = 2;
const HAS_NUMBER = 4;
const HAS_CHANNEL = 8;
const HAS_ID = 16;
const HAS_CONTENTS = 32;
const HAS_BACKFILL = 64;
/** What must have come for the contents to be read in passing; those of `v4_markets` have no id. */
const BEFORE_CONTENTS = HAS_TYPE | HAS_CONNECTION | HAS_NUMBER | HAS_CHANNEL;

const SLASH = 0x2f;

export class DydxDecoder extends ObjectReader implements FrameDecoder {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly markets: ConnectionMarkets;
  private readonly counter: MessageCounter;
  private readonly inOrder: BookInOrder;
  private readonly book: BookContents;
  private readonly trades: TradeContents;
  private readonly candles: CandleContents;
  private readonly derivatives: MarketContents;
  private readonly envelope = new BackfillEnvelope();
  private kind: number = Kind.unknown;
  private channel: number = Channel.unknown;
  private idFrom = 0;
  private idTo = 0;
  /** Where the contents lie if they came before what they need; 0 is nowhere. */
  private contentsAt = 0;
  private hasFollowed = false;
  private followed: number = Follow.inOrder;

  constructor(sink: RecordSink, _venue: string) {
    super();
    this.sink = sink;
    this.markets = new ConnectionMarkets(sink);
    this.counter = new MessageCounter(sink, this.markets);
    this.inOrder = new BookInOrder(sink, this.counter, this.markets);
    this.book = new BookContents(sink);
    this.trades = new TradeContents(sink);
    this.candles = new CandleContents(sink);
    this.derivatives = new MarketContents(sink);
  }

  /** Repeats left out whole: they leave no record. */
  get duplicates(): number {
    return this.counter.duplicates;
  }

  /** Times that messages of the connection were lost. */
  get gaps(): number {
    return this.counter.gaps;
  }

  sent(text: string): void {
    this.counter.sent(text);
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    // What the frame before had says nothing of this one, which has no escape.
    scanState.sawEscape = false;
    this.markets.begin();
    this.counter.begin();
    const result = this.inOrder.decode(view, from, end);
    if (result !== 0) this.counter.finish(result);
    return result;
  }

  decode(bytes: Uint8Array, end: number): number {
    this.markets.begin();
    this.counter.begin();
    const read = this.message(bytes, end);
    // The refusal first: it finds every escape, and whether the session will decode the message once more.
    const result = read < 0 ? refusal(bytes, end, read) : read;
    this.counter.finish(result);
    return result;
  }

  private message(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] !== OPEN_OBJECT) return notAnObject(bytes, at, end);
    this.seen = 0;
    this.kind = Kind.unknown;
    this.channel = Channel.unknown;
    this.contentsAt = 0;
    this.hasFollowed = false;
    this.followed = Follow.inOrder;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
    return this.conclude(bytes, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TYPE)) return this.text(HAS_TYPE, bytes, at, end);
    if (matches(bytes, from, to, KEY_CONNECTION)) return this.text(HAS_CONNECTION, bytes, at, end);
    if (matches(bytes, from, to, KEY_NUMBER))
      return this.once(HAS_NUMBER) ? integerNumber(bytes, at, end, this.values, field.messageId) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_CHANNEL)) return this.text(HAS_CHANNEL, bytes, at, end);
    if (matches(bytes, from, to, KEY_CONTENTS))
      return this.once(HAS_CONTENTS) ? this.contents(bytes, at, end) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ID)) return this.text(HAS_ID, bytes, at, end);
    if (!matches(bytes, from, to, KEY_BACKFILL)) return skipValue(bytes, at, end);
    return this.once(HAS_BACKFILL) ? this.envelope.read(bytes, at, end) : FrameResult.shape;
  }

  /** Notes a text of the envelope. The id of a message without a channel is nothing we know. */
  private text(bit: number, bytes: Uint8Array, at: number, end: number): number {
    // A pong repeats the id that its ping had, a number too.
    if (bit === HAS_ID && bytes[at] !== QUOTE) return skipValue(bytes, at, end);
    if (!this.once(bit)) return FrameResult.shape;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    if (bit === HAS_TYPE) this.kind = kindOf(bytes, at + 1, close);
    else if (bit === HAS_CHANNEL) this.channel = channelOf(bytes, at + 1, close);
    else if (bit === HAS_CONNECTION) this.counter.noteId(bytes, at + 1, close);
    else {
      this.idFrom = at + 1;
      this.idTo = close;
    }
    return close + 1;
  }

  /** Reads the contents in passing where all they need came before them; else keeps their place for conclude(). */
  private contents(bytes: Uint8Array, at: number, end: number): number {
    const needs = this.channel === Channel.markets ? BEFORE_CONTENTS : BEFORE_CONTENTS | HAS_ID;
    if ((this.seen & needs) === needs && this.hasContents) return this.readContents(bytes, at, end);
    this.contentsAt = at;
    return skipValue(bytes, at, end);
  }

  private get hasContents(): boolean {
    return this.kind === Kind.data || this.kind === Kind.batch || this.kind === Kind.subscribed;
  }

  private readContents(bytes: Uint8Array, at: number, end: number): number {
    const followed = this.follow();
    if (followed < 0) return followed;
    if (followed === Follow.old || this.channel < Channel.book) return skipValue(bytes, at, end);
    if (this.channel === Channel.markets) return this.read(this.derivatives, bytes, at, end, 0);
    const to = this.channel === Channel.candles ? this.candleId(bytes) : this.idTo;
    const market = this.sink.market(bytes, this.idFrom, to);
    if (market < 0) return market;
    if (this.channel === Channel.candles) return this.read(this.candles, bytes, at, end, market);
    const isBook = this.channel === Channel.book;
    const after = this.read(isBook ? this.book : this.trades, bytes, at, end, market);
    this.markets.add(market, isBook && this.kind === Kind.subscribed ? HAS_BOOK : 0);
    return after;
  }

  private read(contents: Contents, bytes: Uint8Array, at: number, end: number, market: number): number {
    contents.prepare(market, this.kind === Kind.subscribed, this.values);
    return this.kind === Kind.batch ? contents.batch(bytes, at, end) : contents.one(bytes, at, end);
  }

  /** `BTC-USD/1MIN`: sets the candles' length and returns where the market's name ends. */
  private candleId(bytes: Uint8Array): number {
    let slash = this.idTo;
    for (let i = this.idFrom; i < this.idTo; i++) if (bytes[i] === SLASH) slash = i;
    this.candles.setInterval(slash === this.idTo ? 0 : resolutionMs(bytes, slash + 1, this.idTo));
    return slash;
  }

  private follow(): number {
    this.hasFollowed = true;
    this.followed = this.counter.follow(this.kind, this.values);
    return this.followed;
  }

  private conclude(bytes: Uint8Array, end: number): number {
    const { seen } = this;
    if ((seen & HAS_BACKFILL) !== 0) return this.backfill(bytes, end);
    if ((seen & HAS_TYPE) === 0) return FrameResult.unknown;
    if (this.kind === Kind.pong) return FrameResult.control;
    // An unknown type may be one without a number.
    if ((seen & HAS_NUMBER) === 0) return this.kind === Kind.unknown ? FrameResult.unknown : FrameResult.missingField;
    if (this.hasContents) {
      const read = this.concludeContents(bytes, end);
      if (read < 0) return read;
    }
    if (!this.hasFollowed) {
      const followed = this.follow();
      if (followed < 0) return followed;
    }
    return this.result();
  }

  private concludeContents(bytes: Uint8Array, end: number): number {
    const { seen, channel } = this;
    if ((seen & HAS_CHANNEL) === 0) return FrameResult.missingField;
    if (channel < Channel.book) return 1;
    const needsId = channel !== Channel.markets;
    if ((seen & HAS_CONTENTS) === 0 || (needsId && (seen & HAS_ID) === 0)) return FrameResult.missingField;
    return this.contentsAt === 0 ? 1 : this.readContents(bytes, this.contentsAt, end);
  }

  /**
   * `subscribed` is an answer to a request, whatever it carries, and is told as such: its records are kept. So are the gap
   * records of messages that carry nothing.
   */
  private result(): number {
    if (this.kind === Kind.unknown) return FrameResult.unknown;
    if (!this.hasContents) return FrameResult.control;
    if (this.channel === Channel.unknown) return FrameResult.unknown;
    const isData = this.kind !== Kind.subscribed && this.channel !== Channel.blockHeight;
    return isData ? FrameResult.applied : FrameResult.control;
  }

  /** Trades asked for again by REST. */
  private backfill(bytes: Uint8Array, end: number): number {
    const { symbolFrom, symbolTo, tradesAt } = this.envelope;
    const market = this.sink.market(bytes, symbolFrom, symbolTo);
    if (market < 0) return market;
    this.trades.prepare(market, true, this.values);
    const after = this.trades.one(bytes, tradesAt, end);
    return after < 0 ? after : FrameResult.applied;
  }
}

/** A list or a plain value: JSON of a kind not known; or no JSON. */
function notAnObject(bytes: Uint8Array, at: number, end: number): number {
  const after = skipValue(bytes, at, end);
  if (after < 0) return after;
  if (documentEnd(bytes, after, end) < 0) return FrameResult.syntax;
  return bytes[at] === OPEN_ARRAY ? FrameResult.unknown : FrameResult.shape;
}
