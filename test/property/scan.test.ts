// Owns the property tests of the byte scanner: it accepts exactly what JSON.parse accepts, and reads times as Date does.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { documentEnd, findValue, keyBytes, scanState, skipSpace, skipValue } from '../../engine/decode/scan.ts';
import { isoTime } from '../../engine/decode/time.ts';
import { unescapeFrame } from '../../engine/decode/unescape.ts';
import { JSON_DEPTH_MAX } from '../../schemas/config.ts';
import { FrameResult } from '../../schemas/ids.ts';
import '../support/seed.ts';

const RUNS = { numRuns: 3000 };

/** What the scanner says of a whole document: 1, or the negative result. */
function scan(text: string): number {
  const bytes = Buffer.from(`${text}}]"`, 'utf8');
  const end = bytes.length - 3;
  const after = skipValue(bytes, skipSpace(bytes, 0, end), end);
  if (after < 0) return after;
  assert.ok(after <= end, `read past the end of ${JSON.stringify(text)}`);
  return documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : 1;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const jsonText = fc
  .tuple(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'))
  .map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent));
const piece = fc.oneof(
  fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', ' ', '\n', '\t', '\r', '\u00a0', '\ufeff', '\0', '\u001f'),
  fc.constantFrom('true', 'false', 'null', 'tru', 'nul', 'NaN', '-', '+', '.', 'e', 'E', '0', '1', '00', '1.5e+7'),
  fc.constantFrom(
    '"a"',
    '"a":',
    '{"a":1}',
    '[1,2]',
    '\\u00e9',
    '\\ud800',
    '\\x',
    '\\u12',
    '"é\u2028"',
    "'",
    '//',
    '\u007f',
  ),
);
const brokenText = fc.tuple(jsonText, fc.nat(), fc.nat({ max: 4 }), piece).map(([text, at, cut, insert]) => {
  const from = at % (text.length + 1);
  return text.slice(0, from) + insert + text.slice(from + cut);
});

describe('skipValue', () => {
  it('accepts every document that JSON.parse accepts', () => {
    fc.assert(
      fc.property(jsonText, (text) => assert.equal(scan(text), 1)),
      RUNS,
    );
  });

  it('agrees with JSON.parse about damaged documents', () => {
    fc.assert(
      fc.property(brokenText, (text) => assert.equal(scan(text), isJson(text) ? 1 : FrameResult.syntax)),
      RUNS,
    );
  });

  it('agrees with JSON.parse about soups of tokens', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const text = pieces.join('');
        assert.equal(scan(text), isJson(text) ? 1 : FrameResult.syntax);
      }),
      { numRuns: 20_000 },
    );
  });

  it('refuses deeper nesting than the limit as shape, at any size', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ]) {
      const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
      assert.equal(scan(nested(JSON_DEPTH_MAX)), 1);
      assert.equal(scan(nested(JSON_DEPTH_MAX + 1)), FrameResult.shape);
      assert.equal(scan(nested(1_000_000)), FrameResult.shape);
    }
  });

  it('never reads past the end it was given', () => {
    const text = '{"a":[1.5e3,true,null,"x\\u0041\\n"],"b":{"c":"d"}}';
    const bytes = Buffer.from(text);
    for (let end = 0; end < bytes.length; end++) assert.equal(skipValue(bytes, 0, end), FrameResult.syntax, `${end}`);
  });
});

