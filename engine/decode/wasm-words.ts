// Reads numbers, texts and keys of frames eight bytes at a time, in WebAssembly: what all venues' scanners share.
//
// Why: a view of a thread that ever detached a buffer is checked at each access, and JavaScript has no 64-bit integers
// without objects. Here a load is one instruction, and eight digits are read at once (decisions/0012).
//
// Every procedure returns the next offset, or 0 where something else stands there than it reads. The frame's end is not
// looked at for being right: bytes behind it are other frames' or zeros, offsets only grow, and a frame is taken only where
// its last offset is its end. So whatever was read behind the end is thrown away. What may be of any length looks at it
// all the same, lest a short frame cost a walk through all that lies behind.

import { type Code, f64, forever, giveBack, i32, i64, run, type Variable, type WasmModule, when } from './wasm-code.ts';

const repeated = (byte: number): bigint => BigInt(byte) * 0x0101010101010101n;
const ZEROS = i64.of(repeated(0x30));
const HIGH_BITS = i64.of(repeated(0x80));
const QUOTE = 0x22;
const POINT = 0x2e;
const TIME_MS_MAX = 9_000_000_000_000n;
/** Stores a signed 64-bit integer as a double. */
const storeDouble = (address: Code, value: Code, offset = 0): Code =>
  f64.store(address, f64.fromSigned64(value), offset);
export const FAIL = giveBack(i32.of(0));

export const failIf = (condition: Code): Code => when(condition, FAIL);
export const failUnless = (condition: Code): Code => failIf(i32.isZero(condition));

/** 1 where the ASCII text stands at the address. Reads up to eight bytes from each place, at most seven behind the text. */
export function isText(address: Code, text: string): Code {
  const bytes = Array.from(text, (character) => BigInt(character.charCodeAt(0)));
  const word = (from: number): bigint => bytes.slice(from, from + 8).reduceRight((all, byte) => (all << 8n) | byte, 0n);
  if (bytes.length <= 8) {
    const mask = i64.of((1n << BigInt(8 * bytes.length)) - 1n);
    const loaded = bytes.length === 8 ? i64.load(address) : i64.and(i64.load(address), mask);
    return i64.equal(loaded, i64.of(word(0)));
  }
  const starts = Array.from({ length: Math.ceil(bytes.length / 8) }, (_, i) => Math.min(8 * i, bytes.length - 8));
  return starts.map((from) => i64.equal(i64.load(address, from), i64.of(word(from)))).reduce((a, b) => i32.and(a, b));
}

/** High bits of the bytes that are no digits, exact for the first such byte: an overflow reaches only those after it. */
function others(digits: Variable): Code {
  return i64.and(i64.or(i64.add(digits.get, i64.of(repeated(0x76))), digits.get), HIGH_BITS);
}

/** The number of eight digits, the first in the lowest byte: pairs, then fours, then all (Lemire, "parsing eight digits", 2018). */
function eightDigits(digits: Code): Code {
  const pairs = i64.shiftRight(i64.multiply(digits, i64.of(10n * 256n + 1n)), i64.of(8n));
  const fours = i64.shiftRight(
    i64.multiply(i64.and(pairs, i64.of(0x00ff00ff00ff00ffn)), i64.of(100n * 65_536n + 1n)),
    i64.of(16n),
  );
  return i64.shiftRight(
    i64.multiply(i64.and(fours, i64.of(0x0000ffff0000ffffn)), i64.of(10_000n * 4_294_967_296n + 1n)),
    i64.of(32n),
  );
}

/** Digits before the first other byte: 0 to 8. */
const countOf = (other: Variable): Code => i32.from64(i64.shiftRight(i64.trailingZeros(other.get), i64.of(3n)));

/** Moves the first `count` digits to the high bytes, zeros before them; count is 1 to 8. */
const alignedRight = (digits: Variable, count: Variable): Code =>
  i64.shiftLeft(digits.get, i64.subtract(i64.of(64n), i64.shiftLeft(i64.from32(count.get), i64.of(3n))));

