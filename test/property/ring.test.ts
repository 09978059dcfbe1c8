// Owns the property test of the ring on one thread: any sequence of calls against a plain queue.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DOORBELL_BYTES, Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, RING_FULL, RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { SLOT_U32 } from '../../schemas/layout.ts';
import { ringControl } from '../../schemas/ring.ts';
import '../support/seed.ts';

const RUNS = { numRuns: 3000 };

/** Sequences around which an Int32 changes sign, or passes zero. */
const WRAPS = [0, 2 ** 31, 2 ** 32];

type Op = {
  readonly op: 'claim' | 'endFrame' | 'abandonFrame' | 'commit' | 'hasRoom' | 'read';
  readonly count: number;
};

const step = (op: Op['op']) => fc.constant<Op>({ op, count: 0 });
const counted = (op: Op['op']) => fc.nat(17).map((count): Op => ({ op, count }));
const ops = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: step('claim') },
    { weight: 4, arbitrary: step('endFrame') },
    { weight: 1, arbitrary: step('abandonFrame') },
    { weight: 3, arbitrary: step('commit') },
    { weight: 2, arbitrary: counted('hasRoom') },
    { weight: 3, arbitrary: counted('read') },
  ),
  { minLength: 1, maxLength: 120, size: 'max' },
);

/** A ring beside three plain lists of record numbers: of the open frame, of ended frames, and of visible records. */
class Pair {
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly control: Int32Array;
  readonly work = new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES));
  private readonly slots: number;
  private readonly start: number;
  private frame: number[] = [];
  private ended: number[] = [];
  private visible: number[] = [];
  /** Records released so far. */
  private released = 0;
  private number = 0;

  constructor(slots: number, start: number) {
    const ring = createRing(slots);
    this.slots = slots;
    this.start = start;
    this.control = new Int32Array(ring.memory);
    this.control[ringControl.head] = start;
    this.control[ringControl.tail] = start;
    this.writer = new RingWriter(ring, this.work);
    this.reader = new RingReader(ring);
  }

  private get held(): number {
    return this.frame.length + this.ended.length + this.visible.length;
  }

  apply(op: Op): void {
    if (op.op === 'claim') this.claim();
    else if (op.op === 'endFrame') {
      this.writer.endFrame();
      this.ended.push(...this.frame);
      this.frame = [];
    } else if (op.op === 'abandonFrame') {
      this.writer.abandonFrame();
      this.frame = [];
    } else if (op.op === 'commit') {
      this.writer.commit();
      this.visible.push(...this.ended);
      this.ended = [];
    } else if (op.op === 'hasRoom') assert.equal(this.writer.hasRoom(op.count), this.held + op.count <= this.slots);
    else this.read(Math.min(op.count, this.visible.length));
    this.compare();
  }

  private claim(): void {
    const slot = this.writer.claim();
    if (this.held === this.slots) {
      assert.equal(slot, RING_FULL);
      return;
    }
    assert.equal(slot, (this.start + this.released + this.held) % this.slots);
    this.number++;
    this.writer.u32.fill(this.number, slot * SLOT_U32, (slot + 1) * SLOT_U32);
    this.frame.push(this.number);
  }

  /** Every visible record is looked at, the first `count` are released. */
  private read(count: number): void {
    this.visible.forEach((number, offset) => {
      const slot = this.reader.slotAt(offset);
      const words = this.reader.u32.subarray(slot * SLOT_U32, (slot + 1) * SLOT_U32);
      assert.ok(words.every((word) => word === number));
    });
    this.reader.release(count);
    this.released += count;
    this.visible = this.visible.slice(count);
  }

  private compare(): void {
    assert.equal(this.reader.available(), this.visible.length);
    assert.equal(this.writer.frameSlots, this.frame.length);
    assert.equal(this.writer.heldSlots, this.held);
    assert.equal(this.writer.hasEnded, this.ended.length > 0);
    assert.equal(this.control[ringControl.head], (this.start + this.released) | 0);
    assert.equal(this.control[ringControl.tail], (this.start + this.released + this.visible.length) | 0);
    assert.equal(this.work.rings, 0);
  }
}

describe('ring', () => {
  it('does what a plain queue does, for any calls, any small capacity and any start', () => {
    const slots = fc.constantFrom(1, 2, 4, 8, 16);
    const start = fc
      .tuple(fc.constantFrom(...WRAPS), fc.nat(40))
      .map(([wrap, before]) => (wrap + 2 ** 32 - before) % 2 ** 32);
    fc.assert(
      fc.property(slots, start, ops, (slots, start, ops) => {
        const pair = new Pair(slots, start);
        for (const op of ops) pair.apply(op);
      }),
      RUNS,
    );
  });

  it('does not put the producer to sleep when room came between the full claim and the wait', () => {
    const ring = createRing(2);
    const writer = new RingWriter(ring, new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)));
    const reader = new RingReader(ring);
    writer.claim();
    writer.claim();
    writer.endFrame();
    assert.equal(writer.claim(), RING_FULL);
    writer.commit();
    reader.release(2);
    const before = performance.now();
    writer.waitForRoom(20_000); // nobody is left to end this sleep
    assert.ok(performance.now() - before < 10_000);
    assert.equal(writer.claim(), 0);
  });
});
