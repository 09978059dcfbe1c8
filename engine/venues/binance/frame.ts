// What every kind of Binance frame has: the scratch row, the symbol, and which fields were seen. Hot path.

import { QUOTE, stringEnd, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { SCRATCH_FIELDS } from './fields.ts';

/** Letters of keys and of the words a frame is told by. */
export const LETTER = Object.freeze({
  A: 0x41,
  B: 0x42,
  E: 0x45,
  M: 0x4d,
  S: 0x53,
  T: 0x54,
  U: 0x55,
  X: 0x58,
  a: 0x61,
  b: 0x62,
  c: 0x63,
  d: 0x64,
  e: 0x65,
  f: 0x66,
  h: 0x68,
  i: 0x69,
  k: 0x6b,
  l: 0x6c,
  m: 0x6d,
  n: 0x6e,
  o: 0x6f,
  p: 0x70,
  q: 0x71,
  r: 0x72,
  s: 0x73,
  t: 0x74,
  u: 0x75,
  v: 0x76,
  w: 0x77,
  x: 0x78,
  z: 0x7a,
});

const BACKSLASH = 0x5c;

/** Offset of the quote that ends a string of plain characters beginning at `at`; 0 where it has others or no end. */
export function plainEnd(bytes: Uint8Array, at: number, end: number): number {
  let position = at;
  while (position < end && bytes[position] > QUOTE && bytes[position] !== BACKSLASH) position++;
  return position < end && bytes[position] === QUOTE ? position : 0;
}

/** Bits of fields seen in a frame: a second one of the same name is `shape`, a missing one `missing-field`. */
export const HAS_SYMBOL = 1;
export const HAS_EVENT = 2;
export const HAS_EVENT_TIME = 4;

/** The parts that decoders of one kind share; each decoder is one object for all its frames. */
export class FrameKind {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected seen = 0;
  protected symbolFrom = 0;
  protected symbolTo = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Notes a field; false where the frame had it before. */
  protected once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }

  protected symbol(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return wrongType(bytes, at, end);
    const close = stringEnd(bytes, at + 1, end);
    if (close < 0) return close;
    this.symbolFrom = at + 1;
    this.symbolTo = close;
    return close + 1;
  }

  protected time(bytes: Uint8Array, at: number, end: number, index: number): number {
    return integerTime(bytes, at, end, this.values, index);
  }
}
