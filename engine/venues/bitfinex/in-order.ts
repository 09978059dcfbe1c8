// Decodes book frames written as Bitfinex writes them, four bytes at a time. Hot path.
//
//   [232957,[60400,1,0.68826974],18]     [232957,[[60400,1,0.68826974],…,[60406,2,-1.5]],18]
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word. So does a frame of a
// channel that is no book with a snapshot to stand on, and one that does not follow the last frame of the connection.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { type ConnectionSequence, HAS_BOOK } from '../../decode/connection-sequence.ts';
import { scanState } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { fourDigits, integerAt } from '../../decode/words.ts';
import { type BookPayload, writeBookHead } from './book.ts';
import { type Channel, type ChannelTable, Kind } from './channels.ts';
import { frameField } from './fields.ts';
import type { Tail } from './tail.ts';

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const MINUS = 0x2d;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const DIGITS_MAX = 9;
/** `[1,[1,1,1],1]`. */
const FRAME_BYTES_MIN = 13;

const POWERS = Float64Array.from({ length: 19 }, (_, exponent) => Number(`1e${exponent}`));
const INT_POWERS = Int32Array.from({ length: 10 }, (_, exponent) => 10 ** exponent);

export class InOrderBooks {
  private readonly sink: RecordSink;
  private readonly book: BookPayload;
  private readonly tail: Tail;
  private readonly channels: ChannelTable;
  private readonly sequence: ConnectionSequence;
  /** Of the number read last: digits before its point, behind it, and how many those are. */
  private whole = 0;
  private fraction = 0;
  private decimals = 0;
  private levels = 0;
  /** Where the comma behind the payload stands. */
  private payloadEnd = 0;

  constructor(sink: RecordSink, book: BookPayload, tail: Tail, channels: ChannelTable, sequence: ConnectionSequence) {
    this.sink = sink;
    this.book = book;
    this.tail = tail;
    this.channels = channels;
    this.sequence = sequence;
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    if (end - from < FRAME_BYTES_MIN || view.getUint8(from) !== OPEN || view.getUint8(end - 1) !== CLOSE) return 0;
    const at = integerAt(view, from + 1, last, this.tail.values, frameField.channelId);
    if (at === 0 || at >= last || view.getUint8(at) !== COMMA || view.getUint8(at + 1) !== OPEN) return 0;
    const index = this.channels.find(this.tail.values, frameField.channelId);
    if (index < 0 || !this.readSequence(view, at, end - 1)) return 0;
    const channel = this.channels.channel(index);
    if (channel.kind !== Kind.book || channel.market < 0 || channel.owesGap) return 0;
    if (!this.sequence.isNext(this.tail.values, frameField.sequence)) return 0;
    return this.change(view, at + 1, last, channel);
  }

  /** The number behind the payload, from the frame's end: `],18]`. */
  private readSequence(view: DataView, from: number, close: number): boolean {
    let sequence = 0;
    let position = close - 1;
    let digit = view.getUint8(position) - ZERO;
    for (let power = 0; digit >= 0 && digit <= 9 && power < DIGITS_MAX; power++) {
      sequence += digit * INT_POWERS[power];
      digit = view.getUint8(--position) - ZERO;
    }
    if (position === close - 1 || digit !== COMMA - ZERO || position <= from) return false;
    if (view.getUint8(position + 1) === ZERO || view.getUint8(position - 1) !== CLOSE) return false;
    this.payloadEnd = position;
    this.tail.hasSequence = true;
    this.tail.values[frameField.sequence] = sequence;
    this.tail.values[frameField.timeUs] = 0;
    return true;
  }

  private change(view: DataView, at: number, last: number, channel: Channel): number {
    const { sink, tail } = this;
    const { market } = channel;
    const head = sink.claim(market, RecordType.bookChange);
    if (head < 0) return head;
    this.levels = 0;
    const isSnapshot = view.getUint8(at + 1) === OPEN;
    const after = isSnapshot ? this.rows(view, at + 1, last, market) : this.row(view, at, last, market);
    if (after <= 0) return after;
    if (after !== this.payloadEnd) return 0;
    writeBookHead(sink, tail, head, isSnapshot ? ChangeFlag.snapshot : 0, this.levels, channel.depth);
    if (isSnapshot) this.acceptSnapshot(channel);
    else this.sequence.acceptNext(tail.values, frameField.sequence);
    return FrameResult.applied;
  }

  private acceptSnapshot(channel: Channel): void {
    channel.hasSnapshot = true;
    scanState.sawEscape = false;
    this.sequence.begin();
    this.sequence.follow(this.tail.values, frameField.sequence);
    this.sequence.addMarket(channel.market, HAS_BOOK);
    this.sequence.finish(FrameResult.applied);
  }

