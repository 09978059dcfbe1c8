// Images of state: what is written down of a graph of objects, and what fills it again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StateImageError } from '../../engine/base/errors.ts';
import { captureState, restoreState } from '../../engine/base/state-image.ts';
import '../support/seed.ts';

const NONE = { shared: [] };

/** A graph made by the same code as the one that was written down. */
function filled<Root extends object>(root: Root, from: object, options: { shared: readonly object[] } = NONE): Root {
  restoreState(root, captureState(from, options), options);
  return root;
}

class Inner {
  count = 0;
  readonly words = new Float64Array(3);
  readonly step = (): number => this.count + 1;
}

class Late {
  size = 0;
}

class Outer {
  readonly first = new Inner();
  second = this.first;
  values = new Float64Array(0);
  late: Late | null = null;
}

test('numbers, texts, lists and maps come back exactly', () => {
  const value = fc.oneof(fc.double(), fc.constant(-0), fc.integer(), fc.string(), fc.boolean(), fc.bigInt());
  const nested = fc.oneof(
    value,
    fc.array(value),
    fc.dictionary(fc.string(), value, { noNullPrototype: true }),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(fc.array(nested), fc.array(fc.tuple(fc.string(), nested)), (list, entries) => {
      const from = { list, map: new Map(entries), set: new Set(entries.map(([key]) => key)), none: null };
      const image = captureState(from, NONE);
      const root = filled({ list: [], map: new Map(), set: new Set(), none: null }, from);
      assert.deepEqual(root, from);
      assert.deepEqual(captureState(root, NONE), image);
    }),
  );
});

test('memory comes back bit for bit, whatever numbers its bits are', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.nat(255), fc.nat(300)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
    fc.double().map((number) => new Uint8Array(Float64Array.of(number).buffer)),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.nat(3), (pieces, cut) => {
      const bytes = new Uint8Array(Buffer.concat(pieces));
      const whole = bytes.slice(0, bytes.length - (bytes.length % 8));
      const from = { bytes: bytes.slice(cut), numbers: new Float64Array(whole.buffer) };
      const root = filled({ bytes: new Uint8Array(0), numbers: new Float64Array(0) }, from);
      assert.deepEqual(root.bytes, from.bytes);
      assert.deepEqual(new Uint8Array(root.numbers.buffer), whole);
    }),
  );
});

test('instances and arrays of equal length stay, and what was one object stays one', () => {
  const from = new Outer();
  from.first.count = 7;
  from.first.words.set([Number.NaN, -0, 1.5]);
  from.values = new Float64Array(5).fill(2);
  const root = new Outer();
  const { first } = root;
  const { words } = first;
  filled(root, from);
  assert.equal(root.first, first);
  assert.equal(root.second, first);
  assert.equal(first.words, words);
  assert.deepEqual(root.values, from.values);
  assert.equal(first.step(), 8);
  assert.ok(Object.is(words[1], -0));
});

test('arrays over one buffer stay so, a part of it too', () => {
  const make = (slots: number) => {
    const memory = new ArrayBuffer(slots * 8);
    return { u8: new Uint8Array(memory), tail: new Uint32Array(memory, 8), view: new DataView(memory, 4, 4) };
  };
  const from = make(4);
  from.u8.set([9, 8, 7], 6);
  const root = filled(make(2), from);
  assert.deepEqual(root, from);
  root.tail[0] = 0x01020304;
  assert.equal(root.u8[8], 4);
  assert.equal(root.view.buffer, root.u8.buffer);
});

test('two arrays that were one "none yet" become two', () => {
  const none = new Float64Array(2);
  const root = filled({ a: none, b: none }, { a: Float64Array.of(1, 2), b: Float64Array.of(3, 4) });
  assert.deepEqual(root, { a: Float64Array.of(1, 2), b: Float64Array.of(3, 4) });
});

test('an object that comes into being while others run is made by its class, or refused', () => {
  const from = new Outer();
  from.late = new Late();
  from.late.size = 3;
  const image = captureState(from, NONE);
  assert.throws(() => restoreState(new Outer(), image, NONE), /root\.late: expected a Late, was null/);
  const root = new Outer();
  restoreState(root, image, { ...NONE, classes: { Late: () => new Late() } });
  assert.equal(root.late?.size, 3);
  assert.equal(filled(root, new Outer()).late, null);
});

test('what is shared, frozen, a function or of other threads is left alone', () => {
  const plan = { limit: 1 };
  const make = () => ({
    plan,
    rule: Object.freeze({ depth: 1 }),
    words: new Int32Array(new SharedArrayBuffer(128)),
    now: () => 0,
    count: 0,
  });
  const from = make();
  from.count = 2;
  from.words[0] = 5;
  const root = make();
  const { words, now, rule } = root;
  filled(root, from, { shared: [plan] });
  assert.deepEqual([root.plan, root.words, root.now, root.rule, root.count], [plan, words, now, rule, 2]);
  assert.equal(words[0], 0);
});

test('memory that holds one value costs the same whatever its length', () => {
  for (const value of [0, -1, Number.NaN]) {
    const [few, many] = [100, 100_000].map((length) => {
      const words = new Float64Array(length).fill(value);
      words.set([1.5, 2.5]);
      return captureState({ words }, NONE).length;
    });
    assert.ok(many - few < 8, `expected no more for ${value}, was ${many - few} bytes`);
  }
});

test('an image of another shape, and one that is cut or has more, is refused with its place', () => {
  const image = captureState({ inner: new Inner() }, NONE);
  class Other {
    count = 0;
  }
  const wrong = { inner: Object.assign(new Inner(), { more: 1 }) };
  assert.throws(() => restoreState({ inner: new Other() }, image, NONE), /root\.inner: expected Inner, was Other/);
  assert.throws(() => captureState(wrong, NONE), /Inner: expected the fields count, words, step, was .*more/);
  assert.throws(() => restoreState({ outer: 1 }, image, NONE), StateImageError);
  assert.throws(() => restoreState({ inner: new Inner() }, Uint8Array.of(...image, 0), NONE), StateImageError);
  for (let length = 0; length < image.length; length++) {
    assert.throws(() => restoreState({ inner: new Inner() }, image.subarray(0, length), NONE), StateImageError);
  }
});

test('state that cannot be read is refused when it is written down', () => {
  for (const sealed of [new Date(0), Promise.resolve(), new WeakMap(), Buffer.alloc(8)]) {
    assert.throws(() => captureState({ sealed }, NONE), StateImageError);
  }
});
