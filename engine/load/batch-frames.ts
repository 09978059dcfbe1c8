// Makes FlatBuffers batches: each frame's bytes are built once by the schema's generated code, then numbers are written in place.
// Hot path.

import { Builder, ByteBuffer } from 'flatbuffers';
import { Batch } from '../../schemas/generated/wire/batch.ts';
import { Level } from '../../schemas/generated/wire/level.ts';
import { Trade } from '../../schemas/generated/wire/trade.ts';
import { assert } from '../base/assert.ts';
import { headerBytes, wireFrame, writeHeader } from './frame-socket.ts';
import { LEVELS, LoadMarket } from './load-market.ts';
import { loadSpecs } from './load-specs.ts';
import { TAG_DECIMALS, tagOf } from './protocol.ts';
import { type FrameSource, marketsOf, type SourceParts } from './sources.ts';

/** Doubles of both structs, in their order (wire.fbs). */
const AT_TIME = 0;
const AT_PRICE = 1;
const AT_QUANTITY = 3;
/** The trade's id; in a level two uints lie there. */
const AT_ID = 5;
const F64_BYTES = 8;

const SNAPSHOT_START = 1;
const END_OF_CHANGE = 2;
const ASK = 1;
const MILLI_DECIMALS = 3;
const ATTO_DECIMALS = 18;

/** Bytes of the largest record, with its market's name; and of what a batch has beside records. */
const RECORD_BYTES_MAX = 64 + 128;
const BATCH_BYTES = 512;

/** One update of a prepared frame: its market, and what the schema's uints say of it. */
type Row = { readonly market: number; readonly isTrade: boolean; readonly isSecondSide: boolean };

/** One frame as it was last written; of each update: offset in doubles, market, 1 for a trade, 1 for a buy or an ask. */
type Prepared = {
  readonly bytes: Uint8Array;
  readonly f64: Float64Array;
  readonly places: Int32Array;
  readonly markets: Uint16Array;
  readonly isTrade: Uint8Array;
  readonly isSecondSide: Uint8Array;
};

/** What a number of a market's decimals is multiplied and divided by: raising to a power for each would be dear. */
class DecimalScale {
  /** Units in a milli, or 1 where a unit is more. */
  private readonly unitsPerMilli: number;
  private readonly milliPerUnit: number;
  private readonly attoPerUnit: number;

  constructor(decimals: number) {
    this.unitsPerMilli = 10 ** Math.max(0, decimals - MILLI_DECIMALS);
    this.milliPerUnit = 10 ** Math.max(0, MILLI_DECIMALS - decimals);
    this.attoPerUnit = decimals > MILLI_DECIMALS ? 10 ** (ATTO_DECIMALS - decimals) : 0;
  }

  /** Writes milli and atto. */
  set(f64: Float64Array, at: number, units: number): void {
    const milli = Math.floor(units / this.unitsPerMilli);
    f64[at] = milli * this.milliPerUnit;
    f64[at + 1] = (units - milli * this.unitsPerMilli) * this.attoPerUnit;
  }
}

const TAG_SCALE = new DecimalScale(TAG_DECIMALS);

export class BatchFrames implements FrameSource {
  readonly path = '/ingest/flatbuffers';
  readonly markets: readonly string[];
  readonly frameBytesMax: number;
  frames = 0;
  private readonly parts: SourceParts;
  private readonly books: readonly LoadMarket[];
  /** By the decimals of prices. */
  private readonly scales = Array.from({ length: ATTO_DECIMALS }, (_, decimals) => new DecimalScale(decimals));
  private readonly prepared = new Map<number, Prepared>();

  constructor(parts: SourceParts) {
    const { plan } = parts;
    this.parts = parts;
    const specs = loadSpecs(plan);
    this.books = specs.map((spec) => new LoadMarket(spec));
    this.markets = specs.map(({ symbol }) => `${plan.dialect}:${symbol}`);
    const bytes = BATCH_BYTES + plan.batch * RECORD_BYTES_MAX;
    this.frameBytesMax = bytes + headerBytes(bytes);
  }

  before(connection: number): Uint8Array[] {
    const { plan } = this.parts;
    return marketsOf(plan, connection).map((market) => wireFrame(this.snapshot(market), true));
  }

  write(first: number, dueUs: number, target: Buffer, offset: number): number {
    this.frames++;
    const { plan } = this.parts;
    const prepared = this.frameOf(first);
    for (let i = 0; i < plan.batch; i++) this.set(prepared, i, first + i, dueUs);
    const { bytes } = prepared;
    const at = writeHeader(target, offset, bytes.length, true);
    target.set(bytes, at);
    return at + bytes.length;
  }

  private set(prepared: Prepared, index: number, update: number, dueUs: number): void {
    const { f64 } = prepared;
    const at = prepared.places[index];
    const book = this.books[prepared.markets[index]];
    const scale = this.scales[book.priceDecimals];
    const isSecondSide = prepared.isSecondSide[index] === 1;
    const tag = tagOf(update);
    f64[at + AT_TIME] = dueUs;
    TAG_SCALE.set(f64, at + AT_QUANTITY, tag);
    if (prepared.isTrade[index] === 1) {
      scale.set(f64, at + AT_PRICE, book.tradeTicks(isSecondSide));
      f64[at + AT_ID] = ++book.tradeId;
      return;
    }
    book.changeOne(tag, this.parts.draws.bitsOf(update), !isSecondSide);
    scale.set(f64, at + AT_PRICE, isSecondSide ? book.update.askTicks[0] : book.update.bidTicks[0]);
  }

