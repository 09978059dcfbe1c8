// Checks the structure of a FlatBuffers Batch and finds its vectors: every offset is bounded before it is followed. Hot path.
//
// Source: FlatBuffers docs, "FlatBuffer Internals" (2026): little-endian, offsets relative to where they stand, a
// table's first word points back to its vtable, structs lie inline in their vector, everything aligned to its size.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  batchField,
  FILE_IDENTIFIER,
  HEADER_BYTES,
  IDENTIFIER_AT,
  VTABLE_HEADER_BYTES,
  wireLevel,
  wireTrade,
} from './wire-layout.ts';

const IDENTIFIER = Uint8Array.from(FILE_IDENTIFIER, (letter) => letter.charCodeAt(0));
const TWO_32 = 4_294_967_296;

export function u16At(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

/** The unsigned word at `at`, as a double: never negative. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** The vectors of one batch: offset of the first element and count; 0 and 0 where a vector is absent. */
export class WireFrame {
  /** [0] is the stated sequence. */
  readonly sequence = new Float64Array(1);
  marketsAt = 0;
  marketsCount = 0;
  tradesAt = 0;
  tradesCount = 0;
  levelsAt = 0;
  levelsCount = 0;
  private table = 0;
  private vtable = 0;
  private vtableBytes = 0;
  private tableBytes = 0;
  private vectorAt = 0;
  private vectorCount = 0;

  /** Returns 1, or `syntax` where the bytes are no Batch, `shape` where a part lies outside or askew. */
  read(bytes: Uint8Array, end: number): number {
    if (end < HEADER_BYTES + 4) return FrameResult.syntax;
    for (let i = 0; i < IDENTIFIER.length; i++)
      if (bytes[IDENTIFIER_AT + i] !== IDENTIFIER[i]) return FrameResult.syntax;
    const table = this.openTable(bytes, end);
    if (table < 0) return table;
    const sequence = this.readSequence(bytes);
    if (sequence < 0) return sequence;
    const markets = this.vector(bytes, end, batchField.markets, 4, 4);
    if (markets < 0) return markets;
    this.marketsAt = this.vectorAt;
    this.marketsCount = this.vectorCount;
    const trades = this.vector(bytes, end, batchField.trades, wireTrade.sizeBytes, 8);
    if (trades < 0) return trades;
    this.tradesAt = this.vectorAt;
    this.tradesCount = this.vectorCount;
    const levels = this.vector(bytes, end, batchField.levels, wireLevel.sizeBytes, 8);
    if (levels < 0) return levels;
    this.levelsAt = this.vectorAt;
    this.levelsCount = this.vectorCount;
    return 1;
  }

  private openTable(bytes: Uint8Array, end: number): number {
    const table = u32At(bytes, 0);
    if (table < HEADER_BYTES || table > end - 4 || (table & 3) !== 0) return FrameResult.shape;
    // The offset to the vtable is signed and subtracted.
    const vtable = table - (u32At(bytes, table) | 0);
    if (vtable < HEADER_BYTES || vtable > end - VTABLE_HEADER_BYTES || (vtable & 1) !== 0) return FrameResult.shape;
    const vtableBytes = u16At(bytes, vtable);
    const tableBytes = u16At(bytes, vtable + 2);
    if (vtableBytes < VTABLE_HEADER_BYTES || (vtableBytes & 1) !== 0 || vtable + vtableBytes > end)
      return FrameResult.shape;
    if (tableBytes < 4 || table + tableBytes > end) return FrameResult.shape;
    this.table = table;
    this.vtable = vtable;
    this.vtableBytes = vtableBytes;
    this.tableBytes = tableBytes;
    return 1;
  }

  /** Offset of a field of `size` bytes, 0 where the table lacks it, or `shape`. */
  private field(bytes: Uint8Array, entry: number, size: number): number {
    if (entry + 2 > this.vtableBytes) return 0;
    const offset = u16At(bytes, this.vtable + entry);
    if (offset === 0) return 0;
    const at = this.table + offset;
    return offset < 4 || offset + size > this.tableBytes || (at & (size - 1)) !== 0 ? FrameResult.shape : at;
  }

  private readSequence(bytes: Uint8Array): number {
    this.sequence[0] = 0;
    const at = this.field(bytes, batchField.sequence, 8);
    if (at <= 0) return at;
    const high = u32At(bytes, at + 4);
    if (high >= 1 << 21) return FrameResult.range;
    this.sequence[0] = high * TWO_32 + u32At(bytes, at);
    return 1;
  }

  /** Finds a vector of elements of `size` bytes whose first lies on a multiple of `alignment`. */
  private vector(bytes: Uint8Array, end: number, entry: number, size: number, alignment: number): number {
    this.vectorAt = 0;
    this.vectorCount = 0;
    const at = this.field(bytes, entry, 4);
    if (at <= 0) return at;
    const vector = at + u32At(bytes, at);
    if (vector <= at || vector > end - 4 || (vector & 3) !== 0) return FrameResult.shape;
    const count = u32At(bytes, vector);
    const first = vector + 4;
    if (count > (end - first) / size || (count > 0 && (first & (alignment - 1)) !== 0)) return FrameResult.shape;
    this.vectorAt = first;
    this.vectorCount = count;
    return 1;
  }
}
