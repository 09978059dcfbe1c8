// Reads the answers to requests: of a subscribe to a book, the depth that its symbol's book is cut to.
//
// Source: Kraken WebSocket v2 docs, "Book", "Subscribe acknowledgement" (2026-05): one answer per symbol.

import { FrameResult } from '../../../schemas/ids.ts';
import { findValue, integerNumber, keyBytes, matches, OPEN_OBJECT, QUOTE, stringEnd } from '../../decode/scan.ts';
import type { SymbolDepths } from './depths.ts';

const KEY_CHANNEL = keyBytes('channel');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_DEPTH = keyBytes('depth');
const SUBSCRIBE = keyBytes('subscribe');
const BOOK = keyBytes('book');
const LETTER_F = 0x66;

/** Depth of a subscription that names none (docs). */
const DEPTH_DEFAULT = 10;
/** Far above the deepest book sold; bounds what is kept in a u32. */
const DEPTH_MAX = 1_000_000;

const scratch = new Float64Array(1);

/** True where the value at `at` is a string that reads `text`. */
function isText(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  return at > 0 && bytes[at] === QUOTE && matches(bytes, at + 1, stringEnd(bytes, at + 1, end), text);
}

/**
 * Notes the depth an answer tells. Offsets are those of the values of `method`, `result` and `success`, 0 where absent,
 * in a message already found well-formed. Returns `control`, or `type` where the depth is none.
 */
export function noteAnswer(
  bytes: Uint8Array,
  end: number,
  methodAt: number,
  resultAt: number,
  successAt: number,
  depths: SymbolDepths,
): number {
  const isRefused = successAt > 0 && bytes[successAt] === LETTER_F;
  if (isRefused || resultAt === 0 || bytes[resultAt] !== OPEN_OBJECT) return FrameResult.control;
  if (!isText(bytes, methodAt, end, SUBSCRIBE)) return FrameResult.control;
  if (!isText(bytes, findValue(bytes, resultAt, end, KEY_CHANNEL), end, BOOK)) return FrameResult.control;
  const symbolAt = findValue(bytes, resultAt, end, KEY_SYMBOL);
  if (symbolAt === 0 || bytes[symbolAt] !== QUOTE) return FrameResult.control;
  const depthAt = findValue(bytes, resultAt, end, KEY_DEPTH);
  scratch[0] = DEPTH_DEFAULT;
  if (depthAt > 0) {
    const after = integerNumber(bytes, depthAt, end, scratch, 0);
    if (after < 0) return after;
    if (scratch[0] < 1 || scratch[0] > DEPTH_MAX) return FrameResult.range;
  }
  depths.acknowledge(bytes, symbolAt + 1, stringEnd(bytes, symbolAt + 1, end), scratch[0]);
  return FrameResult.control;
}
