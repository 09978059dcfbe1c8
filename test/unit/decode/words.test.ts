// Owns the checks of the readers in words: what they read, they read as parseDecimal and parseInteger do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lastDecimals, parseDecimal } from '../../../engine/decode/decimal.ts';
import { parseInteger } from '../../../engine/decode/integer.ts';
import { decimalAt, decimalsRead, integerAt, textEndAt, wordOf } from '../../../engine/decode/words.ts';
import '../../support/seed.ts';

const OFFSET = 3;

/** The bytes of `text` as a view at an odd offset, with nothing behind them; `last` is where the last whole word begins. */
function bytesOf(text: string): { view: DataView; bytes: Uint8Array; end: number; last: number } {
  const bytes = Uint8Array.from(Buffer.from(`###${text}`, 'latin1'));
  return { view: new DataView(bytes.buffer), bytes, end: bytes.length, last: bytes.length - 4 };
}

/** Checks a decimal in front of `rest`; true where it was read in words. */
function checkDecimal(text: string, rest: string): boolean {
  const { view, bytes, end, last } = bytesOf(text + rest);
  const out = new Float64Array(4);
  const wanted = new Float64Array(4);
  const after = decimalAt(view, OFFSET, last, out, 1);
  if (after === 0) return false;
  const quoteAt = parseDecimal(bytes, OFFSET, end, wanted, 1);
  assert.deepEqual([after, decimalsRead, ...out], [quoteAt + 1, lastDecimals, ...wanted], text + rest);
  assert.equal(bytes[quoteAt], 0x22, text + rest);
  return true;
}

/** Checks an integer in front of `rest`; true where it was read in words, whole. */
function checkInteger(text: string, rest: string): boolean {
  const { view, bytes, end, last } = bytesOf(text + rest);
  const out = new Float64Array(3);
  const wanted = new Float64Array(3);
  const after = integerAt(view, OFFSET, last, out, 1);
  // A number that reaches the last three bytes is cut there: no caller takes an offset beyond `last`. Nor does one take
  // a point or an exponent behind it: all look for a comma next.
  if (after === 0 || after > last || '.eE'.includes(String.fromCharCode(bytes[after]))) return false;
  assert.deepEqual([after, ...out], [parseInteger(bytes, OFFSET, end, wanted, 1), ...wanted], text + rest);
  return true;
}

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const anything = fc.string({ unit: fc.constantFrom(...'0019.,"-eE+ x\u0080\u00b0\u00ff\u0000/:'), maxLength: 24 });

describe('numbers read in words', () => {
  it('are decimals of one to nine digits on either side of the point', () => {
    for (let whole = 1; whole <= 12; whole++) {
      for (let part = 0; part <= 12; part++) {
        const text = `${'7'.repeat(whole)}${part === 0 ? '' : '.'}${'9'.repeat(part)}`;
        assert.equal(checkDecimal(text, '","q"'), whole <= 9 && part <= 9, text);
      }
    }
  });

  it('are integers of one to fifteen digits', () => {
    for (let count = 1; count <= 20; count++) {
      for (const digit of '19') assert.equal(checkInteger(digit.repeat(count), ',"q"'), count <= 15);
    }
    assert.deepEqual(
      [checkInteger('0', ',"q"'), checkInteger('00', ',"q"'), checkInteger('', ',"q"')],
      [true, false, false],
    );
  });

  it('are as the parsers read them', () => {
    const rest = fc.oneof(fc.constantFrom('"', '"}', '"]]}', '",'), anything);
    fc.assert(
      fc.property(digits(0, 13), fc.oneof(fc.constantFrom('', '.'), anything), digits(0, 20), rest, (a, b, c, d) => {
        checkDecimal(a + b + c, d);
        checkInteger(a + b + c, d);
      }),
      { numRuns: 20_000 },
    );
  });

  it('hold no other byte in any of four places', () => {
    for (let place = 0; place < 8; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const text = `${'12345678'.slice(0, place)}${String.fromCharCode(byte)}${'12345678'.slice(place + 1)}`;
        const isDigit = byte >= 0x30 && byte <= 0x39;
        const isInteger = place === 0 ? isDigit && byte !== 0x30 : byte !== 0x2e && (byte | 0x20) !== 0x65;
        assert.equal(checkInteger(text, ',"q"'), isInteger, `byte ${byte} at ${place}`);
        // A point or a quote may follow a digit; a quote is the end, also with more behind it.
        const isPart = place > 0 && (isDigit || byte === 0x2e || byte === 0x22);
        const isDecimal = isPart && !(byte === 0x2e && place === 7);
        assert.equal(checkDecimal(text, '","q"'), isDecimal || (isInteger && place === 0), `byte ${byte} at ${place}`);
      }
    }
  });
});

describe('texts read in words', () => {
  it('end at the first quote, and hold plain characters alone', () => {
    for (let length = 0; length < 12; length++) {
      for (let rest = 0; rest < 6; rest++) {
        const { view, last } = bytesOf(`${'a'.repeat(length)}"${'"'.repeat(rest)}`);
        assert.equal(textEndAt(view, OFFSET, last), OFFSET + length);
      }
      const { view, last } = bytesOf('a'.repeat(length));
      assert.equal(textEndAt(view, OFFSET, last), 0);
    }
  });

  it('are refused for any byte that is not plain', () => {
    for (let place = 0; place < 9; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const { view, last } = bytesOf(`${'a'.repeat(place)}${String.fromCharCode(byte)}${'a'.repeat(8 - place)}"`);
        const isPlain = byte > 0x22 && byte < 0x80 && byte !== 0x5c;
        const end = byte === 0x22 ? OFFSET + place : isPlain ? OFFSET + 9 : 0;
        assert.equal(textEndAt(view, OFFSET, last), end, `byte ${byte} at ${place}`);
      }
    }
  });
});

describe('wordOf', () => {
  it('is what getInt32 reads', () => {
    const { view } = bytesOf('{"e"');
    assert.equal(wordOf('{"e"'), view.getInt32(OFFSET, true));
  });
});
