// Reads a journal in order: whole entries, and markers where some are missing.

import { JournalKind } from '../../schemas/journal.ts';
import { type BlockHead, SEGMENT_HEAD_BYTES } from './blocks.ts';
import { firstCovered, readPayload } from './entries.ts';
import type { JournalDamage, JournalEntry } from './entry.ts';
import type { JournalFolder } from './files.ts';
import { listSegments, nextSegment, type SegmentFile, SegmentReader } from './segment-reader.ts';

/** What a reader meets next: an entry, or a place where the journal is damaged or has a hole. */
export type JournalItem =
  | { readonly kind: 'entry'; readonly entry: JournalEntry }
  | { readonly kind: 'missing'; readonly damage: JournalDamage };

/** True where entries are missing behind this, or may be; false where all that is known to have been is there. */
export function losesEntries(damage: JournalDamage): boolean {
  if (damage.kind === 'bad-chain' || damage.beforeSequence === null) return true;
  return damage.beforeSequence > damage.afterSequence + 1;
}

/** A damaged place before it is known which entry comes next. */
type Place = Pick<JournalDamage, 'kind' | 'file' | 'offsetBytes' | 'bytes'>;

/** A position in a journal that may still be growing. */
export class JournalCursor {
  private readonly folder: JournalFolder;
  /** Every entry up to this one has been given, is missing, or was not asked for; -1 until the first is known. */
  private last: number;
  private reader: SegmentReader | null = null;
  private items: JournalItem[] = [];
  private given = 0;
  /** Head checksum of the block before; null where it is not known. */
  private chain: number | null = null;
  private damage: Place | null = null;
  /** Highest number that the head of a block with a damaged payload tells. */
  private damageReaches = 0;
  private segmentBefore = 0;
  private isFinished = false;
  /** All segments, once nobody writes. */
  private files: readonly SegmentFile[] | null = null;

  /** Gives entries from this number on; 0 for the first that is there. */
  constructor(folder: JournalFolder, fromSequence: number) {
    this.folder = folder;
    this.last = fromSequence - 1;
  }

  /** The last entry that was given, is missing, or was not asked for. */
  get sequence(): number {
    return this.last;
  }

  /**
   * The next item, or null where there is none yet. `isFinal` says that nobody writes: then what is unfinished at the end
   * is damage, told once. The payload of an entry is valid until the next call.
   */
  next(isFinal: boolean): JournalItem | null {
    while (this.given >= this.items.length) {
      this.items = [];
      this.given = 0;
      if (!this.advance(isFinal)) break;
    }
    const item = this.items[this.given++] ?? null;
    if (item?.kind === 'entry') this.last = item.entry.sequence;
    else if (item?.damage.beforeSequence != null) this.last = Math.max(this.last, item.damage.beforeSequence - 1);
    return item;
  }

  /** One step through the file; false where there is nothing more to step to. */
  private advance(isFinal: boolean): boolean {
    this.reader ??= this.firstReader(isFinal);
    if (this.reader === null) return false;
    const step = this.reader.step();
    if (step.kind === 'block') return this.takeBlock(step.head, step.offset, isFinal);
    if (step.kind === 'damage') {
      this.addDamage('bad-checksum', step.offset, step.bytes);
      this.chain = null;
      return true;
    }
    return this.leaveSegment(isFinal);
  }

  /** The segment's end is looked at again once the next segment is there: only then is nothing more written to it. */
  private leaveSegment(isFinal: boolean): boolean {
    const reader = this.reader;
    if (reader === null || this.isFinished) return false;
    const next = this.segmentAfter(reader.file, isFinal);
    const step = reader.step();
    if (step.kind === 'block' || step.kind === 'damage') {
      reader.rewind(step.offset);
      return true;
    }
    if (next === null && !isFinal) return false;
    if (step.kind === 'unfinished') {
      this.addDamage(next === null ? 'torn-tail' : 'bad-checksum', step.offset, step.bytes);
      this.damageReaches = 0;
      this.chain = null;
    }
    if (next === null) return this.finish();
    this.enter(next);
    return true;
  }

  private finish(): boolean {
    this.isFinished = true;
    if (this.damage === null) return false;
    const before = this.damageReaches > this.last ? this.damageReaches + 1 : null;
    this.tellDamage(this.damage, before);
    return true;
  }

  private takeBlock(head: BlockHead, offset: number, isFinal: boolean): boolean {
    const reader = this.reader;
    if (reader === null) return false;
    if (head.lastSequence <= this.last) {
      this.chain = head.headChecksum;
      return true;
    }
    const payload = reader.payload(head, offset);
    if (payload === null && !isFinal && reader.isAtEnd && nextSegment(this.folder, reader.file) === null) {
      reader.rewind(offset);
      return false;
    }
    const entries = payload === null ? null : readPayload(payload, head.anchorWallUs);
    if (entries === null) {
      this.addDamage('bad-checksum', offset, head.payloadBytes);
      this.damageReaches = Math.max(this.damageReaches, head.lastSequence);
    } else this.giveBlock(head, offset, entries);
    this.chain = head.headChecksum;
    return true;
  }

