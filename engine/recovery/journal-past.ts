// What a journal's folder says of the engine before: its newest checkpoint, its clock, and how far it came.

import { type ClockAnchor, takeAnchor } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import type { Checkpoint } from '../journal/checkpoint.ts';
import { readCheckpoint } from '../journal/checkpoint-file.ts';
import type { JournalFolder } from '../journal/files.ts';
import { readEntries } from '../journal/journal-reader.ts';
import { scanJournal } from '../journal/journal-scan.ts';

export type JournalPast = {
  /** The newest whole one of this build; null where recovery begins with the first entry. */
  readonly checkpoint: Checkpoint | null;
  /** Why newer ones were not taken, a sentence each. */
  readonly refused: readonly string[];
  /** Wall clock at engine time zero, µs since 1970; null where the journal is new. */
  readonly anchorWallUs: number | null;
  /** Engine time that had passed, ns. */
  readonly passedNs: number;
  /** First and last entry there is; 0 for none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
};

/** The anchor and the time of the last entry, or null. */
function lastTimes(folder: JournalFolder, lastSequence: number): { anchorWallUs: number; timeNs: number } | null {
  for (const item of readEntries(folder, lastSequence)) {
    if (item.kind === 'entry') return { anchorWallUs: item.entry.anchorWallUs, timeNs: item.entry.receiveTimeNs };
  }
  return null;
}

/** Reads synchronously, and throws what the folder throws: for the start of an engine. `build` is fingerprint and version. */
export function readPast(folder: JournalFolder, build: string): JournalPast {
  const scan = scanJournal(folder);
  const { checkpoint: newest, refused } = readCheckpoint(folder);
  const checkpoint = newest?.build === build ? newest : null;
  const reasons = refused.map(({ file, reason }) => `${file}: ${reason}`);
  if (newest !== null && checkpoint === null)
    reasons.push(`checkpoint ${newest.number}: expected one of this build, was one of ${newest.build}`);
  const last = scan.lastSequence === 0 ? null : lastTimes(folder, scan.lastSequence);
  const anchorWallUs = last?.anchorWallUs ?? newest?.anchorWallUs ?? null;
  const writtenUs = Math.max(0, ...scan.segments.map(({ lastWrittenAtUs }) => lastWrittenAtUs));
  const passedUs = anchorWallUs === null ? 0 : writtenUs - anchorWallUs;
  return {
    checkpoint,
    refused: reasons,
    anchorWallUs,
    passedNs: Math.max(0, passedUs * 1000, last?.timeNs ?? 0),
    firstSequence: scan.firstSequence,
    lastSequence: scan.lastSequence,
  };
}

/** Engine time goes on from a journal; where the wall clock was set back, behind the last moment that is in it. */
export function anchorBehind({ anchorWallUs, passedNs }: JournalPast, now: ClockAnchor = takeAnchor()): ClockAnchor {
  if (anchorWallUs === null) return now;
  const sinceNs = Math.max((now.wallUs - anchorWallUs) * 1000, passedNs + 1);
  return { hrtimeNs: now.hrtimeNs - sinceNs, wallUs: anchorWallUs };
}

/** Throws a UsageError where the settings have no room for what the journal holds. */
export function requireRoom({ checkpoint }: JournalPast, marketsMax: number): void {
  const count = checkpoint?.ingress.marketNames.length ?? 0;
  if (count > marketsMax)
    throw new UsageError(`--markets-max: expected at least ${count}, the markets of the journal, was ${marketsMax}`);
}
