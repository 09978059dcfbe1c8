// What kinds of values an image of state tells apart, and the shape of an object: its class and the names of its fields.

import { StateImageError } from './errors.ts';

/** First byte of a value in an image. Another build's image may use others: see IMAGE_VERSION. */
export const Tag = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  /** An integer of 32 bits that is not -0. */
  integer: 4,
  number: 5,
  text: 6,
  bigint: 7,
  /** An object that stands further ahead: its number. */
  again: 8,
  /** An object of the shared ones: its place. */
  shared: 9,
  /** Whatever the graph has here. */
  left: 10,
  instance: 11,
  list: 12,
  map: 13,
  set: 14,
  /** A typed array with a buffer of its own. */
  array: 15,
  /** A typed array or DataView over a part of a buffer, or one that others are over too. */
  view: 16,
  buffer: 17,
} as const;

/** Moves with every change of what an image looks like. */
export const IMAGE_VERSION = 1;

export type TypedArray =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8ClampedArray<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

/** By type, from 1 up; DataView is the last. Numbers are in images. */
export const TYPED_ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;
export const DATA_VIEW = TYPED_ARRAYS.length + 1;

const types = new Map<unknown, number>([
  ...TYPED_ARRAYS.map((type, index): [unknown, number] => [type, index + 1]),
  [DataView, DATA_VIEW],
]);

/** Type of a typed array or DataView, 0 for another object. */
export function typeOf(value: object): number {
  if (!ArrayBuffer.isView(value)) return 0;
  const type = types.get(value.constructor);
  if (type === undefined) throw new StateImageError(`expected a typed array, was a ${value.constructor.name}`);
  return type;
}

/** True for what is no state: nobody changes it, or it is another thread's too. */
export function isLeft(value: object): boolean {
  return Object.isFrozen(value) || value instanceof SharedArrayBuffer || value instanceof RegExp;
}

/** Objects whose state cannot be read. */
const SEALED = [Promise, WeakMap, WeakSet, WeakRef, Date, Error];

export type Shape = {
  /** Name of the class; of a plain object the names of its fields, as JSON. */
  readonly name: string;
  readonly isPlain: boolean;
  readonly keys: readonly string[];
  /** FNV-1a of the names, 32 bits. */
  readonly hash: number;
  /** By field, for arrays of few bytes: 0 not looked at yet, 1 a buffer of its own, 2 not so. */
  readonly isOwn: Uint8Array;
};

/** More are not kept: objects whose fields are named by data have no shape. */
const PLAIN_SHAPES_MAX = 100;

const classes = new Map<unknown, Shape>();
/** By number of fields: few shapes of plain objects have as many. */
const plains: Shape[][] = [];

/** The shape of an instance or a plain object. Throws where an instance has other fields than others of its class. */
export function shapeOf(value: object): Shape {
  const keys = Object.keys(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return plainShape(keys);
  const known = classes.get(prototype);
  if (known === undefined) return addClass(value, prototype, keys);
  if (!isSame(keys, known.keys)) {
    throw new StateImageError(`${known.name}: expected the fields ${known.keys.join(', ')}, was ${keys.join(', ')}`);
  }
  return known;
}

function plainShape(keys: string[]): Shape {
  const alike = plains[keys.length] ?? [];
  plains[keys.length] = alike;
  for (let i = 0; i < alike.length; i++) if (isSame(keys, alike[i].keys)) return alike[i];
  const shape = makeShape(JSON.stringify(keys), keys, true);
  if (alike.length < PLAIN_SHAPES_MAX) alike.push(shape);
  return shape;
}

function addClass(value: object, prototype: unknown, keys: string[]): Shape {
  const { name } = value.constructor;
  for (const sealed of SEALED) {
    if (value instanceof sealed) throw new StateImageError(`expected an object whose state can be read, was a ${name}`);
  }
  const shape = makeShape(name, keys, false);
  classes.set(prototype, shape);
  return shape;
}

function makeShape(name: string, keys: string[], isPlain: boolean): Shape {
  return { name, isPlain, keys, hash: hashOf(`${name}:${keys.join(',')}`), isOwn: new Uint8Array(keys.length) };
}

function isSame(keys: readonly string[], others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let i = 0; i < keys.length; i++) if (keys[i] !== others[i]) return false;
  return true;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
