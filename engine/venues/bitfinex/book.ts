// Reads book payloads, `[price, count, amount]` or a list of them, as one change of the channel's market. Hot path.
//
// Source: Bitfinex docs, "Books" (2026-07): count 0 takes the level out; the sign of amount is the side, above 0 a bid.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange, level } from '../../../schemas/market-data.ts';
import {
  CLOSE_ARRAY,
  decimalNumber,
  integerNumber,
  lastDecimals,
  next,
  OPEN_ARRAY,
  skipSpace,
  wrongType,
} from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { passElements } from '../../decode/walk.ts';
import type { Channel } from './channels.ts';
import { field, frameField, SCRATCH_FIELDS } from './fields.ts';
import { isNegative, signedNumber } from './numbers.ts';
import { isList } from './rows.ts';
import type { Tail } from './tail.ts';

export class BookPayload {
  /** The payload read last was a snapshot. */
  isSnapshot = false;
  private readonly sink: RecordSink;
  private readonly tail: Tail;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private levels = 0;

  constructor(sink: RecordSink, tail: Tail) {
    this.sink = sink;
    this.tail = tail;
  }

  /** Decodes the payload at `at`; `isBulk`: changes come as lists, too. Returns the offset after it, or a FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, channel: Channel, isBulk: boolean): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    const isRows = isList(bytes, at, end);
    this.isSnapshot = isRows && !(isBulk && channel.hasSnapshot);
    this.levels = 0;
    const head = this.sink.claim(market, RecordType.bookChange);
    if (head < 0) return head;
    const after = isRows ? this.rows(bytes, at, end, market) : this.row(bytes, at, end, market);
    if (after < 0) return after;
    const flags = this.isSnapshot ? ChangeFlag.snapshot : 0;
    writeBookHead(this.sink, this.tail, head, flags, this.levels, channel.depth);
    return after;
  }

  private rows(bytes: Uint8Array, at: number, end: number, market: number): number {
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const after = this.row(bytes, position, end, market);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private row(bytes: Uint8Array, at: number, end: number, market: number): number {
    const slot = this.sink.claim(market, RecordType.level);
    return slot < 0 ? slot : this.readRow(bytes, at, end, slot);
  }

  /** Reads the row at `at` into the level record claimed for it; returns the offset after it, or a negative FrameResult. */
  readRow(bytes: Uint8Array, at: number, end: number, slot: number): number {
    const { f64, u8 } = this.sink;
    const price = slot * SLOT_F64 + level.at.priceMilli;
    let position = skipSpace(bytes, at + 1, end);
    if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
    position = decimalNumber(bytes, position, end, f64, price);
    if (position < 0) return position;
    u8[slot * SLOT_BYTES + level.at.priceDecimals] = lastDecimals;
    if (f64[price] === 0 && f64[price + 1] === 0) return FrameResult.range;
    position = this.nextElement(bytes, position, end);
    if (position < 0) return position;
    position = integerNumber(bytes, position, end, this.values, field.count);
    if (position < 0) return position;
    position = this.nextElement(bytes, position, end);
    return position < 0 ? position : this.amount(bytes, position, end, slot);
  }

  /** The side is in the sign, also of a level taken out, whose amount is 1 or -1. */
  private amount(bytes: Uint8Array, at: number, end: number, slot: number): number {
    const { f64, u8 } = this.sink;
    const quantity = slot * SLOT_F64 + level.at.quantityMilli;
    let position = signedNumber(bytes, at, end, f64, quantity);
    if (position < 0) return position;
    if (f64[quantity] === 0 && f64[quantity + 1] === 0) return FrameResult.range;
    const isRemoved = this.values[field.count] === 0;
    u8[slot * SLOT_BYTES + level.at.flags] = isNegative ? LevelFlag.ask : 0;
    u8[slot * SLOT_BYTES + level.at.quantityDecimals] = isRemoved ? 0 : lastDecimals;
    if (isRemoved) {
      f64[quantity] = 0;
      f64[quantity + 1] = 0;
    }
    this.levels++;
    position = next(bytes, position, end, CLOSE_ARRAY);
    return passElements(bytes, position, end);
  }

  /** Offset of the row's next element; `shape` where the row ends. */
  private nextElement(bytes: Uint8Array, at: number, end: number): number {
    const position = next(bytes, at, end, CLOSE_ARRAY);
    return position >= 0 && bytes[position] === CLOSE_ARRAY ? FrameResult.shape : position;
  }
}

/** Writes the head of a change, whose number and time are those of the frame. */
export function writeBookHead(
  sink: RecordSink,
  { hasSequence, values }: Tail,
  slot: number,
  flags: number,
  levels: number,
  depth: number,
): void {
  const { f64, u8, u32 } = sink;
  const base = slot * SLOT_F64;
  const sequence = hasSequence ? values[frameField.sequence] : 0;
  u8[slot * SLOT_BYTES + bookChange.at.flags] = flags | (hasSequence ? ChangeFlag.hasSequence : 0);
  u32[slot * SLOT_U32 + bookChange.at.count] = levels;
  f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + bookChange.at.exchangeTimeUs] = values[frameField.timeUs];
  f64[base + bookChange.at.firstSequence] = sequence;
  f64[base + bookChange.at.lastSequence] = sequence;
  f64[base + bookChange.at.previousSequence] = 0;
  f64[base + bookChange.at.checksum] = 0;
  f64[base + bookChange.at.depth] = depth;
}
