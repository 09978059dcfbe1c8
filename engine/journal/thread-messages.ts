// What main and the journal thread tell each other; numbers go through shared memory.

import type { ClockAnchor } from '../base/clock.ts';
import type { JournalMemory } from '../memory/engine-memory.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { JournalEvent, JournalOpened, JournalOptions } from './journal-options.ts';

export type JournalThreadStart = {
  readonly memory: JournalMemory;
  readonly anchor: ClockAnchor;
  readonly folder: string;
  readonly options: JournalOptions;
};

export type ToJournal = { readonly op: 'checkpoint'; readonly checkpoint: Checkpoint };

export type FromJournal =
  | { readonly op: 'opened'; readonly opened: JournalOpened }
  | { readonly op: 'refused'; readonly message: string; readonly isUsage: boolean }
  | { readonly op: 'event'; readonly event: JournalEvent }
  | { readonly op: 'checkpoint'; readonly number: number; readonly isWritten: boolean }
  | { readonly op: 'closed' };