describe('findValue', () => {
  it('finds the first value of a key, or 0', () => {
    const keys = fc.constantFrom('a', 'b', 'type', '__proto__', 'constructor', 'toString');
    const members = fc.array(fc.tuple(keys, fc.jsonValue({ maxDepth: 2 })), { maxLength: 6 });
    fc.assert(
      fc.property(members, keys, (pairs, wanted) => {
        const text = `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
        const bytes = Buffer.from(text);
        const at = findValue(bytes, 0, bytes.length, keyBytes(wanted));
        const first = pairs.find(([key]) => key === wanted);
        if (first === undefined) return assert.equal(at, 0);
        assert.ok(at > 0);
        const value = bytes.toString('utf8', at, skipValue(bytes, at, bytes.length));
        assert.equal(value, JSON.stringify(first[1]));
      }),
      RUNS,
    );
  });
});

describe('unescapeFrame', () => {
  const escapeUnit = (_: unknown, at: number, text: string): string =>
    `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  const escapeAll = (text: string): string =>
    `"${Array.from({ length: text.length }, (_, at) => escapeUnit(_, at, text)).join('')}"`;

  it('keeps what the document means and never grows it', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), { maxLength: 4 });
    fc.assert(
      fc.property(texts, fc.boolean(), (values, all) => {
        const parts = values.map((value) => (all ? escapeAll(value) : JSON.stringify(value)));
        const text = `[${[...parts, '"\\/"'].join(',')}]`;
        const bytes = Buffer.from(text);
        scanState.sawEscape = false;
        assert.ok(skipValue(bytes, 0, bytes.length) > 0);
        assert.ok(scanState.sawEscape);
        const plain = Buffer.alloc(bytes.length);
        const length = unescapeFrame(bytes, bytes.length, plain);
        assert.ok(length <= bytes.length);
        const result = plain.toString('utf8', 0, length);
        assert.deepEqual(JSON.parse(result), JSON.parse(text));
        assert.ok(!all || !/(^|[^\\])\\u00[4-7]/.test(result.replaceAll('\\u005c', '')), result);
      }),
      RUNS,
    );
  });
});

const out = new Float64Array(2);

function timeOf(text: string): number {
  const bytes = Buffer.from(`"${text}"`);
  const after = isoTime(bytes, 0, bytes.length, out, 1);
  if (after < 0) return after;
  assert.equal(after, bytes.length);
  return out[1];
}

describe('isoTime', () => {
  it('reads what Date writes, to the microsecond', () => {
    const times = fc.integer({ min: 0, max: Math.floor(9e15 / 1000) - 1 });
    fc.assert(
      fc.property(
        times,
        fc.nat({ max: 999 }),
        fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 3 }),
        (ms, us, tail) => {
          const text = new Date(ms).toISOString().replace('Z', `${String(us).padStart(3, '0')}${tail}Z`);
          assert.equal(timeOf(text), ms * 1000 + us);
        },
      ),
      RUNS,
    );
  });

  it('reads zones and any number of decimals as Date does', () => {
    const zones = fc.tuple(fc.constantFrom('+', '-'), fc.nat({ max: 23 }), fc.nat({ max: 59 }));
    const two = (value: number): string => String(value).padStart(2, '0');
    fc.assert(
      fc.property(
        fc.integer({ min: 1e9, max: 4e9 }),
        fc.nat({ max: 3 }),
        zones,
        (seconds, decimals, [sign, hour, minute]) => {
          const date = new Date(seconds * 1000 + 123).toISOString();
          const text = `${date.slice(0, 19)}${decimals === 0 ? '' : date.slice(19, 20 + decimals)}${sign}${two(hour)}:${two(minute)}`;
          assert.equal(timeOf(text), Date.parse(text) * 1000);
        },
      ),
      RUNS,
    );
  });

  it('agrees with the calendar about which dates exist', () => {
    const two = (value: number): string => String(value).padStart(2, '0');
    for (const year of [1970, 1999, 2000, 2023, 2024, 2100, 2200]) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const date = new Date(Date.UTC(year, month - 1, day));
          const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month >= 1 && month <= 12;
          const want = exists ? date.getTime() * 1000 : FrameResult.type;
          assert.equal(timeOf(`${year}-${two(month)}-${two(day)}T00:00:00Z`), want, `${year}-${month}-${day}`);
        }
      }
    }
  });

  it('reads a leap second as the second after it, and refuses what is no time', () => {
    assert.equal(timeOf('2016-12-31T23:59:60Z'), Date.UTC(2017, 0, 1) * 1000);
    assert.equal(timeOf('2024-08-09t21:05:48z'), Date.UTC(2024, 7, 9, 21, 5, 48) * 1000);
    assert.equal(timeOf('2300-01-01T00:00:00Z'), FrameResult.range);
    assert.equal(timeOf('1970-01-01T00:00:00+01:00'), FrameResult.range);
    const bad = [
      '',
      '2024-08-09',
      '2024-08-09T21:05Z',
      '2024-08-09T21:05:48',
      '2024-08-09X21:05:48Z',
      '2024/08/09T21:05:48Z',
      '2024-08-09T21-05-48Z',
      '2024-08-09T24:00:00Z',
      '2024-08-09T21:60:00Z',
      '2024-08-09T21:05:61Z',
      '2024-08-09T21:05:48.Z',
      '2024-08-09T21:05:48,5Z',
      '2024-08-09T21:05:48+24:00',
      '2024-08-09T21:05:48+02:60',
      '2024-08-09T21:05:48+0200',
      '2024-08-09T21:05:48ZZ',
      '2024-08-09T21:05:48.123 Z',
      '2O24-08-09T21:05:48Z',
      '2024-0x-09T21:05:48Z',
      '1969-12-31T23:59:59Z',
      '1723161255.123',
    ];
    for (const text of bad) assert.equal(timeOf(text), FrameResult.type, text);
  });
});
