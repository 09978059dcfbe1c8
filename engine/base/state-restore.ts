// Reads an image of state and fills a graph of objects with it.

import { StateImageError } from './errors.ts';
import { DATA_VIEW, isLeft, type Shape, shapeOf, Tag, TYPED_ARRAYS, type TypedArray, typeOf } from './state-shape.ts';
import { makeArray, StateReader } from './state-stream.ts';

/** Makes an instance of a class whose objects come into being while others run. */
export type MakeObject = () => object;
type ImageShape = { readonly name: string; readonly hash: number };
type Fields = Record<string, unknown>;

/** `existing` is what the graph has in the place of a value that is read: filled and kept where it fits. */
export class Restore {
  private readonly reader: StateReader;
  private readonly shared: readonly object[];
  private readonly classes: Readonly<Record<string, MakeObject>>;
  private readonly objects: unknown[] = [];
  /** Objects of the graph that are taken: where two places had one object and the image has two, the second is made. */
  private readonly taken = new Set<unknown>();
  private readonly shapes: ImageShape[] = [];
  private readonly path: (string | number)[] = [];

  constructor(image: Uint8Array, shared: readonly object[], classes: Readonly<Record<string, MakeObject>>) {
    this.reader = new StateReader(image);
    this.shared = shared;
    this.classes = classes;
  }

  run(root: object): void {
    try {
      if (this.value(root) !== root) throw new StateImageError('expected the image of such an object');
      this.reader.end();
    } catch (error) {
      if (!(error instanceof StateImageError)) throw error;
      throw new StateImageError(`state image, at ${['root', ...this.path].join('.')}: ${error.message}`);
    }
  }

  private value(existing: unknown): unknown {
    const tag = this.reader.byte();
    switch (tag) {
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.true:
      case Tag.false:
        return tag === Tag.true;
      case Tag.integer:
        return this.reader.integer();
      case Tag.number:
        return this.reader.number();
      case Tag.text:
        return this.reader.text();
      case Tag.bigint:
        return BigInt(this.reader.text());
      case Tag.again:
        return this.known(this.objects);
      case Tag.shared:
        return this.known(this.shared);
      case Tag.left:
        return existing;
      default:
        return this.object(tag, this.taken.has(existing) ? undefined : existing);
    }
  }

  private known(objects: readonly unknown[]): unknown {
    const place = this.reader.count();
    if (place >= objects.length) throw new StateImageError(`expected object ${place}, had ${objects.length}`);
    return objects[place];
  }

  private object(tag: number, existing: unknown): unknown {
    switch (tag) {
      case Tag.instance:
        return this.instance(existing);
      case Tag.list:
        return this.list(existing);
      case Tag.map:
        return this.map(existing);
      case Tag.set:
        return this.set(existing);
      case Tag.array:
        return this.array(existing);
      case Tag.view:
        return this.view(existing);
      case Tag.buffer:
        return this.buffer(existing);
      default:
        throw new StateImageError(`expected a tag, was ${tag}`);
    }
  }

  private take<Kind>(value: Kind): Kind {
    this.objects.push(value);
    this.taken.add(value);
    return value;
  }

  /** The value of a field or an element. */
  private inner(key: string | number, existing: unknown): unknown {
    this.path.push(key);
    const value = this.value(existing);
    this.path.pop();
    return value;
  }

  private instance(existing: unknown): object {
    const shape = this.readShape();
    const object = this.take(this.fitting(shape, existing));
    const found = shapeOf(object);
    if (found.hash !== shape.hash || found.name !== shape.name) {
      throw new StateImageError(`expected the fields of the image's ${shape.name}, was ${describe(found)}`);
    }
    const { keys } = found;
    const fields = object as Fields;
    for (let i = 0; i < keys.length; i++) {
      const before = fields[keys[i]];
      const after = this.inner(keys[i], before);
      if (!Object.is(after, before)) fields[keys[i]] = after;
    }
    return object;
  }

  private readShape(): ImageShape {
    const number = this.reader.count();
    if (number < this.shapes.length) return this.shapes[number];
    if (number > this.shapes.length) throw new StateImageError(`expected shape ${this.shapes.length}, was ${number}`);
    const shape = { name: this.reader.text(), hash: this.reader.word() };
    this.shapes.push(shape);
    return shape;
  }

