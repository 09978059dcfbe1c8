// Writes WebAssembly modules from expressions: just the instructions that the scanners of frames need.
//
// Source: WebAssembly Core Specification 2.0 (2024), chapter 5 "Binary Format". An expression is the bytes of its
// instructions; operands come before their operator, so composing is joining. Nothing here runs per frame.

export type Code = readonly number[];
export type ValueType = 'i32' | 'i64' | 'f64';

const TYPE_BYTES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c };
const NO_VALUE = 0x40;

/** LEB128: seven bits a byte, lowest first; `value` is not negative. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

const listOf = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const textOf = (text: string): Code => sized(Array.from(text, (character) => character.charCodeAt(0)));
const section = (id: number, content: Code): Code => [id, ...sized(content)];

const unary =
  (code: number) =>
  (a: Code): Code => [...a, code];
const binary =
  (code: number) =>
  (a: Code, b: Code): Code => [...a, ...b, code];
/** Memory is read and written at any alignment; `offset` is added to the address. */
const load =
  (code: number) =>
  (address: Code, offset = 0): Code => [...address, code, 0, ...unsigned(offset)];
const store =
  (code: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, code, 0, ...unsigned(offset)];

export const i32 = {
  of: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  load: load(0x28),
  load8: load(0x2d),
  load16: load(0x2f),
  store: store(0x36),
  isZero: unary(0x45),
  equal: binary(0x46),
  differ: binary(0x47),
  below: binary(0x49),
  above: binary(0x4b),
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  divide: binary(0x6e),
  remainder: binary(0x70),
  and: binary(0x71),
  or: binary(0x72),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
  from64: unary(0xa7),
};

export const i64 = {
  of: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: load(0x29),
  isZero: unary(0x50),
  equal: binary(0x51),
  above: binary(0x56),
  trailingZeros: unary(0x7a),
  add: binary(0x7c),
  subtract: binary(0x7d),
  multiply: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shiftLeft: binary(0x86),
  shiftRight: binary(0x88),
  from32: unary(0xad),
};

export const f64 = {
  of: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  load: load(0x2b),
  store: store(0x39),
  equal: binary(0x61),
  above: binary(0x64),
  atMost: binary(0x65),
  atLeast: binary(0x66),
  floor: unary(0x9c),
  add: binary(0xa0),
  fromSigned64: unary(0xb9),
};

/** Statements one after the other. */
export const run = (...parts: readonly Code[]): Code => parts.flat();
export const giveBack = (value: Code): Code => [...value, 0x0f];
/** Each branch is a statement. */
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  NO_VALUE,
  ...then,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];
/** Runs the body again and again: it leaves by giveBack(). */
export const forever = (body: Code): Code => [0x03, NO_VALUE, ...body, 0x0c, 0, 0x0b, 0x00];

/** A parameter, local or global: how it is read, and set. */
export class Variable {
  readonly get: Code;
  private readonly setCode: Code;

  constructor(getCode: number, setCode: number, index: number) {
    this.get = [getCode, ...unsigned(index)];
    this.setCode = [setCode, ...unsigned(index)];
  }

  set(value: Code): Code {
    return [...value, ...this.setCode];
  }
}

type Procedure = {
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
};

/** Hands out the locals of a procedure while its body is written. */
export class Locals {
  readonly types: ValueType[] = [];
  private readonly from: number;

  constructor(from: number) {
    this.from = from;
  }

  add(type: ValueType): Variable {
    this.types.push(type);
    return new Variable(0x20, 0x21, this.from + this.types.length - 1);
  }
}

const ZERO_OF: Readonly<Record<ValueType, Code>> = { i32: i32.of(0), i64: i64.of(0n), f64: f64.of(0) };

/** A module under construction. Every procedure returns an i32; memory comes from outside as `env.memory`. */
export class WasmModule {
  private readonly procedures: Procedure[] = [];
  private readonly globals: ValueType[] = [];
  private readonly exports: Code[] = [];
  private readonly pages: number;

  constructor(pages: number) {
    this.pages = pages;
  }

  global(type: ValueType): Variable {
    this.globals.push(type);
    return new Variable(0x23, 0x24, this.globals.length - 1);
  }

  /** Adds a procedure; what is returned calls it. Its body gets a variable per parameter, and must end by giveBack(). */
  procedure(
    parameters: readonly ValueType[],
    write: (parameters: readonly Variable[], locals: Locals) => Code,
  ): (...values: readonly Code[]) => Code {
    const locals = new Locals(parameters.length);
    const variables = parameters.map((_, index) => new Variable(0x20, 0x21, index));
    const body = [...write(variables, locals), 0x00];
    this.procedures.push({ parameters, locals: locals.types, body });
    const index = this.procedures.length - 1;
    return (...values) => [...values.flat(), 0x10, ...unsigned(index)];
  }

  /** Exports the procedure added last. */
  export(name: string): void {
    this.exports.push([...textOf(name), 0x00, ...unsigned(this.procedures.length - 1)]);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const types = this.procedures.map(({ parameters }) => [
      0x60,
      ...listOf(parameters.map((type) => [TYPE_BYTES[type]])),
      ...listOf([[TYPE_BYTES.i32]]),
    ]);
    const memory = [...textOf('env'), ...textOf('memory'), 0x02, 0x00, ...unsigned(this.pages)];
    const globals = this.globals.map((type) => [TYPE_BYTES[type], 0x01, ...ZERO_OF[type], 0x0b]);
    const bodies = this.procedures.map(({ locals, body }) =>
      sized([...listOf(locals.map((type) => [1, TYPE_BYTES[type]])), ...body, 0x0b]),
    );
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, listOf(types)),
      ...section(2, listOf([memory])),
      ...section(3, listOf(this.procedures.map((_, index) => unsigned(index)))),
      ...section(6, listOf(globals)),
      ...section(7, listOf(this.exports)),
      ...section(10, listOf(bodies)),
    ]);
  }
}
