// A RecordSink over plain memory for decoder tests: collects one frame's records and gives them back as readable objects.
// It behaves as the session does (markets of a bad frame are forgotten, a frame with escapes is decoded again), and is
// unkind on purpose: markets lie in different "shards", so views kept across a claim point into the wrong memory, and
// slots are filled with rubbish first, so a field that was not written shows.

import { formatDecimal, formatFixed } from '../../engine/base/decimal.ts';
import { scanState } from '../../engine/decode/scan.ts';
import { type FrameDecoder, RECEIVE, type RecordSink } from '../../engine/decode/sink.ts';
import { unescapeFrame } from '../../engine/decode/unescape.ts';
import { FRAME_RECORDS_MAX, MARKETS_MAX, SYMBOL_BYTES_MAX } from '../../schemas/config.ts';
import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { type Field, SLOT_BYTES, SLOT_F64, SLOT_U16, SLOT_U32 } from '../../schemas/layout.ts';
import * as marketData from '../../schemas/market-data.ts';

/** A record as an object: `type` and `market` by name, decimals as canonical text, levels as sent, other fields as numbers. */
export type MemoryRecord = { readonly type: string; readonly market: string } & Readonly<
  Record<string, string | number>
>;

type Layout = {
  readonly name: string;
  readonly type: number;
  readonly at: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, Field>>;
};

const LAYOUTS = new Map<number, Layout>();
for (const value of Object.values(marketData)) {
  if (typeof value === 'object' && 'fields' in value) LAYOUTS.set(value.type, value as unknown as Layout);
}

const SHARDS = 2;
const SLOTS_START = 512;
const RUBBISH = 0xff;

class Shard {
  u8 = new Uint8Array(SLOTS_START * SLOT_BYTES).fill(RUBBISH);
  used = 0;

  get slots(): number {
    return this.u8.length / SLOT_BYTES;
  }

  begin(): void {
    this.u8.fill(RUBBISH, 0, this.used * SLOT_BYTES);
    this.used = 0;
  }

  claim(): number {
    if (this.used * SLOT_BYTES === this.u8.length) {
      const grown = new Uint8Array(2 * this.u8.length).fill(RUBBISH);
      grown.set(this.u8);
      this.u8 = grown;
    }
    return this.used++;
  }
}

export type MemorySinkLimits = { readonly recordsMax?: number; readonly marketsMax?: number };

export class MemorySink implements RecordSink {
  u8 = new Uint8Array();
  u16 = new Uint16Array();
  u32 = new Uint32Array();
  f64 = new Float64Array();
  readonly frame = new Float64Array(1);
  /** Markets kept, by id: `symbol`, or `venue:symbol` where a message named its venue. */
  readonly symbols: string[] = [];
  private readonly recordsMax: number;
  private readonly marketsMax: number;
  private readonly shards = Array.from({ length: SHARDS }, () => new Shard());
  private readonly claims: { shard: Shard; slot: number }[] = [];
  private marketsBefore = 0;

  constructor(limits: MemorySinkLimits = {}) {
    this.recordsMax = limits.recordsMax ?? FRAME_RECORDS_MAX;
    this.marketsMax = limits.marketsMax ?? MARKETS_MAX;
    this.frame[RECEIVE] = 1;
  }

  /** A frame begins: the records of the one before are gone. */
  begin(): void {
    for (const shard of this.shards) shard.begin();
    this.claims.length = 0;
    this.marketsBefore = this.symbols.length;
  }

  /** The frame's markets did not come to be. */
  abandon(): void {
    this.claims.length = 0;
    this.symbols.length = this.marketsBefore;
  }

  market(bytes: Uint8Array, from: number, to: number): number {
    const symbol = symbolOf(bytes, from, to);
    return symbol === null ? FrameResult.shape : this.idOf(symbol);
  }

  marketOfVenue(bytes: Uint8Array, venueFrom: number, venueTo: number, from: number, to: number): number {
    const venue = symbolOf(bytes, venueFrom, venueTo);
    const symbol = symbolOf(bytes, from, to);
    return venue === null || symbol === null ? FrameResult.shape : this.idOf(`${venue}:${symbol}`);
  }

  private idOf(name: string): number {
    const id = this.symbols.indexOf(name);
    if (id >= 0) return id;
    return this.symbols.length === this.marketsMax ? FrameResult.unknownMarket : this.symbols.push(name) - 1;
  }

