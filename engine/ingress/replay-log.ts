// Stands for the journal while one is read: it takes nothing down, and says which entry the records come from.

import type { JournalLog } from '../journal/journal-log.ts';

/** Where a session would write an entry down, the records that follow are of the entry at hand. Thread: the reader's. */
export class ReplayLog implements JournalLog {
  sequence = 0;
  /** Number of the entry that is being applied. */
  entry = 0;

  get safeSequence(): number {
    return this.sequence;
  }

  private note(): number {
    this.sequence = this.entry;
    return this.sequence;
  }

  start(): number {
    return this.note();
  }

  open(): number {
    return this.note();
  }

  close(): number {
    return this.note();
  }

  frame(): number {
    return this.note();
  }

  sent(): number {
    return this.note();
  }

  clock(): number {
    return this.note();
  }

  records(): number {
    return this.note();
  }

  checkpoint(): number {
    return this.note();
  }

  markets(): number {
    return this.note();
  }

  commit(): void {}
}
