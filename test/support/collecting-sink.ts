// Owns a sink for decoder tests: collects one frame's records in plain memory and tells them as plain objects.

import { formatDecimal } from '../../engine/base/decimal.ts';
import { scanState } from '../../engine/decode/scan.ts';
import type { DecoderFactory, FrameDecoder, RecordSink } from '../../engine/decode/sink.ts';
import { unescapeFrame } from '../../engine/decode/unescape.ts';
import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import * as records from '../../schemas/market-data.ts';

type Value = string | number;

/** One record: decimals as text under their name without `Milli`, other fields as numbers. */
export type PlainRecord = { type: string; market: string; flags: number; count: number } & {
  [name in FieldName]?: Value;
};

type FieldName =
  | 'exchangeTimeUs'
  | 'startTimeUs'
  | 'intervalMs'
  | 'price'
  | 'quantity'
  | 'id'
  | 'text'
  | 'priceDecimals'
  | 'quantityDecimals'
  | 'firstSequence'
  | 'lastSequence'
  | 'previousSequence'
  | 'checksum'
  | 'depth'
  | 'sequence'
  | 'bidPrice'
  | 'bidQuantity'
  | 'askPrice'
  | 'askQuantity'
  | 'openPrice'
  | 'highPrice'
  | 'lowPrice'
  | 'closePrice'
  | 'volume';

const RECEIVE_NS = 123_456_789.5;
const GARBAGE = 0xa5;
const LAYOUTS = Object.values(records).filter((value) => typeof value === 'object');

/** INTERFACES: 1 to 80 bytes of UTF-8 without control characters, quotes or backslash. */
function isSymbol(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= 1 && bytes <= 80 && !/[\p{Cc}"'\\\ufffd]/u.test(text);
}

export class CollectingSink implements RecordSink {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  f64: Float64Array;
  readonly frame = Float64Array.of(RECEIVE_NS);
  readonly markets: string[] = [];
  readonly venue: string;
  /** Slots of a frame before claim() says `tooLarge`. */
  slotsMax: number;
  private count = 0;

  constructor(venue: string, slots = 4096) {
    this.venue = venue;
    this.slotsMax = slots;
    const memory = new ArrayBuffer(slots * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u16 = new Uint16Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  market(bytes: Uint8Array, from: number, to: number): number {
    return this.find(this.venue, Buffer.from(bytes.subarray(from, to)).toString());
  }

  marketOfVenue(bytes: Uint8Array, venueFrom: number, venueTo: number, from: number, to: number): number {
    const venue = Buffer.from(bytes.subarray(venueFrom, venueTo)).toString();
    return this.find(venue, Buffer.from(bytes.subarray(from, to)).toString());
  }

  private find(venue: string, symbol: string): number {
    if (!isSymbol(symbol)) return FrameResult.shape;
    const name = `${venue}:${symbol}`;
    const known = this.markets.indexOf(name);
    return known >= 0 ? known : this.markets.push(name) - 1;
  }

  /** Slots hold garbage, as those of a ring that went round. */
  claim(market: number, type: number): number {
    if (this.count === this.slotsMax) return FrameResult.tooLarge;
    const slot = this.count++;
    this.u8.fill(GARBAGE, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    this.u8[slot * SLOT_BYTES] = type;
    this.u8[slot * SLOT_BYTES + 1] = 0;
    this.u16[slot * SLOT_U16 + 1] = market;
    this.u32[slot * SLOT_U32 + 1] = 0;
    return slot;
  }

  reset(): void {
    this.count = 0;
  }

  get slots(): number {
    return this.count;
  }

  /** The records since reset(), decimals as text, other fields as numbers; receive times are checked and left out. */
  take(): PlainRecord[] {
    const all = Array.from({ length: this.count }, (_, slot) => this.read(slot));
    this.count = 0;
    return all;
  }

  private read(slot: number): PlainRecord {
    const type = this.u8[slot * SLOT_BYTES];
    const layout = LAYOUTS.find((candidate) => candidate.type === type);
    if (layout === undefined) throw new Error(`expected a known record type, was ${type}`);
    const market = this.markets[this.u16[slot * SLOT_U16 + 1]];
    const flags = this.u8[slot * SLOT_BYTES + 1];
    const count = this.u32[slot * SLOT_U32 + 1];
    const at: Readonly<Record<string, number>> = layout.at;
    const rest: [string, Value][] = [];
    for (const name of Object.keys(layout.fields).slice(4)) {
      if (name.endsWith('Atto')) continue;
      const base = slot * SLOT_F64 + at[name];
      const byte = slot * SLOT_BYTES + at[name];
      if (name === 'receiveTimeNs') {
        if (this.f64[base] !== RECEIVE_NS) throw new Error('expected the receive time of the frame');
      } else if (type === RecordType.tradeId) rest.push([name, this.text(byte, count)]);
      else if (name.endsWith('Decimals')) rest.push([name, this.u8[byte]]);
      else if (name.endsWith('Milli'))
        rest.push([name.slice(0, -'Milli'.length), formatDecimal(this.f64[base], this.f64[base + 1])]);
      else rest.push([name, this.f64[base]]);
    }
    return { type: layout.name, market, flags, count, ...Object.fromEntries(rest) };
  }

  private text(from: number, length: number): string {
    return Buffer.from(this.u8.subarray(from, from + length)).toString();
  }
}

/** One decoder with its sink, and what a frame comes to: a negative or unapplied frame has no records. */
export class DecoderUnderTest {
  readonly sink: CollectingSink;
  readonly decoder: FrameDecoder;

  constructor(factory: DecoderFactory, venue: string, slots?: number) {
    this.sink = new CollectingSink(venue, slots);
    this.decoder = factory(this.sink, venue);
  }

  /** Decodes as the session does: frames with escapes once more, unescaped. */
  result(frame: string | Uint8Array): number {
    const bytes = typeof frame === 'string' ? Uint8Array.from(Buffer.from(frame)) : frame;
    this.sink.reset();
    scanState.sawEscape = false;
    const result = this.decoder.decode(bytes, bytes.length);
    if (!scanState.sawEscape) return result;
    this.sink.reset();
    const copy = new Uint8Array(bytes.length);
    const length = unescapeFrame(bytes, bytes.length, copy);
    return this.decoder.decode(copy.subarray(0, length), length);
  }

  records(frame: string | Uint8Array): PlainRecord[] {
    const result = this.result(frame);
    if (result !== FrameResult.applied) throw new Error(`expected the frame applied, was ${result}`);
    return this.sink.take();
  }
}
