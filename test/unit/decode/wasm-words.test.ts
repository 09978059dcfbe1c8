// Owns the property that numbers and texts read by WebAssembly come to what the plain readers make of them, or are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastDecimals, parseDecimal } from '../../../engine/decode/decimal.ts';
import {
  FRAME_MEMORY_PAGES,
  frameBytes,
  frameF64,
  frameMemory,
  frameView,
  LARGE_AT,
  LARGE_BYTES,
  STAGE_AT,
  VALUES_AT,
  VALUES_F64,
} from '../../../engine/decode/frame-memory.ts';
import { giveBack, i32, WasmModule } from '../../../engine/decode/wasm-code.ts';
import { addWords, isText, writePowers } from '../../../engine/decode/wasm-words.ts';
import '../../support/seed.ts';

type Reader = (at: number, out: number) => number;

const TEXTS = ['a', ',"T":', '"bcdefg', '12345678', '{"stream":"', '","data":{"e":"!'];
const UNTOUCHED = -7;

function compile(): Record<string, Reader> {
  const module = new WasmModule(FRAME_MEMORY_PAGES);
  const words = addWords(module);
  const readers = { integer: words.integer, time: words.time, decimal: words.decimal };
  for (const [name, read] of Object.entries(readers)) {
    module.procedure(['i32', 'i32'], ([at, out]) => giveBack(read(at.get, out.get)));
    module.export(name);
  }
  module.procedure(['i32', 'i32'], () => giveBack(words.decimals.get));
  module.export('decimals');
  module.procedure(['i32', 'i32'], ([at]) => giveBack(words.textEnd(at.get, i32.of(LARGE_AT + LARGE_BYTES))));
  module.export('textEnd');
  module.procedure(['i32', 'i32'], ([at, end]) => giveBack(words.textEnd(at.get, end.get)));
  module.export('textEndBefore');
  for (const text of TEXTS) {
    module.procedure(['i32', 'i32'], ([at]) => giveBack(isText(at.get, text)));
    module.export(text);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory: frameMemory } });
  return instance.exports as Record<string, Reader>;
}

writePowers(frameView);
const readers = compile();

/** Reads `text` with `rest` behind it: how many bytes were taken, or 0, and the two numbers left. */
function read(name: string, text: string, rest: string): { taken: number; values: number[] } {
  frameBytes.set(Buffer.from(text + rest, 'latin1'), STAGE_AT);
  frameF64.fill(UNTOUCHED, VALUES_F64, VALUES_F64 + 2);
  const end = readers[name](STAGE_AT, VALUES_AT);
  return { taken: end === 0 ? 0 : end - STAGE_AT, values: [...frameF64.subarray(VALUES_F64, VALUES_F64 + 2)] };
}

