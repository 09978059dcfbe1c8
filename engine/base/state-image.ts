// Writes the state of a graph of objects down as bytes, and fills a graph newly made by the same code with it.

import { Capture } from './state-capture.ts';
import { type MakeObject, Restore } from './state-restore.ts';

export { StateImageError } from './errors.ts';

export type CaptureOptions = {
  /** Objects that are no part of the state: plans, tables, sinks, buffers. An image says which of them, by its place. */
  readonly shared: readonly object[];
};

export type RestoreOptions = CaptureOptions & {
  /** Makes an instance of a class, by its name, where the image has one and the graph has none: made during the run. */
  readonly classes?: Readonly<Record<string, MakeObject>>;
};

/**
 * What is state: own properties of plain objects and instances, elements of arrays, maps and sets, numbers exactly, texts,
 * and the bytes of typed arrays; one object that is referred to twice stays one, and arrays over one buffer stay so.
 * What is none and is left as the graph has it: functions, frozen objects, regular expressions, all over shared memory.
 * Equal states make equal bytes. Throws StateImageError where there is something else.
 *
 * Arrays of up to 64 bytes over one buffer must be fields of one object, else each is taken to have its own.
 */
export function captureState(root: object, { shared }: CaptureOptions): Uint8Array {
  return new Capture(placesOf(shared)).run(root);
}

/**
 * `root` is newly made, by constructors, as that of the image was. Instances and arrays of equal length stay and are
 * filled. Throws StateImageError with the path where the graph has another shape; then `root` is of no use any more.
 */
export function restoreState(root: object, image: Uint8Array, { shared, classes = {} }: RestoreOptions): void {
  new Restore(image, shared, classes).run(root);
}

/** Where each shared object stands; lists are kept for long and used often. */
const places = new WeakMap<readonly object[], { readonly length: number; readonly map: ReadonlyMap<object, number> }>();

function placesOf(shared: readonly object[]): ReadonlyMap<object, number> {
  const known = places.get(shared);
  if (known !== undefined && known.length === shared.length) return known.map;
  const map = new Map(shared.map((each, place) => [each, place]));
  places.set(shared, { length: shared.length, map });
  return map;
}
