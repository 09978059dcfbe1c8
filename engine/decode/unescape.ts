// Rewrites a frame whose strings have escapes into one that has none where the plain byte may stand: the slow path.

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

function hexAt(bytes: Uint8Array, at: number): number {
  return Number.parseInt(String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]), 16);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Writes a code point as UTF-8 and returns the offset after it. */
function writeUtf8(out: Uint8Array, at: number, point: number): number {
  const text = Buffer.from(String.fromCodePoint(point), 'utf8');
  out.set(text, at);
  return at + text.length;
}

/**
 * Copies bytes[0..end) into `out`, with `\/` and `\uXXXX` replaced by the character they stand for. Escapes of quotes,
 * backslashes, control characters and lone surrogates stay as they are: no key or symbol may hold them. The frame must
 * have been scanned before, so every escape is whole. Returns the length; it never exceeds `end`.
 */
export function unescapeFrame(bytes: Uint8Array, end: number, out: Uint8Array): number {
  let length = 0;
  let position = 0;
  while (position < end) {
    const byte = bytes[position];
    if (byte !== BACKSLASH || position + 1 >= end) {
      out[length++] = byte;
      position++;
      continue;
    }
    const letter = bytes[position + 1];
    if (letter === 0x2f) {
      out[length++] = letter;
      position += 2;
      continue;
    }
    if (letter === 0x75 && position + 6 <= end) {
      const unit = hexAt(bytes, position + 2);
      const pairs =
        isHighSurrogate(unit) &&
        position + 12 <= end &&
        bytes[position + 6] === BACKSLASH &&
        bytes[position + 7] === 0x75;
      const low = pairs ? hexAt(bytes, position + 8) : 0;
      if (pairs && isLowSurrogate(low)) {
        length = writeUtf8(out, length, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        position += 12;
        continue;
      }
      if (unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH && (unit < 0xd800 || unit >= 0xe000)) {
        length = writeUtf8(out, length, unit);
        position += 6;
        continue;
      }
    }
    out[length++] = byte;
    out[length++] = letter;
    position += 2;
  }
  return length;
}
