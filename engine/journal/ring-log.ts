// The ingress thread's end of the ring of bytes to the journal thread: one copy of each entry, or one more missed. Hot path.

import { JournalKind, JournalNumber, journalEntry, journalRingWords } from '../../schemas/journal.ts';
import { assert } from '../base/assert.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { JournalLog } from './journal-log.ts';
import { JOURNAL_WORD_BYTES, RESULT_OFFSET } from './ring-words.ts';

const WORD = JOURNAL_WORD_BYTES;
const HEAD_WORDS = journalEntry.sizeBytes / WORD;
const HOLE_BYTES = 2 * WORD;
const NO_BYTES = new Uint8Array(0);
const NO_DIALECT = 255;
/** Longer payloads are copied by the system, which costs a view of them; shorter ones by a loop, which costs none. */
const LOOP_BYTES_MAX = 512;
/** Places in it, in bytes, are Int32. */
const WORDS_MAX = 2 ** 27;
const at = journalEntry.at;

/**
 *      head (journal)        tail          next
 *   ─────┼─────────────────────┼─────────────┼──────► words of 8 bytes (Int32, wraps)
 *        │ committed, unread   │ not visible │
 *
 * An entry begins at a whole word and goes on at the ring's start where it meets its end: words are never split.
 * Missed entries have numbers as any other. A hole has the number of the last one that is missing, and tells how many.
 */
export class RingJournalLog implements JournalLog {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly doorbell: Doorbell;
  private readonly u8: Uint8Array;
  private readonly u32: Uint32Array;
  private readonly f64: Float64Array;
  private readonly capacity: number;
  private readonly mask: number;
  private readonly mask32: number;
  private readonly mask8: number;
  private headSeen: number;
  private tail: number;
  private next: number;
  private last: number;
  private missedRun = 0;
  private missedRunBytes = 0;

  /** `sequence` is that of the last entry the journal has, 0 for none. Thread: the one that commits to the input rings. */
  constructor(memory: JournalMemory, sequence: number) {
    this.words = new Int32Array(memory.words);
    this.numbers = new Float64Array(memory.numbers);
    this.doorbell = new Doorbell(memory.doorbell);
    this.u8 = new Uint8Array(memory.ring);
    this.u32 = new Uint32Array(memory.ring);
    this.f64 = new Float64Array(memory.ring);
    this.capacity = this.f64.length;
    assert(
      this.capacity > 0 && (this.capacity & (this.capacity - 1)) === 0 && this.capacity <= WORDS_MAX,
      `journal ring: expected a power of two of words <= ${WORDS_MAX}, was ${this.capacity}`,
    );
    this.mask = this.capacity - 1;
    this.mask32 = this.capacity * 2 - 1;
    this.mask8 = this.capacity * WORD - 1;
    this.headSeen = Atomics.load(this.words, journalRingWords.at.head);
    this.tail = Atomics.load(this.words, journalRingWords.at.tail);
    this.next = this.tail;
    this.last = sequence;
    this.numbers[JournalNumber.taken] = sequence;
  }

  get sequence(): number {
    return this.last;
  }

  get safeSequence(): number {
    return this.numbers[JournalNumber.safe];
  }

  start(payload: Uint8Array, receiveTimeNs: number): number {
    return this.bytes(JournalKind.start, 0, NO_DIALECT, payload, receiveTimeNs);
  }

