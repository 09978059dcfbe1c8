// Frames of the golden sessions for an engine that is recorded, and what its recording is compared with.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { NodeFolder } from '../../engine/journal/node-folder.ts';
import { contentOf } from './journal-rig.ts';
import { GOLDEN_SESSIONS } from './recordings.ts';

export type Session = { readonly dialect: string; readonly frames: readonly string[] };

/** The frames of the golden sessions, as their venues sent them. */
export const SESSIONS: readonly Session[] = GOLDEN_SESSIONS.map(({ venue, path }) => ({
  dialect: venue,
  frames: readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { k?: string; d?: string })
    .flatMap(({ k, d }) => (k === 'recv' && d !== undefined ? [d] : [])),
}));

export const FRAMES = SESSIONS.reduce((sum, { frames }) => sum + frames.length, 0);

/** All entries of a journal by number, without those that an engine writes while it ends. */
export const entriesOf = (path: string) => contentOf(NodeFolder.existing(path)).entries;

/** What was recorded are the first of the journal's entries, or those from one on. */
export function assertPrefix(recording: string, journal: string): void {
  const recorded = contentOf(NodeFolder.existing(recording));
  assert.deepEqual(recorded.missing, []);
  const first = recorded.entries[0].sequence;
  const all = entriesOf(journal).filter(({ sequence }) => sequence >= first);
  assert.deepEqual(recorded.entries, all.slice(0, recorded.entries.length));
}