/** The digits before the first other byte, zeros behind them. */
const alignedLeft = (digits: Variable, other: Variable): Code =>
  i64.and(
    digits.get,
    i64.subtract(i64.shiftRight(i64.and(other.get, i64.subtract(i64.of(0n), other.get)), i64.of(7n)), i64.of(1n)),
  );

type Call = (...values: readonly Code[]) => Code;

export type WasmWords = {
  /** (at, out): 1 to 15 digits without a leading zero, as a double at `out`. */
  readonly integer: Call;
  /** (at, out): such a number up to the year 2255 in ms, as µs. */
  readonly time: Call;
  /** (at, out): a decimal of up to 12 digits before and 15 behind its point, and the quote after it: milli, then atto. */
  readonly decimal: Call;
  /** Decimals of the last decimal, as sent. */
  readonly decimals: Variable;
  /** (at, end): the quote that ends a text of plain ASCII: no escape, blank, `!` or control character, none above 0x7f. */
  readonly textEnd: Call;
};

export function addWords(module: WasmModule): WasmWords {
  const value = module.global('i64');
  const decimals = module.global('i32');
  const digits = addDigits(module, value);
  const integer = module.procedure(['i32', 'i32'], ([at, out], locals) => {
    const end = locals.add('i32');
    return run(
      end.set(digits(at.get)),
      failIf(i32.isZero(end.get)),
      storeDouble(out.get, value.get),
      giveBack(end.get),
    );
  });
  const time = module.procedure(['i32', 'i32'], ([at, out], locals) => {
    const end = locals.add('i32');
    return run(
      end.set(digits(at.get)),
      failIf(i32.isZero(end.get)),
      failIf(i64.above(value.get, i64.of(TIME_MS_MAX))),
      storeDouble(out.get, i64.multiply(value.get, i64.of(1000n))),
      giveBack(end.get),
    );
  });
  return { integer, time, decimal: addDecimal(module, digits, value, decimals), decimals, textEnd: addTextEnd(module) };
}

/** (at): 1 to 15 digits into the global `value`. */
function addDigits(module: WasmModule, value: Variable): Call {
  return module.procedure(['i32'], ([at], locals) => {
    const [word, other, total] = [locals.add('i64'), locals.add('i64'), locals.add('i64')];
    const count = locals.add('i32');
    const readWord = (offset: number): Code =>
      run(word.set(i64.xor(i64.load(at.get, offset), ZEROS)), other.set(others(word)), count.set(countOf(other)));
    const isLeadingZero = i64.isZero(i64.and(word.get, i64.of(0xffn)));
    return run(
      readWord(0),
      failIf(i32.isZero(count.get)),
      when(
        i32.differ(count.get, i32.of(8)),
        run(
          failIf(i32.and(isLeadingZero, i32.above(count.get, i32.of(1)))),
          value.set(eightDigits(alignedRight(word, count))),
          giveBack(i32.add(at.get, count.get)),
        ),
      ),
      failIf(isLeadingZero),
      total.set(eightDigits(word.get)),
      readWord(8),
      // Sixteen digits or more.
      failIf(i32.equal(count.get, i32.of(8))),
      when(
        count.get,
        total.set(i64.add(i64.multiply(total.get, i64.load(powerAt(count))), eightDigits(alignedRight(word, count)))),
      ),
      value.set(total.get),
      giveBack(i32.add(at.get, i32.add(i32.of(8), count.get))),
    );
  });
}

/** Where the powers of ten lie in memory: 10^0 to 10^7 as 64-bit integers. */
export const POWERS_AT = 3072;
const powerAt = (exponent: Variable): Code => i32.add(i32.of(POWERS_AT), i32.shiftLeft(exponent.get, i32.of(3)));

