// Reads a book's data message in the server's own writing, in words: anything else is left to the decoder of any JSON. Hot path.
//
//   {"type":"channel_data","connection_id":"…","message_id":484,"id":"BTC-USD","channel":"v4_orderbook","version":"1.0.0",
//    "contents":{"bids":[["27773","1.986168516"],…],"asks":[…]}}

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { QUOTE } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { decimalAt, decimalsRead, integerAt, textEndAt, wordOf } from '../../decode/words.ts';
import { writeBookHead } from './book.ts';
import { Kind } from './channels.ts';
import type { ConnectionMarkets } from './connection-markets.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { Follow, type MessageCounter } from './sequence.ts';

const WORD = 4;

/** The words of a text, of which the last may overlap the one before; it has four bytes at least. */
function wordsOf(text: string): Int32Array {
  const whole = Math.floor(text.length / WORD);
  const starts = Array.from({ length: whole }, (_, index) => index * WORD);
  return Int32Array.from([...starts, text.length - WORD], (start) => wordOf(text.slice(start, start + WORD)));
}

class Literal {
  readonly length: number;
  private readonly words: Int32Array;

  constructor(text: string) {
    this.length = text.length;
    this.words = wordsOf(text);
  }

  /** The offset behind the text where it stands at `at`, else 0. */
  pass(view: DataView, at: number, end: number): number {
    const { words, length } = this;
    if (at + length > end) return 0;
    const whole = words.length - 1;
    for (let i = 0; i < whole; i++) if (view.getInt32(at + i * WORD, true) !== words[i]) return 0;
    return view.getInt32(at + length - WORD, true) === words[whole] ? at + length : 0;
  }
}

const TYPE = new Literal('{"type":"channel_data","connection_id":"');
const NUMBER = new Literal('","message_id":');
const ID = new Literal(',"id":"');
const CHANNEL = new Literal('","channel":"v4_orderbook","version":"');
const CONTENTS = new Literal('","contents":{"');
const BIDS = wordOf('bids');
const ASKS = wordOf('asks');
const FIRST_ROW = wordOf('":[[');
const NEXT_ROW = wordOf('],["');
/** Two characters as getUint16() reads them. */
const NEXT_TEXT = 0x222c; // ,"
const LAST_ROW = 0x5d5d; // ]]
const LAST_SIDE = 0x7d7d; // }}

export class BookInOrder {
  private readonly sink: RecordSink;
  private readonly counter: MessageCounter;
  private readonly markets: ConnectionMarkets;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private market = 0;
  private count = 0;

  constructor(sink: RecordSink, counter: MessageCounter, markets: ConnectionMarkets) {
    this.sink = sink;
    this.counter = counter;
    this.markets = markets;
  }

  /** A FrameResult, or 0 where view[from..end) is anything else, malformed or a repeat. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - WORD;
    const id = this.numberedId(view, from, end, last);
    if (id === 0) return 0;
    const idEnd = textEndAt(view, id, last);
    const version = idEnd === 0 ? 0 : CHANNEL.pass(view, idEnd, end);
    const versionEnd = version === 0 ? 0 : textEndAt(view, version, last);
    const contents = versionEnd === 0 ? 0 : CONTENTS.pass(view, versionEnd, end);
    if (contents === 0) return 0;
    const followed = this.counter.follow(Kind.data, this.values);
    if (followed <= Follow.old) return followed;
    this.market = this.sink.market(new Uint8Array(view.buffer, view.byteOffset, end), id, idEnd);
    return this.market < 0 ? 0 : this.change(view, contents, end, last);
  }

  /** The offset of the market's name, with the message's number read; or 0. */
  private numberedId(view: DataView, from: number, end: number, last: number): number {
    const connection = TYPE.pass(view, from, end);
    const connectionEnd = connection === 0 ? 0 : this.counter.passSameWords(view, connection, end);
    const number = connectionEnd === 0 ? 0 : NUMBER.pass(view, connectionEnd, end);
    const numberEnd = number === 0 ? 0 : integerAt(view, number, last, this.values, field.messageId);
    return numberEnd === 0 ? 0 : ID.pass(view, numberEnd, end);
  }

  private change(view: DataView, at: number, end: number, last: number): number {
    this.count = 0;
    const headSlot = this.sink.claim(this.market, RecordType.bookChange);
    if (headSlot < 0) return headSlot;
    const read = this.sides(view, at, end, last);
    if (read <= 0) return read;
    writeBookHead(this.sink, headSlot, ChangeFlag.hasSequence, this.count, this.values);
    this.markets.add(this.market, 0);
    return FrameResult.applied;
  }

  /** One side or both, each once, to the end of the message. Returns 1, 0 or a negative FrameResult. */
  private sides(view: DataView, from: number, end: number, last: number): number {
    let position = from;
    let seen = 0;
    for (;;) {
      if (position + 2 * WORD >= end) return 0;
      const name = view.getInt32(position, true);
      const side = name === BIDS ? 1 : name === ASKS ? 2 : 0;
      if (side === 0 || (seen & side) !== 0) return 0;
      seen |= side;
      if (view.getInt32(position + WORD, true) !== FIRST_ROW || view.getUint8(position + 2 * WORD) !== QUOTE) return 0;
      position = this.rows(view, position + 2 * WORD + 1, last, name === ASKS ? LevelFlag.ask : 0);
      if (position <= 0) return position;
      if (position + 2 > end) return 0;
      const next = view.getUint16(position, true);
      if (next === LAST_SIDE) return position + 2 === end ? 1 : 0;
      if (next !== NEXT_TEXT) return 0;
      position += 2;
    }
  }

  /** Rows from the first one's price on; returns the offset behind the list, 0 or a negative FrameResult. */
  private rows(view: DataView, from: number, last: number, flags: number): number {
    let position = from;
    for (;;) {
      const slot = this.sink.claim(this.market, RecordType.level);
      if (slot < 0) return slot;
      position = this.row(view, position, last, slot, flags);
      if (position === 0 || position > last) return 0;
      this.count++;
      if (view.getInt32(position, true) === NEXT_ROW) position += WORD;
      else return view.getUint16(position, true) === LAST_ROW ? position + 2 : 0;
    }
  }

  private row(view: DataView, at: number, last: number, slot: number, flags: number): number {
    const { f64, u8 } = this.sink;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    const price = decimalAt(view, at, last, f64, base);
    if (price === 0 || price > last || (f64[base] === 0 && f64[base + 1] === 0)) return 0;
    u8[slot * SLOT_BYTES + level.at.priceDecimals] = decimalsRead;
    u8[slot * SLOT_BYTES + level.at.flags] = flags;
    if (view.getUint16(price, true) !== NEXT_TEXT) return 0;
    const quantity = decimalAt(view, price + 2, last, f64, base + 2);
    u8[slot * SLOT_BYTES + level.at.quantityDecimals] = decimalsRead;
    return quantity;
  }
}
