// The whole blocks of a journal as they lie on the disk, from an entry or a moment on, while it may still be growing.

import { BLOCK_HEAD_BYTES, type BlockHead } from './blocks.ts';
import { errorCode } from './disk-error.ts';
import { readPayload } from './entries.ts';
import type { JournalFolder } from './files.ts';
import { listSegments, nextSegment, type SegmentFile, SegmentReader, type SegmentStep } from './segment-reader.ts';

/** Where to begin. */
export type BlockPlace = {
  /** Behind this entry; 0 for the first that is there. */
  readonly afterSequence: number;
  /** Head checksum of the block that ends with it, to know the journal by; null for one that is not known. */
  readonly afterChecksum: number | null;
  /** With the first block that has an entry of this moment or a later one, µs since 1970; null for all. */
  readonly fromUs: number | null;
};

/** A block with its head; valid until the next call. */
export type RawBlock = { readonly head: BlockHead; readonly bytes: Uint8Array };

/** What is known of the first entry that a journal has: its number, and the first moment told; null where it has none. */
export type JournalBegin = { readonly sequence: number; readonly timeUs: number | null };

type BlockStep = Extract<SegmentStep, { kind: 'block' }>;

/** The journal does not go on where another that was read has ended: it is another, or the machine's end took a part of it. */
export class OtherJournalError extends Error {
  override name = 'OtherJournalError';
}

/** Attempts to list segments while the bounds take some of them away. */
const LIST_ATTEMPTS = 10;

function entryTimes(head: BlockHead, bytes: Uint8Array): number[] {
  const entries = readPayload(bytes.subarray(BLOCK_HEAD_BYTES), head.anchorWallUs) ?? [];
  return entries.filter(({ receiveTimeNs }) => receiveTimeNs > 0).map((entry) => wallUs(entry));
}

const wallUs = (entry: { readonly anchorWallUs: number; readonly receiveTimeNs: number }): number =>
  entry.anchorWallUs + Math.round(entry.receiveTimeNs / 1000);

/** Damaged blocks are passed over: the numbers of those around them tell. Reads synchronously, a mebibyte at a time. */
export class RawBlocks {
  private readonly folder: JournalFolder;
  private readonly place: BlockPlace;
  private reader: SegmentReader | null = null;
  private last: number;
  /** Everything from here on is asked for. */
  private hasBegun: boolean;
  private isKnown: boolean;
  /** A block that was read and not given yet. */
  private ahead: RawBlock | null = null;

  constructor(folder: JournalFolder, place: BlockPlace) {
    this.folder = folder;
    this.place = place;
    this.last = place.afterSequence;
    this.hasBegun = place.fromUs === null;
    this.isKnown = place.afterSequence === 0 || place.afterChecksum === null;
  }

  /** Throws OtherJournalError where the place is not in this journal. */
  begin(): JournalBegin | null {
    const files = this.list();
    const begin = this.beginOf(files);
    this.ahead = this.next();
    if (!this.isKnown && this.ahead === null) {
      const { afterSequence } = this.place;
      throw new OtherJournalError(`expected a journal that has entry ${afterSequence}, was one that ends before it`);
    }
    return begin;
  }

  /** The next block, or null where there is none yet. */
  next(): RawBlock | null {
    const { ahead } = this;
    this.ahead = null;
    if (ahead !== null) return ahead;
    for (;;) {
      this.reader ??= this.firstReader();
      if (this.reader === null) return null;
      const step = this.reader.step();
      if (step.kind === 'block') {
        const found = this.take(this.reader, step);
        if (found === 'unfinished') return null;
        if (found !== 'passed') return found;
      } else if (step.kind !== 'damage' && !this.leaveSegment(this.reader)) return null;
    }
  }

  private take(reader: SegmentReader, { head, offset }: BlockStep): RawBlock | 'passed' | 'unfinished' {
    if (head.lastSequence <= this.last) {
      if (head.lastSequence === this.place.afterSequence) this.recognise(head);
      return 'passed';
    }
    const bytes = reader.block(head, offset);
    if (bytes === null) {
      if (!reader.isAtEnd || this.nextOf(reader.file) !== null) return 'passed';
      reader.rewind(offset);
      return 'unfinished';
    }
    if (head.firstSequence <= this.last) this.refuse(head);
    // Nothing stands before it by which the journal could be known.
    this.isKnown = true;
    if (!this.isAskedFor(head, bytes)) return 'passed';
    this.last = head.lastSequence;
    return { head, bytes };
  }

  private recognise(head: BlockHead): void {
    if (!this.isKnown && head.headChecksum !== this.place.afterChecksum) this.refuse(head);
    this.isKnown = true;
  }

  private refuse({ firstSequence, lastSequence }: BlockHead): never {
    const { afterSequence } = this.place;
    throw new OtherJournalError(
      `expected a journal that goes on behind entry ${afterSequence}, was one whose entries ${firstSequence} to ${lastSequence} are others`,
    );
  }

  private isAskedFor(head: BlockHead, bytes: Uint8Array): boolean {
    const { fromUs } = this.place;
    // Entries are received before they are written.
    if (!this.hasBegun && fromUs !== null && head.writtenAtUs >= fromUs)
      this.hasBegun = entryTimes(head, bytes).some((timeUs) => timeUs >= fromUs);
    return this.hasBegun;
  }

  /** The segment's end is looked at again once the next segment is there: only then is nothing more written to it. */
  private leaveSegment(reader: SegmentReader): boolean {
    const next = this.nextOf(reader.file);
    if (next === null) return false;
    const step = reader.step();
    if (step.kind === 'block' || step.kind === 'damage') reader.rewind(step.offset);
    else this.reader = new SegmentReader(this.folder, next);
    return true;
  }

  /** Null also where it was taken away just now: the one behind it is found at the next look. */
  private nextOf(file: SegmentFile): SegmentFile | null {
    return this.unlessGone(() => nextSegment(this.folder, file));
  }

  private unlessGone<Value>(read: () => Value): Value | null {
    try {
      return read();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  private list(): SegmentFile[] {
    for (let attempt = 0; attempt < LIST_ATTEMPTS; attempt++) {
      const files = this.unlessGone(() => listSegments(this.folder));
      if (files !== null) return files.filter(({ head }) => head !== null);
    }
    throw new Error('journal: expected segments that stay for a moment, was one that went at each look');
  }

  /** The segment in which the place is, as the heads tell. */
  private firstReader(): SegmentReader | null {
    const files = this.list();
    const { afterSequence, fromUs } = this.place;
    let first = files[0];
    for (const [index, file] of files.entries()) {
      const { firstSequence = 0, createdAtUs = 0 } = file.head ?? {};
      const isBefore = afterSequence > 0 ? firstSequence <= afterSequence : fromUs !== null && createdAtUs < fromUs;
      if (isBefore && index > 0) first = file;
    }
    return first === undefined ? null : new SegmentReader(this.folder, first);
  }

  private beginOf(files: readonly SegmentFile[]): JournalBegin | null {
    for (const file of files) {
      const reader = new SegmentReader(this.folder, file);
      for (let step = reader.step(); step.kind === 'block' || step.kind === 'damage'; step = reader.step()) {
        const bytes = step.kind === 'block' ? reader.block(step.head, step.offset) : null;
        if (step.kind === 'damage' || bytes === null) continue;
        const [timeUs = null] = entryTimes(step.head, bytes);
        return { sequence: step.head.firstSequence, timeUs };
      }
    }
    return null;
  }
}
