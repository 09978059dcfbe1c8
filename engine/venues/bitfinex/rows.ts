// Walks a payload: one row of plain values, or a list of rows. Hot path.
//
// Source: Bitfinex docs, "Public Channels" (2026-07): a snapshot is a list of rows, an update one row.

import { FrameResult } from '../../../schemas/ids.ts';
import { CLOSE_ARRAY, next, OPEN_ARRAY, skipSpace, wrongType } from '../../decode/scan.ts';

/** Every method returns the offset after what it read, or a negative FrameResult. */
export abstract class RowReader {
  /** Elements a row must have; the venue may append more. */
  private readonly elementsMin: number;

  constructor(elementsMin: number) {
    this.elementsMin = elementsMin;
  }

  /** Reads the element of the row at hand; passes over those of no use. */
  protected abstract element(bytes: Uint8Array, at: number, end: number, index: number): number;

  /** Writes the row read; returns 1 or a negative FrameResult. */
  protected abstract endRow(bytes: Uint8Array): number;

  /** Reads the payload at `at`: a row, or a list of them. */
  protected payload(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    return isList(bytes, at, end) ? this.list(bytes, at, end) : this.row(bytes, at, end);
  }

  private list(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const after = this.row(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private row(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    let index = 0;
    for (; bytes[position] !== CLOSE_ARRAY; index++) {
      const after = this.element(bytes, position, end, index);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    if (index < this.elementsMin) return FrameResult.shape;
    const written = this.endRow(bytes);
    return written < 0 ? written : position + 1;
  }
}

/** True where the array at `at` holds rows or nothing: a snapshot, be it empty. */
export function isList(bytes: Uint8Array, at: number, end: number): boolean {
  const first = skipSpace(bytes, at + 1, end);
  return bytes[first] === OPEN_ARRAY || bytes[first] === CLOSE_ARRAY;
}
