// The last messages of one topic in one encoding, for subscribers that come back; bounded in count and in bytes.
//
// Hot path on main: each published message is pushed. Kept as bytes outside of the heap: as objects the messages of the
// resume window would all outlive the young generation, and collecting them cost as much as publishing (decisions/0014).

import { ByteQueue, PagePool } from './byte-queue.ts';

/** Messages kept per topic and encoding. */
export const HISTORY_MESSAGES_MAX = 4_096;
/** Bytes kept per topic and encoding: a second of a busy book in full detail is well under a tenth of it. */
export const HISTORY_BYTES_MAX = 2 * 1024 * 1024;
/** Bytes kept over all topics; beyond it a topic keeps only what it can by dropping its own oldest. */
export const HISTORY_TOTAL_BYTES_MAX = 128 * 1024 * 1024;

export type Encoded = string | Uint8Array;

/** Entries are rows of four numbers: where the message ends in the bytes, seq, prevSeq, time. */
const ROW = 4;
const SEQ = 1;
const PREV_SEQ = 2;
const AT_MS = 3;
const ROWS_MIN = 16;
const NO_SEQ = -1;

/** A piece of what a history still holds. */
export type Rest = {
  readonly lost: number;
  readonly before: number | null;
  readonly last: number;
  readonly position: number;
  readonly messages: readonly Encoded[];
};

/** Bytes all histories of one engine hold. */
export class HistoryBudget {
  bytes = 0;
  readonly pages = new PagePool();
}

export class History {
  /** A ring of rows, doubled when it is full; a power of two. */
  private rows = new Float64Array(ROWS_MIN * ROW);
  private capacity = ROWS_MIN;
  /** Entries ever dropped and ever pushed: the oldest held and the one behind the newest. */
  private first = 0;
  private next = 0;
  /** Where the oldest message begins in the bytes. */
  private start = 0;
  private isText = true;
  private readonly bytes: ByteQueue;
  private readonly budget: HistoryBudget;
  private readonly windowMs: number;

  constructor(budget: HistoryBudget, windowMs: number) {
    this.budget = budget;
    this.windowMs = windowMs;
    this.bytes = new ByteQueue(budget.pages);
  }

  /**
   * All messages of a history are of one encoding: all text or all bytes. `prevSeq` is null or not negative.
   * Returns the message as bytes, valid until the next push of any history: no one need turn a text into UTF-8 again.
   */
  push(message: Encoded, seq: number, prevSeq: number | null, nowMs: number): Uint8Array {
    const before = this.bytes.end;
    const bytes = this.append(message);
    this.budget.bytes += this.bytes.end - before;
    if (this.next - this.first === this.capacity) this.grow();
    const row = this.rowOf(this.next++);
    this.rows[row] = this.bytes.end;
    this.rows[row + SEQ] = seq;
    this.rows[row + PREV_SEQ] = prevSeq === null ? NO_SEQ : prevSeq;
    this.rows[row + AT_MS] = nowMs;
    while (this.first < this.next && this.isOver(nowMs)) this.dropFirst();
    this.bytes.dropTo(this.start);
    return bytes;
  }

  private append(message: Encoded): Uint8Array {
    this.isText = typeof message === 'string';
    if (typeof message === 'string') return this.bytes.appendText(message);
    this.bytes.append(message);
    return message;
  }

  private rowOf(entry: number): number {
    return (entry & (this.capacity - 1)) * ROW;
  }

  private grow(): void {
    const rows = new Float64Array(2 * this.capacity * ROW);
    for (let entry = this.first; entry < this.next; entry++) {
      const from = this.rowOf(entry);
      rows.set(this.rows.subarray(from, from + ROW), (entry & (2 * this.capacity - 1)) * ROW);
    }
    this.rows = rows;
    this.capacity *= 2;
  }

  private isOver(nowMs: number): boolean {
    return (
      this.next - this.first > HISTORY_MESSAGES_MAX ||
      this.bytes.end - this.start > HISTORY_BYTES_MAX ||
      this.budget.bytes > HISTORY_TOTAL_BYTES_MAX ||
      nowMs - this.column(this.first, AT_MS) > this.windowMs
    );
  }

  private column(entry: number, column: number): number {
    return this.rows[this.rowOf(entry) + column];
  }

  private dropFirst(): void {
    const end = this.column(this.first, 0);
    this.budget.bytes -= end - this.start;
    this.start = end;
    this.first++;
  }

  /**
   * What followed `seq`, or null where something after it is no longer held. Several messages may share one seq: the parts
   * of a snapshot, and changes of a book's state alone. Each but the first has that seq as its prevSeq too, and the reader
   * may have had some of them only: all but the first are given again (whole books and states, so twice is once).
   */
  after(seq: number, lastSeq: number | null): Encoded[] | null {
    if (seq < 0) return null;
    const held = Array.from({ length: this.next - this.first }, (_, index) => this.first + index);
    const from = held.findIndex((entry) => this.column(entry, PREV_SEQ) === seq);
    if (from >= 0) return held.slice(from).map((entry) => this.message(entry));
    return lastSeq === seq ? [] : null;
  }

  /** Messages ever pushed: where a reader stands that has had all of them. */
  get position(): number {
    return this.next;
  }

  /**
   * What is left from a position on, oldest first, of at most `bytesMax` (or one message): how many before it are gone, the
   * `prevSeq` of the first, the seq of the last, and the position behind it. Null where nothing is left.
   */
  since(position: number, bytesMax: number): Rest | null {
    const from = Math.max(position, this.first);
    if (from >= this.next) return null;
    const start = from === this.first ? this.start : this.column(from - 1, 0);
    let to = from + 1;
    while (to < this.next && this.column(to, 0) - start <= bytesMax) to++;
    const messages = Array.from({ length: to - from }, (_, index) => this.message(from + index));
    const prevSeq = this.column(from, PREV_SEQ);
    const before = prevSeq === NO_SEQ ? null : prevSeq;
    return { lost: from - position, before, last: this.column(to - 1, SEQ), position: to, messages };
  }

  private message(entry: number): Encoded {
    const from = entry === this.first ? this.start : this.column(entry - 1, 0);
    const bytes = this.bytes.read(from, this.column(entry, 0));
    return this.isText ? bytes.toString('utf8') : bytes;
  }

  clear(): void {
    this.budget.bytes -= this.bytes.end - this.start;
    this.bytes.clear();
    this.start = this.bytes.end;
    this.first = this.next;
    this.rows = new Float64Array(ROWS_MIN * ROW);
    this.capacity = ROWS_MIN;
  }
}