  private giveBlock(head: BlockHead, offset: number, entries: readonly JournalEntry[]): void {
    const kind = this.breakBefore(head);
    if (kind !== null) this.addDamage(kind, offset, 0);
    this.segmentBefore = head.segment;
    if (this.damage !== null) this.tellDamage(this.damage, Math.max(head.firstSequence, this.last + 1));
    for (const entry of entries) if (entry.sequence > this.last) this.items.push(this.itemOf(entry, offset));
  }

  /** What a block that is whole tells of the place before it, where nothing was told of that yet; null for nothing. */
  private breakBefore(head: BlockHead): JournalDamage['kind'] | null {
    const isGap = head.firstSequence > this.last + 1;
    if (isGap && this.damage === null && this.segmentBefore + 1 < head.segment) return 'missing-segment';
    if (this.chain !== null && head.previousChecksum !== this.chain) return 'bad-chain';
    return isGap && this.damage === null ? 'hole' : null;
  }

  private itemOf(entry: JournalEntry, offset: number): JournalItem {
    if (entry.kind !== JournalKind.hole) return { kind: 'entry', entry };
    const afterSequence = Math.max(this.last, firstCovered(entry) - 1);
    const place = { kind: 'hole' as const, file: this.reader?.file.name ?? '', offsetBytes: offset, bytes: 0 };
    return { kind: 'missing', damage: { ...place, afterSequence, beforeSequence: entry.sequence + 1 } };
  }

  /** Damaged places with no whole block between them are one. */
  private addDamage(kind: JournalDamage['kind'], offsetBytes: number, bytes: number): void {
    if (this.damage === null) this.damage = { kind, file: this.reader?.file.name ?? '', offsetBytes, bytes };
    else this.damage = { ...this.damage, bytes: this.damage.bytes + bytes };
  }

  private tellDamage(place: Place, beforeSequence: number | null): void {
    this.items.push({ kind: 'missing', damage: { ...place, afterSequence: this.last, beforeSequence } });
    this.damage = null;
    this.damageReaches = 0;
  }

  /** The last segment that begins no later than what is asked for. */
  private firstReader(isFinal: boolean): SegmentReader | null {
    const files = listSegments(this.folder).filter(({ sizeBytes }) => isFinal || sizeBytes >= SEGMENT_HEAD_BYTES);
    if (files.length === 0) return null;
    let first = files[0];
    if (this.last < 0) this.last = (first.head?.firstSequence ?? 1) - 1;
    for (const file of files) if (file.head !== null && file.head.firstSequence <= this.last + 1) first = file;
    this.enter(first);
    const isLate = first.head !== null && first.head.firstSequence > this.last + 1;
    this.segmentBefore = isLate ? first.segment - 2 : first.segment - 1;
    return this.reader;
  }

  private enter(file: SegmentFile): void {
    const isFirst = this.reader === null;
    this.reader = new SegmentReader(this.folder, file);
    if (file.head === null) this.addDamage('bad-head', 0, 0);
    else if (isFirst) this.chain = file.head.previousChecksum === 0 ? null : file.head.previousChecksum;
  }

  private segmentAfter(file: SegmentFile, isFinal: boolean): SegmentFile | null {
    if (!isFinal) return nextSegment(this.folder, file);
    this.files ??= listSegments(this.folder);
    return this.files[this.files.findIndex(({ name }) => name === file.name) + 1] ?? null;
  }
}

/**
 * Everything a journal that nobody writes has from this number on (0: from its first), in order. Damaged blocks are passed over, and what is
 * missing is told where it is missing. Reads synchronously, a mebibyte at a time; what it throws are errors of the disk.
 */
export function* readEntries(folder: JournalFolder, fromSequence = 0): Generator<JournalItem, void, undefined> {
  const cursor = new JournalCursor(folder, fromSequence);
  for (let item = cursor.next(true); item !== null; item = cursor.next(true)) yield item;
}

/** Lets time pass while a journal grows. */
export type TailClock = { readonly nowMs: () => number; readonly wait: (ms: number) => void };

const TAIL_POLL_MS = 2;

/** Follows a journal that is being written. */
export class JournalTail {
  private readonly cursor: JournalCursor;
  private readonly clock: TailClock;

  constructor(folder: JournalFolder, fromSequence: number, clock: TailClock) {
    this.cursor = new JournalCursor(folder, fromSequence);
    this.clock = clock;
  }

  /** The last entry that was given, or is missing. */
  get sequence(): number {
    return this.cursor.sequence;
  }

  /**
   * Gives everything up to and with this number, waiting for what is not written yet; ends before it when the deadline has
   * passed, and `sequence` then tells how far it came.
   */
  *readTo(sequence: number, deadlineMs: number): Generator<JournalItem, void, undefined> {
    while (this.cursor.sequence < sequence) {
      const item = this.cursor.next(false);
      if (item !== null) yield item;
      else if (this.clock.nowMs() >= deadlineMs) return;
      else this.clock.wait(TAIL_POLL_MS);
    }
  }
}