  claim(market: number, type: number): number {
    if (this.symbols[market] === undefined) throw new Error(`claim: expected a known market, was ${market}`);
    if (this.claims.length === this.recordsMax) return FrameResult.tooLarge;
    const shard = this.shards[market % SHARDS];
    const slot = shard.claim();
    this.claims.push({ shard, slot });
    if (this.u8 !== shard.u8) {
      this.u8 = shard.u8;
      this.u16 = new Uint16Array(shard.u8.buffer);
      this.u32 = new Uint32Array(shard.u8.buffer);
      this.f64 = new Float64Array(shard.u8.buffer);
    }
    this.u8[slot * SLOT_BYTES] = type;
    this.u8[slot * SLOT_BYTES + 1] = 0;
    this.u16[slot * SLOT_U16 + 1] = market;
    this.u32[slot * SLOT_U32 + 1] = 0;
    return slot;
  }

  /** Refused where the next slot is the last of its memory, so that both ways of asking are seen. */
  claimRun(market: number, type: number, count: number): number {
    const shard = this.shards[market % SHARDS];
    if (this.claims.length + count > this.recordsMax || shard.used + count > shard.slots - 1) return -1;
    const first = this.claim(market, type);
    for (let i = 1; i < count; i++) this.claim(market, type);
    this.u8.fill(RUBBISH, first * SLOT_BYTES, (first + count) * SLOT_BYTES);
    return first;
  }

  /** The frame's records in the order they were claimed. */
  records(): MemoryRecord[] {
    return this.claims.map(({ shard, slot }) => this.describe(new DataView(shard.u8.buffer, slot * SLOT_BYTES), slot));
  }

  private describe(slot: DataView, index: number): MemoryRecord {
    const layout = LAYOUTS.get(slot.getUint8(0));
    if (layout === undefined) throw new Error(`slot ${index}: expected an input record, was type ${slot.getUint8(0)}`);
    const market = this.symbols[slot.getUint16(2, true)];
    const result: { type: string; market: string } & Record<string, string | number> = { type: layout.name, market };
    for (const name of Object.keys(layout.fields)) {
      if (name === 'type' || name === 'market' || name.endsWith('Atto')) continue;
      if (name.endsWith('Milli')) result[name.slice(0, -'Milli'.length)] = decimalOf(layout, slot, name);
      else result[name] = numberOf(layout, slot, name);
    }
    return layout.type === RecordType.tradeId ? { ...result, text: textOf(slot, marketData.tradeId.at.text) } : result;
  }
}

function symbolOf(bytes: Uint8Array, from: number, to: number): string | null {
  if (to <= from || to - from > SYMBOL_BYTES_MAX) return null;
  for (let i = from; i < to; i++) if (bytes[i] < 0x20 || bytes[i] === 0x22 || bytes[i] === 0x5c) return null;
  return Buffer.from(bytes.subarray(from, to)).toString('utf8');
}

function numberOf(layout: Layout, slot: DataView, name: string): number {
  const at = layout.at[name];
  switch (layout.fields[name].kind) {
    case 'u8':
      return slot.getUint8(at);
    case 'u16':
      return slot.getUint16(at * 2, true);
    case 'u32':
      return slot.getUint32(at * 4, true);
    case 'i32':
      return slot.getInt32(at * 4, true);
    default:
      return slot.getFloat64(at * (SLOT_BYTES / SLOT_F64), true);
  }
}

/** Canonical text; in a level, with as many decimals as were sent. */
function decimalOf(layout: Layout, slot: DataView, name: string): string {
  const stem = name.slice(0, -'Milli'.length);
  const milli = numberOf(layout, slot, name);
  const atto = numberOf(layout, slot, `${stem}Atto`);
  if (layout.type !== RecordType.level) return formatDecimal(milli, atto);
  const decimals = numberOf(layout, slot, `${stem}Decimals`);
  // Batches tell no decimals.
  return decimals === 0 ? formatDecimal(milli, atto) : formatFixed(milli, atto, decimals);
}

/** `count` bytes of text. */
function textOf(slot: DataView, at: number): string {
  return Buffer.from(slot.buffer, slot.byteOffset + at, slot.getUint32(4, true)).toString('utf8');
}

export type Decoded = { readonly result: number; readonly records: MemoryRecord[] };

/** Passes one frame through the decoder as a session would; the records of a refused frame are not kept. */
export function decodeFrame(sink: MemorySink, decoder: FrameDecoder, frame: string | Uint8Array): Decoded {
  const bytes = typeof frame === 'string' ? new Uint8Array(Buffer.from(frame, 'utf8')) : frame;
  sink.begin();
  scanState.sawEscape = false;
  let result = decoder.decode(bytes, bytes.length);
  if (scanState.sawEscape && result !== FrameResult.syntax) {
    sink.abandon();
    sink.begin();
    const plain = new Uint8Array(bytes.length);
    const length = unescapeFrame(bytes, bytes.length, plain);
    result = decoder.decode(plain.subarray(0, length), length);
  }
  if (result < 0) sink.abandon();
  return { result, records: sink.records() };
}
