// A journal in memory for tests: every entry is kept, with a copy of its payload; which of them are safe is the test's to say.

import type { JournalEntry } from '../../engine/journal/entry.ts';
import type { JournalLog } from '../../engine/journal/journal-log.ts';
import { JournalKind } from '../../schemas/journal.ts';

const NO_DIALECT = 255;
const NO_BYTES = new Uint8Array(0);

export class MemoryJournal implements JournalLog {
  readonly entries: JournalEntry[] = [];
  /** Up to this entry all is safe. */
  safeSequence = 0;
  /** Entries behind this one were committed. */
  committed = 0;
  private readonly anchorWallUs: number;

  constructor(anchorWallUs: number) {
    this.anchorWallUs = anchorWallUs;
  }

  get sequence(): number {
    return this.entries.length;
  }

  private put(entry: Partial<JournalEntry> & Pick<JournalEntry, 'kind' | 'receiveTimeNs'>): number {
    const none = { flags: 0, dialect: NO_DIALECT, result: 0, connection: 0, producerSequence: 0, payload: NO_BYTES };
    this.entries.push({ ...none, ...entry, sequence: this.entries.length + 1, anchorWallUs: this.anchorWallUs });
    return this.entries.length;
  }

  start(payload: Uint8Array, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.start, payload: payload.slice(), receiveTimeNs });
  }

  open(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.open, connection, dialect, payload: payload.slice(), receiveTimeNs });
  }

  close(connection: number, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.close, connection, receiveTimeNs });
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
    const payload = new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
    const kind = JournalKind.frame;
    return this.put({ kind, connection, dialect, flags, result, receiveTimeNs, producerSequence, payload });
  }

  sent(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.sent, connection, dialect, payload: payload.slice(), receiveTimeNs });
  }

  clock(timeUs: number, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.clock, payload: bytesOf(timeUs), receiveTimeNs });
  }

  records(connection: number, slots: Uint8Array, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.records, connection, payload: slots.slice(), receiveTimeNs });
  }

  checkpoint(number: number, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.checkpoint, payload: bytesOf(number), receiveTimeNs });
  }

  markets(payload: Uint8Array, receiveTimeNs: number): number {
    return this.put({ kind: JournalKind.markets, payload: payload.slice(), receiveTimeNs });
  }

  commit(): void {
    this.committed = this.entries.length;
  }
}

function bytesOf(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer);
}
