// Decodes v2 book updates written as Kraken writes them, four bytes at a time: members in order, no blanks. Hot path.
//
//   {"channel":"book","type":"update","data":[{"symbol":"ETH/BTC","bids":[{"price":0.031347,"qty":0.00000000},…],"asks":[…],
//    "checksum":2505869009,"timestamp":"2026-08-26T15:16:16.730423Z"}]}
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { IsoMinute } from '../../decode/iso-words.ts';
import { Literal } from '../../decode/literal.ts';
import { numberAt, numberDecimals } from '../../decode/number-words.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { integerAt, textEndAt } from '../../decode/words.ts';
import type { SymbolDepths } from './depths.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { writeHead } from './records.ts';

const HEAD = new Literal('{"channel":"book","type":"update","data":[{"symbol":"');
const BIDS = new Literal('","bids":[');
const ASKS = new Literal(',"asks":[');
const CHECKSUM = new Literal(',"checksum":');
const TIMESTAMP = new Literal(',"timestamp":"');
const PRICE = new Literal('{"price":');
const QUANTITY = new Literal(',"qty":');
const NEXT = new Literal('},{"price":');
const ROWS_END = 0x5d7d; // }]
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const FRAME_BYTES_MIN = 128;
const MARKETS_START = 64;
const NONE = -1;

export class V2InOrder {
  private readonly sink: RecordSink;
  private readonly depths: SymbolDepths;
  private readonly symbols: SymbolMarkets;
  private readonly minute = new IsoMinute();
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  /** Where the symbol of each market stands among those known, which never changes; -1 where it was not met yet. */
  private known = new Int32Array(MARKETS_START).fill(NONE);
  private market = 0;
  private levels = 0;
  private priceDigits = 0;
  private quantityDigits = 0;

  constructor(sink: RecordSink, depths: SymbolDepths) {
    this.sink = sink;
    this.depths = depths;
    this.symbols = new SymbolMarkets(sink);
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN) return 0;
    const symbol = HEAD.first(view, from, last);
    const symbolTo = symbol === 0 ? 0 : textEndAt(view, symbol, last);
    const bids = BIDS.behind(view, symbolTo, last);
    if (bids === 0 || !SymbolMarkets.fits(symbol, symbolTo, last)) return 0;
    this.market = this.symbols.find(view, symbol, symbolTo);
    if (this.market < 0) return 0;
    const entry = this.entryOf(view, symbol, symbolTo);
    this.priceDigits = this.depths.priceDigitsOf(entry);
    this.quantityDigits = this.depths.quantityDigitsOf(entry);
    const result = this.change(view, bids, last, this.depths.updateDepth(entry));
    if (result === FrameResult.applied) this.keep(entry);
    return result;
  }

  private entryOf(view: DataView, from: number, to: number): number {
    const { market, known } = this;
    if (market < known.length && known[market] >= 0) return known[market];
    return this.depths.find(new Uint8Array(view.buffer, view.byteOffset + from, to - from), 0, to - from);
  }

  /** The frame was good, so the market is one for good. */
  private keep(entry: number): void {
    this.symbols.keep();
    if (this.market >= this.known.length) {
      const known = new Int32Array(2 ** Math.ceil(Math.log2(this.market + 1))).fill(NONE);
      known.set(this.known);
      this.known = known;
    }
    this.known[this.market] = entry;
  }

  private change(view: DataView, at: number, last: number, depth: number): number {
    const { values } = this;
    const head = this.sink.claim(this.market, RecordType.bookChange);
    if (head < 0) return head;
    this.levels = 0;
    let position = this.side(view, at, last, 0);
    if (position > 0) position = ASKS.behind(view, position, last);
    if (position > 0) position = this.side(view, position, last, LevelFlag.ask);
    if (position <= 0) return position;
    position = CHECKSUM.behind(view, position, last);
    if (position !== 0) position = integerAt(view, position, last, values, field.checksum);
    position = TIMESTAMP.behind(view, position, last);
    position = this.minute.read(view, position, last, values, field.timeUs);
    if (position === 0 || position !== last + 1 || view.getUint16(position, true) !== ROWS_END) return 0;
    if (view.getUint8(position + 2) !== CLOSE_OBJECT) return 0;
    writeHead(this.sink, head, ChangeFlag.hasChecksum, this.levels, depth, values);
    return FrameResult.applied;
  }

  /** The entries of a list from behind its `[`; returns the offset after its `]`, 0, or a negative FrameResult. */
  private side(view: DataView, at: number, last: number, flags: number): number {
    if (at > last) return 0;
    if (view.getUint8(at) === CLOSE_ARRAY) return at + 1;
    let position = PRICE.behind(view, at, last);
    while (position !== 0) {
      const slot = this.sink.claim(this.market, RecordType.level);
      if (slot < 0) return slot;
      this.levels++;
      position = this.level(view, position, last, slot, flags);
      if (position === 0 || position > last) return 0;
      if (view.getUint16(position, true) === ROWS_END) return position + 2;
      position = NEXT.behind(view, position, last);
    }
    return 0;
  }

  /** From the first digit of the price; returns the offset of the entry's closing bracket, or what stands there. */
  private level(view: DataView, at: number, last: number, slot: number, flags: number): number {
    const { f64, u8 } = this.sink;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    const byteBase = slot * SLOT_BYTES;
    const price = numberAt(view, at, last, f64, base);
    if (price === 0 || (f64[base] === 0 && f64[base + 1] === 0)) return 0;
    u8[byteBase + level.at.flags] = flags;
    u8[byteBase + level.at.priceDecimals] = Math.max(numberDecimals, this.priceDigits);
    const after = numberAt(view, QUANTITY.behind(view, price, last), last, f64, base + 2);
    u8[byteBase + level.at.quantityDecimals] = Math.max(numberDecimals, this.quantityDigits);
    return after;
  }
}
