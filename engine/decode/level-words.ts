// Reads one side of a book in words, `[["8476.98","415"],…]` without blanks, straight into level records. Hot path.
//
// As in words.ts: the next offset, or 0 where something else stands there than is read.

import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import type { RecordSink } from './sink.ts';
import { decimalAt, decimalsRead } from './words.ts';

const CLOSE_ARRAY = 0x5d;
/** Two bytes as getInt16() reads them. */
const pairOf = (text: string): number => text.charCodeAt(0) | (text.charCodeAt(1) << 8);
const LEVEL_OPEN = pairOf('["');
const LEVEL_MIDDLE = pairOf(',"');
const LEVEL_NEXT = pairOf('],');
const LEVEL_LAST = pairOf(']]');

/** Levels written by the last levelsAt(). */
export let levelsRead = 0;

/** The rows of a list from behind its `[`, a byte of the frame; returns the offset after its `]`, 0, or a negative FrameResult of a claim. */
export function levelsAt(
  view: DataView,
  at: number,
  last: number,
  sink: RecordSink,
  market: number,
  flags: number,
): number {
  let position = at;
  levelsRead = 0;
  if (view.getUint8(position) === CLOSE_ARRAY) return position + 1;
  for (;;) {
    if (position > last || view.getInt16(position, true) !== LEVEL_OPEN) return 0;
    const slot = sink.claim(market, RecordType.level);
    if (slot < 0) return slot;
    position = levelAt(view, position + 2, last, sink, slot, flags);
    if (position === 0) return 0;
    levelsRead++;
    const pair = view.getInt16(position, true);
    position += 2;
    if (pair === LEVEL_LAST) return position;
    if (pair !== LEVEL_NEXT) return 0;
  }
}

/** The two texts of a level after its `["`; returns the offset of its `]`. */
function levelAt(view: DataView, at: number, last: number, sink: RecordSink, slot: number, flags: number): number {
  const { f64, u8 } = sink;
  const base = slot * SLOT_F64 + level.at.priceMilli;
  const byteBase = slot * SLOT_BYTES;
  const middle = decimalAt(view, at, last, f64, base);
  if (middle === 0 || middle > last || view.getInt16(middle, true) !== LEVEL_MIDDLE) return 0;
  if (f64[base] === 0 && f64[base + 1] === 0) return 0;
  u8[byteBase + level.at.flags] = flags;
  u8[byteBase + level.at.priceDecimals] = decimalsRead;
  // Ends at most at last + 1, so two bytes can be read there: `]]}` may be all that is left.
  const end = decimalAt(view, middle + 2, last, f64, base + 2);
  u8[byteBase + level.at.quantityDecimals] = decimalsRead;
  return end;
}
