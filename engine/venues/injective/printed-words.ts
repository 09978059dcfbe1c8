// Compares texts and reads decimals as Go's LegacyDec prints them, four bytes at a time through a DataView. Hot path.

import { fourDigits, wordOf } from '../../decode/words.ts';

const ZEROS = wordOf('0000');
const TWO_ZEROS = 0x3030;
const FRACTION_DIGITS = 18;
const WHOLE_DIGITS_MAX = 9;
const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;

/** A text as the words it is compared by, the last of them ending with it. */
export type Text = { readonly words: Int32Array; readonly bytes: number };

export function textOf(text: string): Text {
  const offsets = Array.from({ length: Math.ceil(text.length / 4) }, (_, index) =>
    Math.min(4 * index, text.length - 4),
  );
  return { words: Int32Array.from(offsets, (offset) => wordOf(text.slice(offset, offset + 4))), bytes: text.length };
}

/** True where view[at..) begins with the text. All of it lies before `last` + 4. */
export function isText(view: DataView, at: number, last: number, text: Text): boolean {
  const { words, bytes } = text;
  if (at + bytes - 4 > last) return false;
  const count = words.length - 1;
  for (let i = 0; i < count; i++) if (view.getInt32(at + 4 * i, true) !== words[i]) return false;
  return view.getInt32(at + bytes - 4, true) === words[count];
}

/** A decimal with 18 decimals and up to 9 digits before them, into out[index], out[index + 1]; returns the offset of the quote behind it. */
export function printedAt(view: DataView, at: number, last: number, out: Float64Array, index: number): number {
  let whole = 0;
  let position = at;
  let byte = 0;
  for (; position <= last && position - at <= WHOLE_DIGITS_MAX; position++) {
    byte = view.getUint8(position);
    if (byte < ZERO || byte > 0x39) break;
    whole = (whole * 10 + (byte - ZERO)) | 0;
  }
  const digits = position - at;
  if (byte !== POINT || digits === 0 || digits > WHOLE_DIGITS_MAX) return 0;
  if (digits > 1 && view.getUint8(at) === ZERO) return 0;
  const close = position + 1 + FRACTION_DIGITS;
  if (close > last || view.getUint8(close) !== QUOTE) return 0;
  return fractionAt(view, position + 1, whole, out, index) ? close : 0;
}

function fractionAt(view: DataView, at: number, whole: number, out: Float64Array, index: number): boolean {
  const first = fourDigits(view.getInt32(at, true));
  const second = fourDigits(view.getInt32(at + 4, true));
  if (first < 0 || second < 0) return false;
  const thousandths = (first / 10) | 0;
  out[index] = whole * 1000 + thousandths;
  out[index + 1] = (first - thousandths * 10) * 1e14 + second * 1e10;
  const third = view.getInt32(at + 8, true);
  const fourth = view.getInt32(at + 12, true);
  const rest = view.getUint16(at + 16, true);
  // Most numbers end here.
  return (third === ZEROS && fourth === ZEROS && rest === TWO_ZEROS) || restAt(third, fourth, rest, out, index);
}

function restAt(third: number, fourth: number, rest: number, out: Float64Array, index: number): boolean {
  const high = fourDigits(third);
  const low = fourDigits(fourth);
  const tens = (rest & 0xff) - ZERO;
  const ones = (rest >> 8) - ZERO;
  if (high < 0 || low < 0 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return false;
  out[index + 1] += high * 1e6 + low * 100 + tens * 10 + ones;
  return true;
}
