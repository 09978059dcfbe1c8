// Reads the payloads of one v1 book frame; two of them (asks, then bids) are one change. Hot path.
//
// Source: Kraken WebSocket v1 docs, "book" and "Book checksum" (2026-05), and the recording; docs/venues/kraken.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { CLOSE_OBJECT, next, OPEN_OBJECT, skipSpace, skipValue, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { keyFrom, keyTo, member } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { checksumText } from './numbers.ts';
import { writeHead } from './records.ts';
import { V1Levels } from './v1-levels.ts';

const LETTER_A = 0x61;
const LETTER_B = 0x62;
const LETTER_C = 0x63;
const LETTER_S = 0x73;

/** Bits of the fields of one payload. */
const HAS_ASKS = 1;
const HAS_BIDS = 2;
const HAS_CHECKSUM = 4;

/** Bits of what the whole frame holds. */
const IS_SNAPSHOT = 1;
const IS_UPDATE = 2;

export class V1Book {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly levels: V1Levels;
  private market = 0;
  private headSlot = 0;
  private count = 0;
  private contents = 0;
  /** Fields of the payload read last; the frame's checksum is that of the last payload. */
  private seen = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
    this.levels = new V1Levels(sink, this.values);
  }

  /** Claims the change's head; returns 1 or a negative FrameResult. */
  begin(market: number): number {
    this.market = market;
    this.count = 0;
    this.contents = 0;
    this.seen = 0;
    this.values[field.timeUs] = 0;
    this.headSlot = this.sink.claim(market, RecordType.bookChange);
    return this.headSlot < 0 ? this.headSlot : 1;
  }

  /** Decodes the payload at `at`; returns the offset after it, or a negative FrameResult. */
  payload(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  /** `a`, `b`, `c` of an update; `as`, `bs` of a snapshot. */
  private member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const letter = bytes[from];
    const length = to - from;
    if (length === 1 && letter === LETTER_C) return this.checksum(bytes, at, end);
    const isSide = length === 1 || (length === 2 && bytes[from + 1] === LETTER_S);
    if (!isSide || (letter !== LETTER_A && letter !== LETTER_B)) return skipValue(bytes, at, end);
    this.contents |= length === 1 ? IS_UPDATE : IS_SNAPSHOT;
    return letter === LETTER_A
      ? this.side(bytes, at, end, HAS_ASKS, LevelFlag.ask)
      : this.side(bytes, at, end, HAS_BIDS, 0);
  }

  private side(bytes: Uint8Array, at: number, end: number, bit: number, flags: number): number {
    if ((this.seen & bit) !== 0) return FrameResult.shape;
    this.seen |= bit;
    const after = this.levels.decode(bytes, at, end, this.market, flags);
    this.count += this.levels.count;
    return after;
  }

  private checksum(bytes: Uint8Array, at: number, end: number): number {
    if ((this.seen & HAS_CHECKSUM) !== 0) return FrameResult.shape;
    this.seen |= HAS_CHECKSUM;
    return checksumText(bytes, at, end, this.values, field.checksum);
  }

  /** Writes the head; returns 1 or a negative FrameResult. */
  finish(depth: number): number {
    if (this.contents === 0) return FrameResult.missingField;
    if (this.contents === (IS_SNAPSHOT | IS_UPDATE)) return FrameResult.shape;
    const hasChecksum = (this.seen & HAS_CHECKSUM) !== 0 ? ChangeFlag.hasChecksum : 0;
    const flags = this.contents === IS_SNAPSHOT ? ChangeFlag.snapshot | hasChecksum : hasChecksum;
    writeHead(this.sink, this.headSlot, flags, this.count, depth, this.values);
    return 1;
  }
}
