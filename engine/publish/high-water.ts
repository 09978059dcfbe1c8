// The most that queues have held: since the start, and within the last minute.

import { journalRingWords } from '../../schemas/journal.ts';
import { RING_CONTROL_BYTES, ringControl } from '../../schemas/ring.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import type { RingMemory } from '../ring/spsc-ring.ts';

/** Seconds that "the last minute" has, the one that runs included. */
const MINUTE_SECONDS = 60;
const JOURNAL_WORD_BYTES = 8;

/** The greatest of the values noted. Thread: one. */
export class HighWater {
  most = 0;
  private readonly seconds = new Float64Array(MINUTE_SECONDS);
  private at = 0;

  note(value: number): void {
    if (value > this.seconds[this.at]) this.seconds[this.at] = value;
    if (value > this.most) this.most = value;
  }

  /** A second has passed. */
  advance(): void {
    this.at = (this.at + 1) % MINUTE_SECONDS;
    this.seconds[this.at] = 0;
  }

  get mostMinute(): number {
    return this.seconds.reduce((most, value) => Math.max(most, value), 0);
  }
}

/** Slots of a ring that are written and not yet released. */
export function heldSlots(ring: RingMemory): number {
  const control = new Int32Array(ring.memory, 0, RING_CONTROL_BYTES / 4);
  return (Atomics.load(control, ringControl.tail) - Atomics.load(control, ringControl.head)) | 0;
}

/**
 * Marks of one ring: what its consumer found waiting at each of its looks (RingReader.available), which costs no thread
 * a message, and what main sees itself, for a consumer that does not look. Between two looks of the consumer a ring only
 * grows, so what is missed is what came after the last look before a release.
 */
export class RingHighWater {
  private readonly ring: RingMemory;
  private readonly control: Int32Array;
  private readonly marks = new HighWater();

  constructor(ring: RingMemory) {
    this.ring = ring;
    this.control = new Int32Array(ring.memory, 0, RING_CONTROL_BYTES / 4);
  }

  /** Each second. Thread: main, the only one that takes the consumer's mark back. */
  eachSecond(): void {
    this.marks.note(Atomics.exchange(this.control, ringControl.most, 0));
    this.marks.note(heldSlots(this.ring));
    this.marks.advance();
  }

  report(): { held: number; most: number; mostMinute: number } {
    const held = heldSlots(this.ring);
    this.marks.note(Math.max(held, Atomics.load(this.control, ringControl.most)));
    const { most, mostMinute } = this.marks;
    return { held, most, mostMinute };
  }
}

/** Bytes committed to the ring to the journal thread and not yet released. */
export function heldJournalBytes({ words }: JournalMemory): number {
  const control = new Int32Array(words);
  const held = Atomics.load(control, journalRingWords.at.tail) - Atomics.load(control, journalRingWords.at.head);
  return (held | 0) * JOURNAL_WORD_BYTES;
}