  open(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number {
    return this.bytes(JournalKind.open, connection, dialect, payload, receiveTimeNs);
  }

  close(connection: number, receiveTimeNs: number): number {
    return this.bytes(JournalKind.close, connection, NO_DIALECT, NO_BYTES, receiveTimeNs);
  }

  sent(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number {
    return this.bytes(JournalKind.sent, connection, dialect, payload, receiveTimeNs);
  }

  records(connection: number, slots: Uint8Array, receiveTimeNs: number): number {
    return this.bytes(JournalKind.records, connection, NO_DIALECT, slots, receiveTimeNs);
  }

  markets(payload: Uint8Array, receiveTimeNs: number): number {
    return this.bytes(JournalKind.markets, 0, NO_DIALECT, payload, receiveTimeNs);
  }

  clock(timeUs: number, receiveTimeNs: number): number {
    return this.value(JournalKind.clock, timeUs, receiveTimeNs);
  }

  checkpoint(number: number, receiveTimeNs: number): number {
    return this.value(JournalKind.checkpoint, number, receiveTimeNs);
  }

  frame(
    connection: number,
    dialect: number,
    flags: number,
    result: number,
    receiveTimeNs: number,
    producerSequence: number,
    view: DataView,
    at: number,
    length: number,
  ): number {
    if (this.claim(length)) {
      this.copyView(view, at, length);
      this.put(JournalKind.frame, flags, dialect, result, connection, receiveTimeNs, producerSequence, length);
    }
    return this.last;
  }

  /**
   * Ordering: entries are plain stores; this atomic store releases them and pairs with the load in RingEntries. The bell
   * comes after it, and is a load of one word while the journal thread is awake.
   */
  commit(): void {
    if (this.missedRun > 0 && this.hasRoom(HEAD_WORDS + HOLE_BYTES / WORD)) this.putHole();
    if (this.next === this.tail) return;
    this.tail = this.next;
    this.numbers[JournalNumber.taken] = this.last;
    Atomics.store(this.words, journalRingWords.at.tail, this.tail);
    this.doorbell.ring();
  }

  private bytes(kind: number, connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number {
    if (this.claim(payload.length)) {
      this.copyBytes(payload);
      this.put(kind, 0, dialect, 0, connection, receiveTimeNs, 0, payload.length);
    }
    return this.last;
  }

  private value(kind: number, value: number, receiveTimeNs: number): number {
    if (this.claim(WORD)) {
      this.f64[(this.next + HEAD_WORDS) & this.mask] = value;
      this.put(kind, 0, NO_DIALECT, 0, 0, receiveTimeNs, 0, WORD);
    }
    return this.last;
  }

  /** Counts one entry; true where it has room, with that of the hole that has to go ahead of it. */
  private claim(payloadBytes: number): boolean {
    const words = HEAD_WORDS + Math.ceil(payloadBytes / WORD);
    const needed = this.missedRun > 0 ? words + HEAD_WORDS + HOLE_BYTES / WORD : words;
    if (this.hasRoom(needed)) {
      if (this.missedRun > 0) this.putHole();
      this.last++;
      if (words > HEAD_WORDS) this.f64[(this.next + words - 1) & this.mask] = 0;
      return true;
    }
    this.last++;
    this.missedRun++;
    this.missedRunBytes += words * WORD;
    this.numbers[JournalNumber.missed]++;
    this.numbers[JournalNumber.missedBytes] += words * WORD;
    return false;
  }

  private hasRoom(words: number): boolean {
    if (((this.next - this.headSeen) | 0) + words <= this.capacity) return true;
    this.headSeen = Atomics.load(this.words, journalRingWords.at.head);
    return ((this.next - this.headSeen) | 0) + words <= this.capacity;
  }

  private putHole(): void {
    this.f64[(this.next + HEAD_WORDS) & this.mask] = this.missedRun;
    this.f64[(this.next + HEAD_WORDS + 1) & this.mask] = this.missedRunBytes;
    this.missedRun = 0;
    this.missedRunBytes = 0;
    this.put(JournalKind.hole, 0, NO_DIALECT, 0, 0, 0, 0, HOLE_BYTES);
  }

  /** Writes the head before the payload that lies there already, and goes on behind it. */
  private put(
    kind: number,
    flags: number,
    dialect: number,
    result: number,
    connection: number,
    receiveTimeNs: number,
    producerSequence: number,
    payloadBytes: number,
  ): void {
    const { mask, mask32, mask8, u8, u32, f64 } = this;
    const word = this.next & mask;
    const words = HEAD_WORDS + Math.ceil(payloadBytes / WORD);
    u32[(word * 2 + at.sizeBytes) & mask32] = words * WORD;
    u32[(word * 2 + at.payloadBytes) & mask32] = payloadBytes;
    u8[(word * WORD + at.kind) & mask8] = kind;
    u8[(word * WORD + at.flags) & mask8] = flags;
    u8[(word * WORD + at.dialect) & mask8] = dialect;
    u8[(word * WORD + at.result) & mask8] = result + RESULT_OFFSET;
    u32[(word * 2 + at.connection) & mask32] = connection;
    f64[(word + at.sequence) & mask] = this.last;
    f64[(word + at.receiveTimeNs) & mask] = receiveTimeNs;
    f64[(word + at.producerSequence) & mask] = producerSequence;
    this.next = (this.next + words) | 0;
  }

  private copyBytes(payload: Uint8Array): void {
    const from = (((this.next + HEAD_WORDS) & this.mask) * WORD) | 0;
    const untilEnd = this.u8.length - from;
    if (payload.length <= untilEnd) this.u8.set(payload, from);
    else {
      this.u8.set(payload.subarray(0, untilEnd), from);
      this.u8.set(payload.subarray(untilEnd), 0);
    }
  }

  private copyView(view: DataView, start: number, length: number): void {
    if (length > LOOP_BYTES_MAX) {
      this.copyBytes(new Uint8Array(view.buffer, view.byteOffset + start, length));
      return;
    }
    const { u8, u32, mask32, mask8 } = this;
    const to = ((this.next + HEAD_WORDS) & this.mask) * 2;
    const quarters = length >> 2;
    let i = 0;
    // Four in a turn where they do not meet the ring's end: the copy is most of an entry, and this takes a third off it.
    for (const last = Math.min(quarters, u32.length - to) - 4; i <= last; i += 4) {
      const from = start + i * 4;
      u32[to + i] = view.getUint32(from, true);
      u32[to + i + 1] = view.getUint32(from + 4, true);
      u32[to + i + 2] = view.getUint32(from + 8, true);
      u32[to + i + 3] = view.getUint32(from + 12, true);
    }
    for (; i < quarters; i++) u32[(to + i) & mask32] = view.getUint32(start + i * 4, true);
    for (i *= 4; i < length; i++) u8[(to * 4 + i) & mask8] = view.getUint8(start + i);
  }
}
