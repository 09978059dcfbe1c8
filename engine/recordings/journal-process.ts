// Starts the processes that write an engine's journal to clients.

import { fileURLToPath } from 'node:url';
import { entryUrl } from '../base/entry.ts';
import type { BlockPlace, JournalBegin } from '../journal/raw-blocks.ts';
import { HttpError } from '../publish/http.ts';
import type { RunningJournal } from '../publish/journal-route.ts';
import { type FromProcess, startOutputProcess } from './output-process.ts';

export type JournalOrder = {
  readonly folder: string;
  readonly place: BlockPlace;
  /** The entry with which it ends; null goes on with what is written. */
  readonly untilSequence: number | null;
};

/** It begins with what the journal begins with. */
export type FromJournalProcess = FromProcess<JournalBegin | null, null>;

export function startJournalProcess(order: JournalOrder): RunningJournal {
  return startOutputProcess<JournalBegin | null, null>(
    fileURLToPath(entryUrl('./journal-child.ts', import.meta.url)),
    order,
    { errorOf: (reason, kind) => (kind === 'other-journal' ? new HttpError(409, kind, reason) : new Error(reason)) },
  );
}
