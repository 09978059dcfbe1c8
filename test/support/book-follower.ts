// The engine's decoders, books and trade filters of one recording in one thread, without rings, bars or signals; it can
// be forked, so that a test can try what would have come of other frames at any place.

import { scanState } from '../../engine/decode/scan.ts';
import type { FrameDecoder } from '../../engine/decode/sink.ts';
import { unescapeFrame } from '../../engine/decode/unescape.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { MARKET_COUNTER_COLUMNS, type MarketCounterName, marketCounter } from '../../schemas/counters.ts';
import { type Dialect, FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import { bookChange, gap } from '../../schemas/market-data.ts';
import { Continuity, type VenueRule, venueRule } from '../../schemas/venue-rules.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { BOOK_CHECKSUMS } from '../../workers/book/checksum.ts';
import { type Ladder, LEVEL_STRIDE } from '../../workers/book/ladder.ts';
import { MarketBook } from '../../workers/book/market-book.ts';
import { SnapshotStage } from '../../workers/book/snapshot-stage.ts';
import { CollectingSink } from './collecting-sink.ts';

/** Room for a Coinbase snapshot of 46,000 levels. */
const FRAME_SLOTS = 65_536;

type Viewed = { new (buffer: ArrayBufferLike, offset: number, length: number): unknown };

/**
 * A deep copy with private fields and prototypes, in which two names of one object stay two names of one. What is in
 * `shared` is not copied. A function among the fields would still belong to the original, so it is refused.
 */
function cloned<T>(value: T, shared: ReadonlySet<unknown>, copies: Map<unknown, unknown>): T {
  if (shared.has(value)) return value;
  if (typeof value === 'function') throw new Error(`cloned: expected no function of its own, was ${value.name}`);
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const copy = emptyCopy(value, shared, copies);
  copies.set(value, copy);
  if (value instanceof Map) {
    for (const [key, entry] of value) (copy as Map<unknown, unknown>).set(key, cloned(entry, shared, copies));
  } else if (!ArrayBuffer.isView(value) && !isBuffer(value)) {
    for (const key of Object.keys(value)) Reflect.set(copy, key, cloned(Reflect.get(value, key), shared, copies));
  }
  return copy as T;
}

function isBuffer(value: unknown): value is ArrayBufferLike {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function emptyCopy(value: object, shared: ReadonlySet<unknown>, copies: Map<unknown, unknown>): object {
  if (isBuffer(value)) return value.slice(0);
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const length = value instanceof DataView ? byteLength : (value as Uint8Array).length;
    return new (value.constructor as Viewed)(cloned(buffer, shared, copies), byteOffset, length) as object;
  }
  if (value instanceof Map) return new Map();
  return Array.isArray(value) ? [] : (Object.create(Object.getPrototypeOf(value) as object) as object);
}

/** One connection: its decoder, and the sink that holds the records of its last frame. */
type Connection = { readonly sink: CollectingSink; readonly decoder: FrameDecoder };

/** What is kept of one market. `row` is its row of the market counters; `accepted` counts its trade records. */
export type FollowedMarket = {
  readonly row: Float64Array;
  readonly book: MarketBook;
  readonly filter: TradeFilter;
  readonly accepted: { count: number };
};

/** Whether two books hold the same levels in the same numbers; nothing is copied, since some hold 46,000. */
export function haveSameLevels(a: FollowedMarket, b: FollowedMarket): boolean {
  return isSameSide(a.book.bids, b.book.bids) && isSameSide(a.book.asks, b.book.asks);
}

function isSameSide(a: Ladder, b: Ladder): boolean {
  if (a.count !== b.count) return false;
  for (let rank = 0; rank < a.count; rank++) {
    const at = a.offsetOf(rank);
    const other = b.offsetOf(rank);
    for (let i = 0; i < LEVEL_STRIDE; i++) if (a.values[at + i] !== b.values[other + i]) return false;
  }
  return true;
}

export function countOf({ row }: FollowedMarket, name: MarketCounterName): number {
  return row[marketCounter[name]];
}

export type FollowerOptions = {
  /** Markets of other names are left out; null follows all. */
  readonly only?: string | null;
  readonly stage?: SnapshotStage;
  /** Looks at no number and no checksum: what a test must catch. */
  readonly isCareless?: boolean;
  /** Room for the records of one frame, where no frame is as large as the largest. */
  readonly frameSlots?: number;
};

export class BookFollower {
  readonly venue: Dialect;
  /** By name without the venue. */
  readonly markets = new Map<string, FollowedMarket>();
  readonly connections = new Map<string, Connection>();
  private readonly only: string | null;
  private readonly stage: SnapshotStage;
  private readonly isCareless: boolean;
  private readonly frameSlots: number;
  private readonly rule: VenueRule;
  private changing: MarketBook | null = null;
  private levelsLeft = 0;

  constructor(venue: Dialect, options: FollowerOptions = {}) {
    const { only = null, stage = new SnapshotStage(), isCareless = false, frameSlots = FRAME_SLOTS } = options;
    this.venue = venue;
    this.only = only;
    this.stage = stage;
    this.isCareless = isCareless;
    this.frameSlots = frameSlots;
    const rule = venueRule(venue);
    this.rule = isCareless ? { ...rule, continuity: Continuity.none, checksum: null } : rule;
  }

  /** A follower in the same state, which goes its own way; with `only`, of that market and its connections. */
  fork(only: string | null = null): BookFollower {
    const { stage, isCareless, frameSlots } = this;
    const copy = new BookFollower(this.venue, { only, stage, isCareless, frameSlots });
    const shared = new Set<unknown>([this.stage, ...Object.values(BOOK_CHECKSUMS)]);
    for (const { sink } of this.connections.values()) shared.add(sink);
    const copies = new Map<unknown, unknown>();
    for (const [name, connection] of this.connections) copy.connections.set(name, cloned(connection, shared, copies));
    for (const [name, market] of this.markets) {
      if (only === null || name === only) copy.markets.set(name, cloned(market, shared, copies));
    }
    return copy;
  }

  /** A connection is made anew: it remembers nothing. */
  open(name: string): void {
    const venue: string = this.venue;
    const sink = new CollectingSink(venue, this.frameSlots);
    this.connections.set(name, { sink, decoder: DECODERS[this.venue](sink, venue) });
  }

  connection(name: string): Connection {
    if (!this.connections.has(name)) this.open(name);
    return this.connections.get(name) as Connection;
  }

  market(name: string): FollowedMarket {
    const held = this.markets.get(name);
    if (held !== undefined) return held;
    const row = new Float64Array(MARKET_COUNTER_COLUMNS);
    const { rule, stage } = this;
    const book = new MarketBook(rule, row, stage);
    const made = { row, book, filter: new TradeFilter(rule, row), accepted: { count: 0 } };
    this.markets.set(name, made);
    return made;
  }

  /** Decodes one frame as a session does and applies its records. Returns its FrameResult. */
  take(text: string, connectionName: string): number {
    const connection = this.connection(connectionName);
    const result = decode(connection, Buffer.from(text, 'utf8'));
    if (result > 0) this.apply(connection.sink);
    return result;
  }

  private apply(sink: CollectingSink): void {
    const { u8, u16, u32, f64 } = sink;
    for (let slot = 0; slot < sink.slots; slot++) {
      const name = sink.markets[u16[slot * SLOT_U16 + bookChange.at.market]].slice(this.venue.length + 1);
      if (this.only !== null && name !== this.only) continue;
      const type = u8[slot * SLOT_BYTES];
      if (type === RecordType.bookChange) this.begin(this.market(name).book, sink, slot);
      else if (type === RecordType.level) this.level(sink, slot);
      else if (type === RecordType.trade) {
        const { filter, accepted } = this.market(name);
        if (filter.accept(u8, u32, f64, slot) !== TradeVerdict.leftOut) accepted.count++;
      } else if (type === RecordType.gap) this.lose(this.market(name).book, sink, slot);
    }
  }

  private begin(book: MarketBook, { u8, u32, f64 }: CollectingSink, slot: number): void {
    this.changing = book;
    this.levelsLeft = u32[slot * SLOT_U32 + bookChange.at.count];
    book.begin(u8, u32, f64, slot);
    if (this.levelsLeft === 0) book.end();
  }

  private level({ u8, f64 }: CollectingSink, slot: number): void {
    if (this.changing === null) throw new Error('book follower: expected a change before its level');
    this.changing.level(u8, f64, slot);
    if (--this.levelsLeft === 0) this.changing.end();
  }

  private lose(book: MarketBook, { u8, f64 }: CollectingSink, slot: number): void {
    const reason = u8[slot * SLOT_BYTES + gap.at.flags] as StateReason;
    const at = slot * SLOT_F64;
    if (reason !== StateReason.none && !this.isCareless)
      book.breakBook(reason, f64, at + gap.at.receiveTimeNs, at + gap.at.lost);
  }
}

/** As Session: in words where the decoder can, else byte by byte, and once more without escapes. */
function decode({ sink, decoder }: Connection, bytes: Buffer): number {
  sink.reset();
  if (decoder.decodeInOrder !== undefined) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const result = decoder.decodeInOrder(view, 0, bytes.length);
    if (result !== 0) return result;
    sink.reset();
  }
  scanState.sawEscape = false;
  const result = decoder.decode(bytes, bytes.length);
  if (!scanState.sawEscape || result === FrameResult.syntax) return result;
  sink.reset();
  const plain = new Uint8Array(bytes.length);
  const length = unescapeFrame(bytes, bytes.length, plain);
  return decoder.decode(plain.subarray(0, length), length);
}
