// Decodes book updates written as Coinbase writes them, four bytes at a time: members in order, no blanks. Hot path.
//
//   {"channel":"l2_data"[,"client_id":""],"timestamp":"…","sequence_num":48,"events":[{"type":"update","product_id":"ETH-USD",
//    "updates":[{"side":"bid","event_time":"…","price_level":"1679.51","new_quantity":"0.05972024"},…]}]}
//
// Anything else, and anything wrong, returns 0: the decoder that reads any JSON then has the word. So does a message that
// does not follow the last one of the connection.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';
import { type ConnectionSequence, Follow } from '../../decode/connection-sequence.ts';
import { IsoMinute } from '../../decode/iso-words.ts';
import { Literal } from '../../decode/literal.ts';
import { scanState } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { SymbolMarkets } from '../../decode/symbol-markets.ts';
import { decimalAt, decimalsRead, integerAt, textEndAt, wordOf } from '../../decode/words.ts';

const CHANNEL = new Literal('{"channel":"l2_data","');
const CLIENT = new Literal('client_id":"","');
const TIMESTAMP = new Literal('timestamp":"');
const SEQUENCE = new Literal(',"sequence_num":');
const PRODUCT = new Literal(',"events":[{"type":"update","product_id":"');
const UPDATES = new Literal('","updates":[{"side":"');
const EVENT_TIME = new Literal('","event_time":"');
const PRICE = new Literal(',"price_level":"');
const QUANTITY = new Literal(',"new_quantity":"');
const NEXT = new Literal('},{"side":"');
const END = wordOf('}]}]');
const CLOSE_OBJECT = 0x7d;

const OFFER = wordOf('offe');
const BID = wordOf('bid"');
const LETTER_R = 0x72;
const BID_BYTES = 3;
const OFFER_BYTES = 5;
const FRAME_BYTES_MIN = 128;

/** Scratch numbers: µs, and the message's number. */
const value = { timestampUs: 0, sequence: 1, eventUs: 2, latestUs: 3 } as const;
const VALUES = 4;

export class InOrderBooks {
  private readonly sink: RecordSink;
  private readonly sequence: ConnectionSequence;
  private readonly symbols: SymbolMarkets;
  private readonly minute = new IsoMinute();
  private readonly values = new Float64Array(VALUES);
  private market = 0;
  private levels = 0;

  constructor(sink: RecordSink, sequence: ConnectionSequence) {
    this.sink = sink;
    this.sequence = sequence;
    this.symbols = new SymbolMarkets(sink);
  }

  /** Decodes view[from..end): FrameResult.applied, a negative FrameResult, or 0 where it is another or has anything wrong. */
  decode(view: DataView, from: number, end: number): number {
    const last = end - 4;
    const { values } = this;
    if (end - from < FRAME_BYTES_MIN) return 0;
    let position = CHANNEL.first(view, from, last);
    const behindClient = CLIENT.behind(view, position, last);
    position = TIMESTAMP.behind(view, behindClient === 0 ? position : behindClient, last);
    position = SEQUENCE.behind(view, this.minute.read(view, position, last, values, value.timestampUs), last);
    if (position !== 0) position = integerAt(view, position, last, values, value.sequence);
    const symbol = PRODUCT.behind(view, position, last);
    const symbolTo = symbol === 0 ? 0 : textEndAt(view, symbol, last);
    position = UPDATES.behind(view, symbolTo, last);
    if (position === 0 || !SymbolMarkets.fits(symbol, symbolTo, last)) return 0;
    if (!this.sequence.isNext(values, value.sequence)) return 0;
    this.market = this.symbols.find(view, symbol, symbolTo);
    return this.market < 0 ? 0 : this.change(view, position, last);
  }

  private change(view: DataView, at: number, last: number): number {
    const head = this.sink.claim(this.market, RecordType.bookChange);
    if (head < 0) return head;
    const result = this.updates(view, at, last);
    if (result <= 0) return result;
    this.writeHead(head);
    this.symbols.keep();
    // A message without an escape is decoded once: what an earlier one had says nothing of it.
    scanState.sawEscape = false;
    this.sequence.begin();
    const followed = this.sequence.follow(this.values, value.sequence);
    this.sequence.finish(FrameResult.applied);
    return followed === Follow.inOrder ? FrameResult.applied : FrameResult.internal;
  }

  /** The entries from the first one's side on, and the end of the frame; returns 1, 0 or a negative FrameResult. */
  private updates(view: DataView, at: number, last: number): number {
    let position = at;
    this.levels = 0;
    this.values[value.latestUs] = 0;
    for (;;) {
      const slot = this.sink.claim(this.market, RecordType.level);
      if (slot < 0) return slot;
      position = this.update(view, position, last, slot);
      if (position === 0 || position > last) return 0;
      this.levels++;
      const next = NEXT.behind(view, position, last);
      if (next === 0) break;
      position = next;
    }
    const isEnd = position + 1 === last && view.getInt32(position, true) === END;
    return isEnd && view.getUint8(position + 4) === CLOSE_OBJECT ? 1 : 0;
  }

  /** One entry, from the text of its side to its closing bracket, whose offset is returned. */
  private update(view: DataView, at: number, last: number, slot: number): number {
    const { values } = this;
    if (at >= last) return 0;
    const word = view.getInt32(at, true);
    const isAsk = word === OFFER && view.getUint8(at + OFFER_BYTES - 1) === LETTER_R;
    if (!isAsk && word !== BID) return 0;
    let position = EVENT_TIME.behind(view, at + (isAsk ? OFFER_BYTES : BID_BYTES), last);
    position = this.minute.read(view, position, last, values, value.eventUs);
    if (values[value.eventUs] > values[value.latestUs]) values[value.latestUs] = values[value.eventUs];
    this.sink.u8[slot * SLOT_BYTES + level.at.flags] = isAsk ? LevelFlag.ask : 0;
    return this.numbers(view, PRICE.behind(view, position, last), last, slot);
  }

  private numbers(view: DataView, at: number, last: number, slot: number): number {
    const { f64, u8 } = this.sink;
    const base = slot * SLOT_F64 + level.at.priceMilli;
    if (at === 0) return 0;
    const price = decimalAt(view, at, last, f64, base);
    if (price === 0 || (f64[base] === 0 && f64[base + 1] === 0)) return 0;
    u8[slot * SLOT_BYTES + level.at.priceDecimals] = decimalsRead;
    const quantity = QUANTITY.behind(view, price, last);
    if (quantity === 0) return 0;
    const after = decimalAt(view, quantity, last, f64, base + 2);
    u8[slot * SLOT_BYTES + level.at.quantityDecimals] = decimalsRead;
    return after;
  }

  private writeHead(slot: number): void {
    const { sink, values } = this;
    const { f64 } = sink;
    const base = slot * SLOT_F64;
    sink.u8[slot * SLOT_BYTES + bookChange.at.flags] = ChangeFlag.hasSequence;
    sink.u32[slot * SLOT_U32 + bookChange.at.count] = this.levels;
    f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
    const hasOwn = values[value.latestUs] > 0;
    f64[base + bookChange.at.exchangeTimeUs] = hasOwn ? values[value.latestUs] : values[value.timestampUs];
    f64[base + bookChange.at.firstSequence] = values[value.sequence];
    f64[base + bookChange.at.lastSequence] = values[value.sequence];
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = 0;
  }
}
