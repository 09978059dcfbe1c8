// The journal thread's end of the ring of bytes: takes whole entries out of it, as many as fit a block. Hot path.

import { JournalKind, journalEntry, journalRingWords } from '../../schemas/journal.ts';
import { InvariantError } from '../base/errors.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import { JOURNAL_WORD_BYTES } from './ring-words.ts';

const WORD = JOURNAL_WORD_BYTES;
const HEAD_WORDS = journalEntry.sizeBytes / WORD;
const at = journalEntry.at;

export class RingEntries {
  /** Of the run that was measured last. */
  bytes = 0;
  entries = 0;
  /** First number it covers, also where it begins with a hole. */
  firstSequence = 0;
  lastSequence = 0;
  /** Holes in it, and the first and last number that is missing; 0 where there are none. */
  holes = 0;
  holeFrom = 0;
  holeTo = 0;
  private readonly words: Int32Array;
  private readonly u8: Uint8Array;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;
  private readonly mask: number;
  private head: number;

  constructor(memory: JournalMemory) {
    this.words = new Int32Array(memory.words);
    this.u8 = new Uint8Array(memory.ring);
    this.u32 = new Uint32Array(memory.ring);
    this.f64 = new Float64Array(memory.ring);
    this.mask = this.f64.length - 1;
    this.head = Atomics.load(this.words, journalRingWords.at.head);
  }

  /** Bytes committed and not taken. Ordering: this load pairs with the store in RingJournalLog.commit(). */
  availableBytes(): number {
    return ((Atomics.load(this.words, journalRingWords.at.tail) - this.head) | 0) * WORD;
  }

  /** Measures the entries at the head that fit together, and one at least: `availableBytes` > 0. */
  measure(availableBytes: number, bytesMax: number): void {
    this.bytes = 0;
    this.entries = 0;
    this.holes = 0;
    this.holeFrom = 0;
    this.holeTo = 0;
    while (this.bytes < availableBytes) {
      const word = (this.head + this.bytes / WORD) & this.mask;
      const sizeBytes = this.u32[word * 2 + at.sizeBytes];
      if (sizeBytes < journalEntry.sizeBytes || sizeBytes > availableBytes)
        throw new InvariantError(`journal ring: expected an entry, was one of ${sizeBytes} bytes of ${availableBytes}`);
      if (this.entries > 0 && this.bytes + sizeBytes > bytesMax) break;
      this.count(word);
      this.bytes += sizeBytes;
    }
  }

  /** Copies the measured entries, and gives their room back to the ring. */
  take(target: Uint8Array, offset: number): void {
    const from = (this.head & this.mask) * WORD;
    const first = Math.min(this.bytes, this.u8.length - from);
    target.set(this.u8.subarray(from, from + first), offset);
    if (first < this.bytes) target.set(this.u8.subarray(0, this.bytes - first), offset + first);
    this.skip();
  }

  /** Gives the room of the measured entries back to the ring. */
  skip(): void {
    this.head = (this.head + this.bytes / WORD) | 0;
    Atomics.store(this.words, journalRingWords.at.head, this.head);
  }

  private count(word: number): void {
    const sequence = this.f64[(word + at.sequence) & this.mask];
    const kind = this.u8[(word * WORD + at.kind) & (this.u8.length - 1)];
    const covers = kind === JournalKind.hole ? this.f64[(word + HEAD_WORDS) & this.mask] : 1;
    if (this.entries === 0) this.firstSequence = sequence - covers + 1;
    this.lastSequence = sequence;
    this.entries++;
    if (kind !== JournalKind.hole) return;
    if (this.holes === 0) this.holeFrom = sequence - covers + 1;
    this.holeTo = sequence;
    this.holes++;
  }
}