  /** What is there, or what the class's maker gives, or a plain object with these fields. */
  private fitting({ name }: ImageShape, existing: unknown): object {
    if (typeof existing === 'object' && existing !== null && isInstance(existing)) {
      const found = shapeOf(existing);
      if (found.name === name) return existing;
      if (this.classes[name] === undefined) throw new StateImageError(`expected ${name}, was ${describe(found)}`);
    }
    if (Object.hasOwn(this.classes, name)) return this.classes[name]();
    if (!name.startsWith('[')) throw new StateImageError(`expected a ${name}, was ${String(existing)}`);
    return Object.fromEntries((JSON.parse(name) as string[]).map((key) => [key, undefined]));
  }

  private list(existing: unknown): unknown[] {
    const length = this.reader.count();
    const before: readonly unknown[] = Array.isArray(existing) ? existing : [];
    // One of another length may stand for "none yet" in many places, so it stays what it is.
    const list = this.take(before.length === length && Array.isArray(existing) ? existing : []);
    for (let i = 0; i < length; i++) list[i] = this.inner(i, before[i]);
    return list;
  }

  private map(existing: unknown): Map<unknown, unknown> {
    const size = this.reader.count();
    const map = this.take(existing instanceof Map ? existing : new Map<unknown, unknown>());
    const before = new Map(map);
    map.clear();
    for (let i = 0; i < size; i++) {
      const key = this.inner('key', undefined);
      map.set(key, this.inner(String(key), before.get(key)));
    }
    return map;
  }

  private set(existing: unknown): Set<unknown> {
    const size = this.reader.count();
    const set = this.take(existing instanceof Set ? existing : new Set<unknown>());
    set.clear();
    for (let i = 0; i < size; i++) set.add(this.inner(i, undefined));
    return set;
  }

  private array(existing: unknown): TypedArray {
    const type = this.reader.byte();
    const byteLength = this.reader.count();
    const fits = ArrayBuffer.isView(existing) && existing.byteLength === byteLength && typeOf(existing) === type;
    const array = this.take(fits ? (existing as TypedArray) : makeArray(type, byteLength));
    this.reader.memory(array, type);
    return array;
  }

  private view(existing: unknown): object {
    const type = this.reader.byte();
    const byteOffset = this.reader.count();
    const byteLength = this.reader.count();
    const whole = this.inner('buffer', ArrayBuffer.isView(existing) ? existing.buffer : undefined);
    const buffer = ArrayBuffer.isView(whole) ? whole.buffer : whole;
    if (!(buffer instanceof ArrayBuffer)) throw new StateImageError('expected a buffer');
    if (byteOffset + byteLength > buffer.byteLength) {
      throw new StateImageError(`expected ${byteOffset + byteLength} bytes, had ${buffer.byteLength}`);
    }
    const isThere =
      ArrayBuffer.isView(existing) &&
      existing.buffer === buffer &&
      existing.byteOffset === byteOffset &&
      existing.byteLength === byteLength &&
      typeOf(existing) === type;
    return this.take(isThere ? existing : makeView(type, buffer, byteOffset, byteLength));
  }

  private buffer(existing: unknown): ArrayBuffer {
    // Numbered before what it is read from, as it was written.
    const number = this.objects.push(null) - 1;
    const byteLength = this.reader.count();
    const isThere = existing instanceof ArrayBuffer && existing.byteLength === byteLength;
    let buffer: unknown = isThere ? existing : new ArrayBuffer(byteLength);
    if (this.reader.byte() === 0) this.reader.memory(new Uint8Array(buffer as ArrayBuffer), BYTES);
    else {
      const whole = this.inner('array', undefined);
      buffer = ArrayBuffer.isView(whole) ? whole.buffer : whole;
    }
    if (!(buffer instanceof ArrayBuffer)) throw new StateImageError('expected a buffer');
    this.objects[number] = buffer;
    this.taken.add(buffer);
    return buffer;
  }
}

const BYTES = typeOf(new Uint8Array(0));

function makeView(type: number, buffer: ArrayBuffer, byteOffset: number, byteLength: number): object {
  if (type === DATA_VIEW) return new DataView(buffer, byteOffset, byteLength);
  const made = TYPED_ARRAYS[type - 1];
  if (made === undefined) throw new StateImageError(`expected a type of array, was ${type}`);
  return new made(buffer, byteOffset, byteLength / made.BYTES_PER_ELEMENT);
}

/** Neither an array, a map, a set nor memory, nor what is left out. */
function isInstance(value: object): boolean {
  if (Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return false;
  return !(value instanceof Map || value instanceof Set || isLeft(value));
}

function describe({ name, isPlain, keys }: Shape): string {
  return isPlain ? `an object with ${keys.join(', ')}` : `${name} with ${keys.join(', ')}`;
}
