// Walks a graph of objects and writes its state down.

import { DATA_VIEW, isLeft, type Shape, shapeOf, Tag, type TypedArray, typeOf } from './state-shape.ts';
import { StateWriter } from './state-stream.ts';

/** Arrays up to this size lie beside their object until `buffer` is asked for, which moves them: asked once a class. */
const INLINE_BYTES_MAX = 64;
const BYTES = typeOf(new Uint8Array(0));

/** One a thread: its room is kept. */
const writer = new StateWriter();

export class Capture {
  private readonly shared: ReadonlyMap<object, number>;
  private readonly numbers = new Map<object, number>();
  /** By buffer the array that is its whole, or the buffer itself. */
  private readonly buffers = new Map<ArrayBufferLike, object>();
  private readonly shapes = new Map<Shape, number>();

  /** `shared` says where each shared object stands. */
  constructor(shared: ReadonlyMap<object, number>) {
    this.shared = shared;
  }

  run(root: object): Uint8Array {
    writer.begin();
    this.object(root);
    return writer.end();
  }

  private value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        writer.number(value);
        return;
      case 'boolean':
        writer.byte(value ? Tag.true : Tag.false);
        return;
      case 'object':
        if (value === null) writer.byte(Tag.null);
        else this.object(value);
        return;
      case 'undefined':
        writer.byte(Tag.undefined);
        return;
      case 'string':
        writer.byte(Tag.text);
        writer.text(value);
        return;
      case 'bigint':
        writer.byte(Tag.bigint);
        writer.text(value.toString());
        return;
      default:
        writer.byte(Tag.left);
    }
  }

  private object(value: object): void {
    if (!this.isNew(value)) return;
    const type = typeOf(value);
    if (type > 0) this.memory(value as ArrayBufferView, type);
    else this.fields(value);
  }

  /** False where the object is shared, left out or has been met before, which is written. */
  private isNew(value: object): boolean {
    const known = this.numbers.get(value);
    if (known !== undefined) {
      writer.byte(Tag.again);
      writer.count(known);
      return false;
    }
    const place = this.shared.get(value);
    if (place !== undefined) {
      writer.byte(Tag.shared);
      writer.count(place);
      return false;
    }
    if (!isLeft(value)) return true;
    writer.byte(Tag.left);
    return false;
  }

  private number(value: object): void {
    this.numbers.set(value, this.numbers.size);
  }

  private fields(value: object): void {
    this.number(value);
    if (Array.isArray(value)) this.list(Tag.list, value);
    else if (value instanceof Map) this.map(value);
    else if (value instanceof Set) this.list(Tag.set, [...value]);
    else if (value instanceof ArrayBuffer) this.buffer(value);
    else this.instance(value);
  }

  private list(tag: number, values: readonly unknown[]): void {
    writer.byte(tag);
    writer.count(values.length);
    for (let i = 0; i < values.length; i++) this.value(values[i]);
  }

  private map(map: ReadonlyMap<unknown, unknown>): void {
    writer.byte(Tag.map);
    writer.count(map.size);
    for (const [key, value] of map) {
      this.value(key);
      this.value(value);
    }
  }

  private instance(value: object): void {
    const shape = shapeOf(value);
    writer.byte(Tag.instance);
    const number = this.shapes.get(shape);
    writer.count(number ?? this.shapes.size);
    if (number === undefined) {
      this.shapes.set(shape, this.shapes.size);
      writer.text(shape.name);
      writer.word(shape.hash);
    }
    const values: unknown[] = Object.values(value);
    const mayShare = sharesMemory(values);
    for (let i = 0; i < values.length; i++) {
      const field = values[i];
      if (mayShare || typeof field !== 'object' || field === null || !isInline(field)) this.value(field);
      else this.inline(field as ArrayBufferView, shape, i);
    }
  }

  /** A small array, whose buffer is looked at in the first instance of its class alone. */
  private inline(array: ArrayBufferView, shape: Shape, field: number): void {
    if (shape.isOwn[field] === 0) shape.isOwn[field] = array.buffer.byteLength === array.byteLength ? 1 : 2;
    if (shape.isOwn[field] !== 1) this.value(array);
    else if (this.isNewInline(array)) this.own(array as TypedArray, typeOf(array));
  }

  private isNewInline(array: ArrayBufferView): boolean {
    if (!this.numbers.has(array) && !this.shared.has(array)) return true;
    this.object(array);
    return false;
  }

  private memory(array: ArrayBufferView, type: number): void {
    const { buffer } = array;
    if (buffer instanceof SharedArrayBuffer || this.shared.has(buffer)) {
      writer.byte(Tag.left);
      return;
    }
    if (type !== DATA_VIEW && buffer.byteLength === array.byteLength && !this.buffers.has(buffer)) {
      this.buffers.set(buffer, array);
      this.own(array as TypedArray, type);
      return;
    }
    writer.byte(Tag.view);
    writer.byte(type);
    writer.count(array.byteOffset);
    writer.count(array.byteLength);
    this.object(this.buffers.get(buffer) ?? buffer);
    this.number(array);
  }

  private own(array: TypedArray, type: number): void {
    this.number(array);
    writer.byte(Tag.array);
    writer.byte(type);
    writer.count(array.byteLength);
    writer.memory(array, type);
  }

  private buffer(buffer: ArrayBuffer): void {
    writer.byte(Tag.buffer);
    writer.count(buffer.byteLength);
    const whole = this.buffers.get(buffer);
    writer.byte(whole === undefined || whole === buffer ? 0 : 1);
    if (whole !== undefined && whole !== buffer) this.object(whole);
    else {
      this.buffers.set(buffer, buffer);
      writer.memory(new Uint8Array(buffer), BYTES);
    }
  }
}

/** An array whose bytes may lie beside it. */
function isInline(value: object): boolean {
  if (!ArrayBuffer.isView(value)) return false;
  return value.byteLength <= INLINE_BYTES_MAX && value.byteOffset === 0 && typeOf(value) !== DATA_VIEW;
}

/** Arrays of several types in one object may be over one buffer, and one that begins amid a buffer has neighbours. */
function sharesMemory(values: readonly unknown[]): boolean {
  let type = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== 'object' || value === null || !ArrayBuffer.isView(value)) continue;
    if (!isInline(value)) {
      if (isPart(value)) return true;
      continue;
    }
    const other = typeOf(value);
    if (type !== 0 && other !== type) return true;
    type = other;
  }
  return false;
}

/** A view of less than a buffer, of this thread alone. Only small arrays that begin where their buffer does are not asked. */
function isPart(view: ArrayBufferView): boolean {
  if (view.byteOffset === 0 && typeOf(view) !== DATA_VIEW) return false;
  return !(view.buffer instanceof SharedArrayBuffer);
}