export function writePowers(view: DataView): void {
  for (let exponent = 0; exponent < 8; exponent++)
    view.setBigInt64(POWERS_AT + 8 * exponent, 10n ** BigInt(exponent), true);
}

function addDecimal(module: WasmModule, digits: Call, value: Variable, decimals: Variable): Call {
  return module.procedure(['i32', 'i32'], ([at, out], locals) => {
    const [word, other, atto] = [locals.add('i64'), locals.add('i64'), locals.add('i64')];
    const [end, count, part, more] = [locals.add('i32'), locals.add('i32'), locals.add('i32'), locals.add('i32')];
    const readWord = (offset: number): Code =>
      run(word.set(i64.xor(i64.load(end.get, offset), ZEROS)), other.set(others(word)));
    const fraction = i32.from64(eightDigits(alignedLeft(word, other)));
    return run(
      end.set(digits(at.get)),
      failIf(i32.isZero(end.get)),
      failIf(i32.above(i32.subtract(end.get, at.get), i32.of(12))),
      when(
        i32.equal(i32.load8(end.get), i32.of(QUOTE)),
        run(
          decimals.set(i32.of(0)),
          storeDouble(out.get, i64.multiply(value.get, i64.of(1000n))),
          storeDouble(out.get, i64.of(0n), 8),
          giveBack(i32.add(end.get, i32.of(1))),
        ),
      ),
      failIf(i32.differ(i32.load8(end.get), i32.of(POINT))),
      end.set(i32.add(end.get, i32.of(1))),
      readWord(0),
      count.set(countOf(other)),
      failIf(i32.isZero(count.get)),
      part.set(fraction),
      atto.set(i64.multiply(i64.from32(i32.remainder(part.get, i32.of(100_000))), i64.of(10_000_000_000n))),
      when(
        i32.equal(count.get, i32.of(8)),
        run(
          readWord(8),
          more.set(countOf(other)),
          failIf(i32.equal(more.get, i32.of(8))),
          // The ninth to the sixteenth decimal: a hundred atto each.
          atto.set(i64.add(atto.get, i64.multiply(i64.from32(fraction), i64.of(100n)))),
          count.set(i32.add(count.get, more.get)),
        ),
      ),
      end.set(i32.add(end.get, count.get)),
      failIf(i32.differ(i32.load8(end.get), i32.of(QUOTE))),
      decimals.set(count.get),
      storeDouble(
        out.get,
        i64.add(i64.multiply(value.get, i64.of(1000n)), i64.from32(i32.divide(part.get, i32.of(100_000)))),
      ),
      storeDouble(out.get, atto.get, 8),
      giveBack(i32.add(end.get, i32.of(1))),
    );
  });
}

function addTextEnd(module: WasmModule): Call {
  return module.procedure(['i32', 'i32'], ([at, end], locals) => {
    const [word, slashes, found] = [locals.add('i64'), locals.add('i64'), locals.add('i64')];
    const lowest = (bytes: Variable, from: bigint): Code =>
      i64.and(i64.subtract(bytes.get, i64.of(repeated(Number(from)))), i64.xor(bytes.get, i64.of(-1n)));
    const step = run(
      failUnless(i32.below(at.get, end.get)),
      word.set(i64.load(at.get)),
      slashes.set(i64.xor(word.get, i64.of(repeated(0x5c)))),
      // A byte up to the quote, a zero byte in `slashes`, or one above 0x7f ends the plain run.
      found.set(i64.and(i64.or(i64.or(lowest(word, 0x23n), lowest(slashes, 1n)), word.get), HIGH_BITS)),
      when(
        i32.isZero(i64.isZero(found.get)),
        run(
          at.set(i32.add(at.get, i32.from64(i64.shiftRight(i64.trailingZeros(found.get), i64.of(3n))))),
          failIf(i32.differ(i32.load8(at.get), i32.of(QUOTE))),
          giveBack(at.get),
        ),
      ),
      at.set(i32.add(at.get, i32.of(8))),
    );
    return forever(step);
  });
}
