// Owns the table tests of the byte scanner's typed values: what each accepts, and which category each refusal has.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDecimal } from '../../../engine/base/decimal.ts';
import * as scan from '../../../engine/decode/scan.ts';
import { integerTime, toMicroseconds } from '../../../engine/decode/time.ts';
import { firstMember, keyFrom, keyTo, member, passMembers } from '../../../engine/decode/walk.ts';
import { FrameResult } from '../../../schemas/ids.ts';

const out = new Float64Array(2);
type Read = (bytes: Uint8Array, at: number, end: number, out: Float64Array, index: number) => number;

/** The value's text where it was read up to the comma behind it, else the category. */
function read(parse: Read, text: string): string | number {
  const bytes = Buffer.from(`${text},`);
  out.fill(0);
  const after = parse(bytes, 0, bytes.length, out, 0);
  if (after < 0) return after;
  assert.equal(after, bytes.length - 1, text);
  return parse === scan.integerAny || parse === integerTime ? String(out[0]) : formatDecimal(out[0], out[1]);
}

const { type, range, syntax, precision } = FrameResult;

describe('typed values', () => {
  const table = (name: string, parse: Read, cases: readonly (readonly [string, string | number])[]): void => {
    it(`of ${name}`, () => {
      for (const [text, want] of cases) assert.equal(read(parse, text), want, text);
    });
  };
  table('decimalString', scan.decimalString, [
    ['"1.50"', '1.5'],
    ['"0.00000001"', '0.00000001'],
    ['"12345.67890123"', '12345.67890123'],
    ['"1.x0000000"', type],
    ['"1.0000000/"', type],
    ['"1.0000000:"', type],
    ['1.5', type],
    ['null', type],
    ['{"a":1}', type],
    ['"1.5', syntax],
    ['"1.5x"', type],
    ['"1.5\\u0030"', type],
    ['"1.5\\x"', syntax],
    ['"-1"', range],
    ['"1e5"', type],
    ['nope', syntax],
  ]);
  table('decimalNumber', scan.decimalNumber, [
    ['1.5', '1.5'],
    ['1e-8', '0.00000001'],
    ['2.50E+1', '25'],
    ['0.10000000', '0.1'],
    ['"1"', type],
    ['-1', range],
    ['-', syntax],
    ['01', syntax],
    ['1.', syntax],
    ['1e', syntax],
    ['1e-19', precision],
    ['true', type],
  ]);
  table('decimalAny', scan.decimalAny, [
    ['"1.5"', '1.5'],
    ['1.5', '1.5'],
    ['[1]', type],
  ]);
  table('integerAny', scan.integerAny, [
    ['"12"', '12'],
    ['12', '12'],
    ['9007199254740991', '9007199254740991'],
    ['9007199254740992', range],
    ['12345678901234567890.5', type],
    ['1.0', type],
    ['"1.0"', type],
    ['"1', syntax],
    ['-1', range],
    ['false', type],
  ]);
  table('integerTime', integerTime, [
    ['1723161256322', '1723161256322000'],
    ['1723161256322001', '1723161256322001'],
    ['0', '0'],
    ['9999999999999', range],
    ['1723161256322.5', type],
    ['"1723161256322"', type],
    ['0723161256322', syntax],
  ]);

  it('tell true from false by their first letter', () => {
    for (const [text, want] of [
      ['true', 4],
      ['false', 5],
      ['null', type],
      ['1', type],
      ['tru', syntax],
      ['fals', syntax],
      ['"true"', type],
    ] as const)
      assert.equal(scan.booleanEnd(Buffer.from(text), 0, text.length), want, text);
  });

  it('of time turn milliseconds into microseconds up to the year 2255', () => {
    for (const [value, want] of [
      [1e14 - 1, range],
      [9e12, 9e15],
      [9e15, 9e15],
      [9e15 + 2, range],
      [1e14, 1e14],
    ] as const) {
      out[0] = value;
      const result = toMicroseconds(out, 0);
      assert.equal(result < 0 ? result : out[0], want);
    }
  });
});

describe('members', () => {
  it('are walked with blanks and without', () => {
    for (const text of ['{"a":1,"bc":"x","d" : [1, 2] , "\\n":null}', '{"a":1}', '{ }', '{}']) {
      const bytes = Buffer.from(text);
      const keys: string[] = [];
      let position = firstMember(bytes, 0, bytes.length);
      while (bytes[position] !== scan.CLOSE_OBJECT) {
        const value = member(bytes, position, bytes.length);
        keys.push(JSON.parse(`"${bytes.toString('utf8', keyFrom, keyTo)}"`) as string);
        position = scan.next(bytes, scan.skipValue(bytes, value, bytes.length), bytes.length, scan.CLOSE_OBJECT);
      }
      assert.deepEqual(keys, Object.keys(JSON.parse(text) as object));
      assert.equal(passMembers(bytes, firstMember(bytes, 0, bytes.length), bytes.length), bytes.length);
    }
  });

  it('that are none are syntax', () => {
    for (const text of [
      '{"a"1}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{"a":1 "b":2}',
      '{"a:1}',
      '{a:1}',
      '{"\u0001":1}',
      '{"a":1',
      '{',
    ]) {
      const bytes = Buffer.from(text);
      const first = firstMember(bytes, 0, bytes.length);
      assert.equal(first < 0 ? first : passMembers(bytes, first, bytes.length), syntax, text);
    }
  });

  it('end at the close, or go on after a comma', () => {
    const next = (text: string): number => scan.next(Buffer.from(text), 0, Buffer.byteLength(text), scan.CLOSE_ARRAY);
    for (const [text, want] of [
      [']', 0],
      [' ]', 1],
      [',1', 1],
      [', 1', 2],
      [' ,1', 2],
      [',]', syntax],
      [', ]', syntax],
      [',', syntax],
      ['', syntax],
      ['}', syntax],
      ['1', syntax],
    ] as const)
      assert.equal(next(text), want, text);
  });
});
