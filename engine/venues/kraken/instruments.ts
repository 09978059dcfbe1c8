// Reads the `instrument` channel: how many digits the numbers of each symbol have, which its book's checksum is made of.
//
// Source: Kraken WebSocket v2 docs, "Instrument" (2026-05): a snapshot of all pairs, then those that changed. `data` is an
// object here, with `assets` and `pairs`.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  findValue,
  integerNumber,
  keyBytes,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  skipValue,
  stringEnd,
} from '../../decode/scan.ts';
import type { SymbolDepths } from './depths.ts';

const KEY_PAIRS = keyBytes('pairs');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_PRICE_PRECISION = keyBytes('price_precision');
const KEY_QUANTITY_PRECISION = keyBytes('qty_precision');

/** What a level's decimals are counted in, and no venue comes near. */
const DIGITS_MAX = 18;

const digits = new Float64Array(2);

/**
 * Notes the digits of every pair in the value of `data` at `at` (0 where there is none), in a message already found
 * well-formed. What is not understood is left out: books are then checked with the digits as sent. Returns `control`.
 */
export function noteInstruments(bytes: Uint8Array, at: number, end: number, depths: SymbolDepths): number {
  if (at === 0 || bytes[at] !== OPEN_OBJECT) return FrameResult.control;
  const pairs = findValue(bytes, at, end, KEY_PAIRS);
  if (pairs <= 0 || bytes[pairs] !== OPEN_ARRAY) return FrameResult.control;
  let position = skipSpace(bytes, pairs + 1, end);
  while (position >= 0 && position < end && bytes[position] !== CLOSE_ARRAY) {
    if (bytes[position] === OPEN_OBJECT) notePair(bytes, position, end, depths);
    position = next(bytes, skipValue(bytes, position, end), end, CLOSE_ARRAY);
  }
  return FrameResult.control;
}

function notePair(bytes: Uint8Array, at: number, end: number, depths: SymbolDepths): void {
  const symbol = findValue(bytes, at, end, KEY_SYMBOL);
  if (symbol <= 0 || bytes[symbol] !== QUOTE) return;
  const hasPrice = readDigits(bytes, findValue(bytes, at, end, KEY_PRICE_PRECISION), end, 0);
  const hasQuantity = readDigits(bytes, findValue(bytes, at, end, KEY_QUANTITY_PRECISION), end, 1);
  if (!hasPrice || !hasQuantity) return;
  depths.noteDigits(bytes, symbol + 1, stringEnd(bytes, symbol + 1, end), digits[0], digits[1]);
}

function readDigits(bytes: Uint8Array, at: number, end: number, index: number): boolean {
  return at > 0 && integerNumber(bytes, at, end, digits, index) > 0 && digits[index] <= DIGITS_MAX;
}
