// Journals given as recordings: a folder, or one segment out of it; what they are, and their entries in order.

import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { JOURNAL_SEGMENT_MAGIC } from '../../schemas/journal.ts';
import { UsageError } from '../base/errors.ts';
import { readCheckpoint } from '../journal/checkpoint-file.ts';
import type { JournalDamage, JournalEntry } from '../journal/entry.ts';
import type { JournalFolder } from '../journal/files.ts';
import { HeldFolder } from '../journal/held-folder.ts';
import { type JournalItem, readEntries } from '../journal/journal-reader.ts';
import { segmentName, segmentOfName } from '../journal/names.ts';
import { NodeFolder } from '../journal/node-folder.ts';
import { ReadOnlyFolder, readDescriptor } from '../journal/read-only-folder.ts';
import { listSegments } from '../journal/segment-reader.ts';

export type RecordedJournal = {
  /** As it was given. */
  readonly path: string;
  readonly folder: JournalFolder;
  /** Names of markets by their ids, as the newest checkpoint of the folder tells, or the list beside it; empty where there is none. */
  readonly marketNames: readonly string[];
};

/** Bytes of a file from a place on, fewer at its end. */
function readBytes(path: string, from: number, length: number): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    return readDescriptor(descriptor, from, length);
  } finally {
    closeSync(descriptor);
  }
}

/** One segment file, whatever its name, as a folder that holds nothing else. It is only read. */
class SegmentAlone extends ReadOnlyFolder {
  private readonly name: string;

  constructor(path: string) {
    super(path);
    this.name = segmentOfName(basename(path)) === null ? segmentName(1) : basename(path);
  }

  list(): string[] {
    return [this.name];
  }

  sizeOf(): number {
    return statSync(this.path).size;
  }

  read(_name: string, from: number, length: number): Uint8Array {
    return readBytes(this.path, from, length);
  }
}

function isSegment(path: string): boolean {
  if (segmentOfName(basename(path)) !== null) return true;
  const head = readBytes(path, 0, 4);
  return head.length === 4 && new DataView(head.buffer).getUint32(0, true) === JOURNAL_SEGMENT_MAGIC;
}

/** Names of markets by their ids, beside a recording of an engine: a JSON array. */
export const MARKET_NAMES_FILE = 'markets.json';

/** Empty where there are none, or they cannot be read. */
function recordedNames(folder: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(readFileSync(join(folder, MARKET_NAMES_FILE), 'utf8'));
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : [];
  } catch {
    return [];
  }
}

function ofFolder(path: string, isHeld: boolean): RecordedJournal {
  const folder = isHeld ? HeldFolder.open(path) : NodeFolder.existing(path);
  if (listSegments(folder).length === 0)
    throw new UsageError(
      `recording ${path}: expected a file, or the folder of a journal with ${segmentName(1)}, was a folder without`,
    );
  const { checkpoint } = readCheckpoint(isHeld ? NodeFolder.existing(path) : folder);
  return { path, folder, marketNames: checkpoint?.ingress.marketNames ?? recordedNames(path) };
}

/**
 * The journal at a path; null where it is a recording of another form. Throws UsageError where it cannot be read. One that is
 * held stays as it is now, whatever an engine writes to it or takes away meanwhile.
 */
export function journalAt(path: string, isHeld = false): RecordedJournal | null {
  try {
    if (statSync(path).isDirectory()) return ofFolder(path, isHeld);
    return isSegment(path) ? { path, folder: new SegmentAlone(path), marketNames: [] } : null;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`recording ${path}: expected a readable file, was: ${(error as Error).message}`);
  }
}

/** When an entry was written, in whole µs since 1970, as other recordings count. */
export function entryTimeUs({ anchorWallUs, receiveTimeNs }: JournalEntry): number {
  return anchorWallUs + Math.round(receiveTimeNs / 1000);
}

/** A hole has no time, and neither has a damaged place. */
export function itemTimeUs(item: JournalItem): number | null {
  return item.kind === 'entry' && item.entry.receiveTimeNs > 0 ? entryTimeUs(item.entry) : null;
}

/** When the journal begins; null where it holds no entry. */
export function firstEntryTimeUs({ folder }: RecordedJournal): number | null {
  for (const item of readEntries(folder)) {
    const timeUs = itemTimeUs(item);
    if (timeUs !== null) return timeUs;
  }
  return null;
}

/** Which entries are missing, and where. */
export function damageSentence({
  kind,
  file,
  offsetBytes,
  bytes,
  afterSequence,
  beforeSequence,
}: JournalDamage): string {
  const first = afterSequence + 1;
  const place = `${kind} in ${file} at ${offsetBytes}, ${bytes} bytes`;
  if (beforeSequence === null) return `entries from ${first} on are missing or unfinished (${place})`;
  if (beforeSequence <= first) return `no entry is known to be missing before ${beforeSequence} (${place})`;
  return `entries ${first} to ${beforeSequence - 1} are missing (${place})`;
}
