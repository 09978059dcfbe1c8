// Finds channel name and pair, which come last in a v1 array, without reading what stands before them. Hot path.

import { CLOSE_ARRAY, COMMA, QUOTE, stringEnd } from '../../decode/scan.ts';

const SPACE = 0x20;
const BACKSLASH = 0x5c;

/** Offsets of the two texts, as find() left them: from the first byte to the closing quote. */
export class V1Tail {
  nameFrom = 0;
  nameTo = 0;
  pairFrom = 0;
  pairTo = 0;

  /** True where the array that begins at `at` ends in two strings; the way there must show that it is well-formed. */
  find(bytes: Uint8Array, at: number, end: number): boolean {
    let position = backSpace(bytes, at, end - 1);
    if (bytes[position] !== CLOSE_ARRAY) return false;
    this.pairTo = backSpace(bytes, at, position - 1);
    this.pairFrom = textStart(bytes, at, this.pairTo);
    if (this.pairFrom < 0) return false;
    position = backSpace(bytes, at, this.pairFrom - 2);
    if (bytes[position] !== COMMA) return false;
    this.nameTo = backSpace(bytes, at, position - 1);
    this.nameFrom = textStart(bytes, at, this.nameTo);
    if (this.nameFrom < 0) return false;
    // Read forwards once more: strictly, and so that an escape in them is noted whatever becomes of the frame.
    return stringEnd(bytes, this.nameFrom, end) === this.nameTo && stringEnd(bytes, this.pairFrom, end) === this.pairTo;
  }
}

/** The last offset, from `from` down, that holds no white space; `at` at the least. */
function backSpace(bytes: Uint8Array, at: number, from: number): number {
  let position = from;
  while (position > at && bytes[position] <= SPACE) position--;
  return position;
}

/** Offset of the first byte of the string whose closing quote is at `close`; -1 where none ends there. */
function textStart(bytes: Uint8Array, at: number, close: number): number {
  if (bytes[close] !== QUOTE) return -1;
  let position = close - 1;
  while (position > at && bytes[position] !== QUOTE) position--;
  return position > at && bytes[position - 1] !== BACKSLASH ? position + 1 : -1;
}
