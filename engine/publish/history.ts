// The last messages of one topic in one encoding, for subscribers that come back; bounded in count and in bytes.

/** Messages kept per topic and encoding. */
export const HISTORY_MESSAGES_MAX = 4_096;
/** Bytes kept per topic and encoding: a second of a busy book in full detail is well under a tenth of it. */
export const HISTORY_BYTES_MAX = 2 * 1024 * 1024;
/** Bytes kept over all topics; beyond it a topic keeps only what it can by dropping its own oldest. */
export const HISTORY_TOTAL_BYTES_MAX = 128 * 1024 * 1024;

export type Encoded = string | Uint8Array;
type Entry = {
  readonly message: Encoded;
  readonly seq: number;
  readonly prevSeq: number | null;
  readonly atMs: number;
};

const DROPPED: Entry = { message: '', seq: -1, prevSeq: null, atMs: 0 };

/** Bytes all histories of one engine hold. */
export class HistoryBudget {
  bytes = 0;
}

export class History {
  private entries: Entry[] = [];
  /** Entries before this index are gone; the array is cut when half of it is. */
  private first = 0;
  private bytes = 0;
  private readonly budget: HistoryBudget;
  private readonly windowMs: number;

  constructor(budget: HistoryBudget, windowMs: number) {
    this.budget = budget;
    this.windowMs = windowMs;
  }

  push(message: Encoded, seq: number, prevSeq: number | null, nowMs: number): void {
    this.entries.push({ message, seq, prevSeq, atMs: nowMs });
    this.bytes += message.length;
    this.budget.bytes += message.length;
    while (this.first < this.entries.length && this.isOver(nowMs)) this.dropFirst();
    if (this.first > 64 && this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }

  private isOver(nowMs: number): boolean {
    return (
      this.entries.length - this.first > HISTORY_MESSAGES_MAX ||
      this.bytes > HISTORY_BYTES_MAX ||
      this.budget.bytes > HISTORY_TOTAL_BYTES_MAX ||
      nowMs - this.entries[this.first].atMs > this.windowMs
    );
  }

  private dropFirst(): void {
    const size = this.entries[this.first].message.length;
    this.bytes -= size;
    this.budget.bytes -= size;
    // The slot is emptied too: the message itself must not live until the array is cut.
    this.entries[this.first] = DROPPED;
    this.first++;
  }

  /**
   * What followed `seq`, or null where something after it is no longer held. A snapshot in parts shares one seq: the
   * reader may have had some of its parts only, so all of them are given again (a snapshot replaces, so twice is once).
   */
  after(seq: number, lastSeq: number | null): Encoded[] | null {
    const held = this.entries.slice(this.first);
    const isParts = held.filter((entry) => entry.seq === seq).length > 1;
    const from = held.findIndex((entry) => (isParts ? entry.seq === seq : entry.prevSeq === seq && entry.seq !== seq));
    if (from >= 0) return held.slice(from).map((entry) => entry.message);
    return lastSeq === seq ? [] : null;
  }

  clear(): void {
    this.budget.bytes -= this.bytes;
    this.bytes = 0;
    this.entries = [];
    this.first = 0;
  }
}
