// Reads market ids in any of their writings into the one that is the symbol: 0x and 64 hex digits in lower case. Hot path.
//
// The indexer and the LCD write hex, Go's own JSON of the chain stream writes base64 of the 32 bytes (venues.md §6.4).

import { SYMBOL_BYTES_MAX } from '../../../schemas/config.ts';
import { FrameResult } from '../../../schemas/ids.ts';

const ID_BYTES = 32;
const HEX_DIGITS = 2 * ID_BYTES;
/** With the padding sign at the end. */
const BASE64_DIGITS = 44;
const EQUALS = 0x3d;
const NO_DIGIT = 255;

const HEX = digitsOf('0123456789abcdef');
for (const [index, letter] of [...'ABCDEF'].entries()) HEX[letter.charCodeAt(0)] = 10 + index;
const BASE64 = digitsOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const HEX_LETTERS = Uint8Array.from('0123456789abcdef', (letter) => letter.charCodeAt(0));

function digitsOf(letters: string): Uint8Array {
  const values = new Uint8Array(256).fill(NO_DIGIT);
  for (const [index, letter] of [...letters].entries()) values[letter.charCodeAt(0)] = index;
  return values;
}

/** The id read last, as the symbol: text[0..length). Texts that are no id of 32 bytes are kept as they are. */
export class MarketId {
  readonly text = new Uint8Array(SYMBOL_BYTES_MAX);
  length = 0;

  /** Reads bytes[from..to). Returns 1 or `shape` where the text is too long for a symbol. */
  read(bytes: Uint8Array, from: number, to: number): number {
    const isPrefixed = to - from === HEX_DIGITS + 2 && bytes[from] === 0x30 && (bytes[from + 1] | 0x20) === 0x78;
    if (isPrefixed && this.readHex(bytes, from + 2)) return 1;
    if (to - from === HEX_DIGITS && this.readHex(bytes, from)) return 1;
    if (to - from === BASE64_DIGITS && bytes[to - 1] === EQUALS && this.readBase64(bytes, from)) return 1;
    return this.copy(bytes, from, to);
  }

  /** True when the id read last is that of `other`. */
  equals(other: Uint8Array, length: number): boolean {
    if (length !== this.length) return false;
    for (let i = 0; i < length; i++) if (other[i] !== this.text[i]) return false;
    return true;
  }

  private readHex(bytes: Uint8Array, from: number): boolean {
    const { text } = this;
    for (let i = 0; i < HEX_DIGITS; i++) {
      const value = HEX[bytes[from + i]];
      if (value === NO_DIGIT) return false;
      text[2 + i] = HEX_LETTERS[value];
    }
    this.finish();
    return true;
  }

  /** 43 digits of six bits: 32 bytes and two bits that must be zero. */
  private readBase64(bytes: Uint8Array, from: number): boolean {
    const { text } = this;
    let bits = 0;
    let count = 0;
    let position = 2;
    for (let i = 0; i < BASE64_DIGITS - 1; i++) {
      const value = BASE64[bytes[from + i]];
      if (value === NO_DIGIT) return false;
      bits = ((bits << 6) | value) & 0xfff;
      count += 6;
      for (; count >= 4 && position < HEX_DIGITS + 2; count -= 4)
        text[position++] = HEX_LETTERS[(bits >> (count - 4)) & 15];
    }
    if ((bits & 3) !== 0) return false;
    this.finish();
    return true;
  }

  private finish(): void {
    this.text[0] = 0x30;
    this.text[1] = 0x78;
    this.length = HEX_DIGITS + 2;
  }

  private copy(bytes: Uint8Array, from: number, to: number): number {
    this.length = to - from;
    if (this.length > SYMBOL_BYTES_MAX) return FrameResult.shape;
    for (let i = from; i < to; i++) this.text[i - from] = bytes[i];
    return 1;
  }
}