const digits = (max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
/** What stands behind: anything that is no digit, then anything. */
const behind = fc
  .tuple(
    fc.constantFrom('"', ',', '}', '.', '/', ':', '\0', '\xff', 'e', ' '),
    fc.string({ maxLength: 20, unit: 'binary-ascii' }),
  )
  .map(([first, more]) => first + more);
const isPlain = (text: string): boolean => text === '0' || !text.startsWith('0');

test('an integer of 1 to 15 digits is read exactly, a longer one or one with a leading zero is refused', () => {
  const property = fc.property(digits(20), behind, (text, rest) => {
    const { taken, values } = read('integer', text, rest);
    if (text.length > 15 || !isPlain(text)) return assert.equal(taken, 0, text);
    assert.equal(taken, text.length, text);
    assert.equal(values[0], Number(text));
  });
  fc.assert(property, { numRuns: 2000 });
  assert.equal(read('integer', '', ',1').taken, 0);
});

test('a time is read as microseconds up to the year 2255, a later one is refused', () => {
  assert.deepEqual(read('time', '1767225600123', ','), { taken: 13, values: [1_767_225_600_123_000, UNTOUCHED] });
  assert.equal(read('time', '9000000000000', ',').values[0], 9e15);
  assert.equal(read('time', '9000000000001', ',').taken, 0);
});

test('a decimal comes to what the plain reader makes of it, or is refused', () => {
  const out = new Float64Array(2);
  let taken = 0;
  const one = (text: string, rest: string): void => {
    const said = read('decimal', text, `"${rest}`);
    if (said.taken === 0) return;
    taken++;
    const bytes = Buffer.from(`${text}"`, 'latin1');
    assert.equal(parseDecimal(bytes, 0, bytes.length, out, 0), text.length, text);
    assert.equal(said.taken, text.length + 1, text);
    assert.deepEqual(said.values, [...out], text);
    assert.equal(readers['decimals'](0, 0), lastDecimals, text);
  };
  const text = fc.oneof(
    digits(14),
    fc.tuple(digits(14), digits(20)).map(([whole, part]) => `${whole}.${part}`),
    fc.tuple(fc.nat(999_999), digits(16)).map(([whole, part]) => `${whole}.${part}`),
  );
  fc.assert(fc.property(text, behind, one), { numRuns: 3000 });
  assert.ok(taken > 1000, String(taken));
});

test('a decimal of every length that venues write is taken', () => {
  for (let whole = 1; whole <= 12; whole++) {
    assert.equal(read('decimal', '9'.repeat(whole), '"').taken, whole + 1);
    for (let part = 1; part <= 15; part++) {
      const text = `${'9'.repeat(whole)}.${'9'.repeat(part)}`;
      assert.equal(read('decimal', text, '"').taken, text.length + 1, text);
    }
  }
});

test('what is no decimal with a quote behind it is refused', () => {
  for (const text of ['', '.5', '1.', '01', '00.5', '-1', '1e5', '1.5e5', '1.2.3', '1.5,', '1234567890123'])
    assert.equal(read('decimal', text, text === '1.5,' ? '' : '"').taken, 0, text);
});

test('a text ends at its quote and is refused at anything that is not plain', () => {
  for (let length = 0; length < 20; length++) {
    const plain = 'x'.repeat(length);
    assert.equal(read('textEnd', plain, '"rest').taken, length === 0 ? 0 : length, plain);
    for (const byte of ['\\', ' ', '!', '\0', '\x1f', '\x80', '\xff']) {
      assert.equal(read('textEnd', `${plain}${byte}yyyyyyyy`, '"').taken, 0, JSON.stringify(byte));
      assert.equal(read('textEnd', plain, `"${byte}`).taken, length, JSON.stringify(byte));
    }
  }
});

test('the quote of a text is not looked for behind the end of its frame', () => {
  const at = place(`${'x'.repeat(100)}"`);
  assert.equal(readers['textEndBefore'](at, at + 101), at + 100);
  // The last word reaches up to seven bytes behind the end: the frame's last offset tells.
  for (let length = 0; length < 93; length++)
    assert.equal(readers['textEndBefore'](at, at + length), 0, String(length));
});

test('a text is told from one that differs in any byte', () => {
  for (const text of TEXTS) {
    assert.equal(readers[text](place(`${text}?`), 0), 1, text);
    for (let at = 0; at < text.length; at++)
      assert.equal(readers[text](place(`${text.slice(0, at)}~${text.slice(at + 1)}`), 0), 0, text);
  }
});

test('nothing reads beyond the memory, though digits fill it to its guard', () => {
  for (const [byte, name] of [
    ['1', 'integer'],
    ['1', 'decimal'],
    ['x', 'textEnd'],
  ]) {
    frameBytes.fill(byte.charCodeAt(0), LARGE_AT, LARGE_AT + LARGE_BYTES);
    assert.equal(readers[name](LARGE_AT, VALUES_AT), 0);
    for (let left = 1; left < 20; left++) readers[name](LARGE_AT + LARGE_BYTES - left, VALUES_AT);
  }
});

function place(text: string): number {
  frameBytes.set(Buffer.from(text, 'latin1'), STAGE_AT);
  return STAGE_AT;
}