  private frameOf(first: number): Prepared {
    const key = this.parts.draws.positionOf(first);
    const held = this.prepared.get(key);
    if (held !== undefined) return held;
    const { plan } = this.parts;
    const made = prepare(
      Array.from({ length: plan.batch }, (_, i) => this.rowOf(first + i)),
      this.markets,
    );
    this.prepared.set(key, made);
    return made;
  }

  /** What repeats with the position, so that it can be prepared. */
  private rowOf(update: number): Row {
    const { draws } = this.parts;
    const isSecondSide = (draws.bitsOf(draws.positionOf(update)) & 1) === 1;
    return { market: draws.marketOf(update), isTrade: draws.isTrade(update), isSecondSide };
  }

  /** A batch of one whole book. */
  private snapshot(market: number): Uint8Array {
    const book = this.books[market];
    const levels = [
      ...book.bids().map((level) => ({ level, side: 0 })),
      ...book.asks().map((level) => ({ level, side: ASK })),
    ];
    const builder = new Builder(BATCH_BYTES + 2 * LEVELS * RECORD_BYTES_MAX);
    const names = Batch.createMarketsVector(builder, [builder.createString(this.markets[market])]);
    Batch.startLevelsVector(builder, levels.length);
    const decimal = new Float64Array(4);
    for (let i = levels.length - 1; i >= 0; i--) {
      const [price, quantity] = levels[i].level;
      this.scales[book.priceDecimals].set(decimal, 0, Number(price.replace('.', '')));
      TAG_SCALE.set(decimal, 2, Number(quantity.replace('.', '')));
      const flags = (i === 0 ? SNAPSHOT_START : 0) | (i === levels.length - 1 ? END_OF_CHANGE : 0);
      Level.createLevel(builder, 0, decimal[0], decimal[1], decimal[2], decimal[3], 0, levels[i].side, flags, 0);
    }
    return finish(builder, { names, trades: 0, levels: builder.endVector() });
  }
}

function finish(
  builder: Builder,
  { names, trades, levels }: { readonly names: number; readonly trades: number; readonly levels: number },
): Uint8Array {
  Batch.startBatch(builder);
  Batch.addMarkets(builder, names);
  if (trades !== 0) Batch.addTrades(builder, trades);
  if (levels !== 0) Batch.addLevels(builder, levels);
  builder.finish(Batch.endBatch(builder), 'MRB1');
  return builder.asUint8Array().slice();
}

/** Vectors of structs are written back to front. The numbers are set with each update. */
function build(rows: readonly Row[], names: readonly string[]): Uint8Array {
  const index = new Map<number, number>();
  for (const { market } of rows) if (!index.has(market)) index.set(market, index.size);
  const indexOf = ({ market }: Row): number => index.get(market) ?? 0;
  const builder = new Builder(BATCH_BYTES + rows.length * RECORD_BYTES_MAX);
  const markets = [...index.keys()].map((market) => builder.createString(names[market]));
  const vector = Batch.createMarketsVector(builder, markets);
  const trades = rows.filter(({ isTrade }) => isTrade).reverse();
  const levels = rows.filter(({ isTrade }) => !isTrade).reverse();
  Batch.startTradesVector(builder, trades.length);
  for (const row of trades) Trade.createTrade(builder, 0, 0, 0, 0, 0, 0, indexOf(row), row.isSecondSide ? 1 : 2, 0, 1);
  const tradesAt = builder.endVector();
  Batch.startLevelsVector(builder, levels.length);
  for (const row of levels) {
    Level.createLevel(builder, 0, 0, 0, 0, 0, indexOf(row), row.isSecondSide ? ASK : 0, END_OF_CHANGE, 0);
  }
  return finish(builder, { names: vector, trades: tradesAt, levels: builder.endVector() });
}

function prepare(rows: readonly Row[], names: readonly string[]): Prepared {
  const bytes = build(rows, names);
  const batch = Batch.getRootAsBatch(new ByteBuffer(bytes));
  const places = new Int32Array(rows.length);
  let trades = 0;
  let levels = 0;
  rows.forEach(({ isTrade }, i) => {
    const struct = isTrade ? batch.trades(trades++) : batch.levels(levels++);
    assert(struct !== null && struct.bb_pos % F64_BYTES === 0, 'batch: expected doubles at multiples of eight');
    places[i] = struct.bb_pos / F64_BYTES;
  });
  return {
    bytes,
    f64: new Float64Array(bytes.buffer, 0, Math.floor(bytes.length / F64_BYTES)),
    places,
    markets: Uint16Array.from(rows, ({ market }) => market),
    isTrade: Uint8Array.from(rows, ({ isTrade }) => Number(isTrade)),
    isSecondSide: Uint8Array.from(rows, ({ isSecondSide }) => Number(isSecondSide)),
  };
}