  /** From the first row's bracket to behind the list's. */
  private rows(view: DataView, at: number, last: number, market: number): number {
    let position = at;
    for (;;) {
      const after = this.row(view, position, last, market);
      if (after <= 0) return after;
      if (after >= last) return 0;
      const byte = view.getUint8(after);
      if (byte === CLOSE) return after + 1;
      if (byte !== COMMA || view.getUint8(after + 1) !== OPEN) return 0;
      position = after + 1;
    }
  }

  /** `[price,count,amount]`; the offset behind it, 0 or a negative FrameResult. */
  private row(view: DataView, at: number, last: number, market: number): number {
    const slot = this.sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    this.levels++;
    const plain = this.plainRow(view, at, last, slot);
    return plain > 0 ? plain : this.anyRow(view, at, last, slot);
  }

  /** Among many plain rows one with an exponent or a float's tail: read as any JSON. */
  private anyRow(view: DataView, at: number, last: number, slot: number): number {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, last + 4 - at);
    const after = this.book.readRow(bytes, 0, bytes.length, slot);
    return after < 0 ? 0 : at + after;
  }

  private plainRow(view: DataView, at: number, last: number, slot: number): number {
    let position = this.number(view, at + 1, last);
    if (position === 0 || view.getUint8(position) !== COMMA || (this.whole | this.fraction) === 0) return 0;
    const { f64, u8 } = this.sink;
    const base = slot * SLOT_F64;
    u8[slot * SLOT_BYTES + level.at.priceDecimals] = this.decimals;
    this.write(f64, base + level.at.priceMilli);
    const isGone = view.getUint8(position + 1) === ZERO && view.getUint8(position + 2) === COMMA;
    position = this.count(view, position + 1, last);
    if (position === 0) return 0;
    const isAsk = view.getUint8(position) === MINUS;
    position = this.number(view, isAsk ? position + 1 : position, last);
    if (position === 0 || view.getUint8(position) !== CLOSE || (this.whole | this.fraction) === 0) return 0;
    if (isGone) {
      this.whole = 0;
      this.fraction = 0;
      this.decimals = 0;
    }
    u8[slot * SLOT_BYTES + level.at.flags] = isAsk ? LevelFlag.ask : 0;
    u8[slot * SLOT_BYTES + level.at.quantityDecimals] = this.decimals;
    this.write(f64, base + level.at.quantityMilli);
    return position + 1;
  }

  /** Passes the count and its comma. */
  private count(view: DataView, at: number, last: number): number {
    let position = at;
    let byte = view.getUint8(position);
    while (byte >= ZERO && byte <= NINE && position < last) byte = view.getUint8(++position);
    const digits = position - at;
    if (digits === 0 || digits > DIGITS_MAX || byte !== COMMA) return 0;
    return digits > 1 && view.getUint8(at) === ZERO ? 0 : position + 1;
  }

  /** A number of up to nine digits before and nine behind its point; the offset behind it, at most `last`. */
  private number(view: DataView, at: number, last: number): number {
    let position = at;
    if (position > last) return 0;
    let whole = 0;
    const four = fourDigits(view.getInt32(position, true));
    if (four >= 0) {
      whole = four;
      position += 4;
    }
    let byte = 0;
    for (; position <= last; position++) {
      byte = view.getUint8(position);
      if (byte < ZERO || byte > NINE) break;
      whole = (whole * 10 + (byte - ZERO)) | 0;
    }
    const digits = position - at;
    if (digits === 0 || digits > DIGITS_MAX || position > last) return 0;
    if (digits > 1 && view.getUint8(at) === ZERO) return 0;
    this.whole = whole;
    this.fraction = 0;
    this.decimals = 0;
    return byte === POINT ? this.behindPoint(view, position + 1, last) : position;
  }

  private behindPoint(view: DataView, at: number, last: number): number {
    let position = at;
    let fraction = 0;
    while (position <= last) {
      const four = fourDigits(view.getInt32(position, true));
      if (four < 0) break;
      fraction = (fraction * 10_000 + four) | 0;
      position += 4;
      if (position - at > DIGITS_MAX) return 0;
    }
    for (; position <= last; position++) {
      const byte = view.getUint8(position);
      if (byte < ZERO || byte > NINE) break;
      fraction = (fraction * 10 + (byte - ZERO)) | 0;
    }
    const decimals = position - at;
    if (decimals === 0 || decimals > DIGITS_MAX || position > last) return 0;
    this.fraction = fraction;
    this.decimals = decimals;
    return position;
  }

  /** The number read last as milli and atto. */
  private write(f64: Float64Array, index: number): void {
    const { whole, fraction, decimals } = this;
    if (decimals <= 3) {
      f64[index] = whole * 1000 + fraction * INT_POWERS[3 - decimals];
      f64[index + 1] = 0;
      return;
    }
    const power = INT_POWERS[decimals - 3];
    const milli = (fraction / power) | 0;
    f64[index] = whole * 1000 + milli;
    f64[index + 1] = (fraction - milli * power) * POWERS[18 - decimals];
  }
}
