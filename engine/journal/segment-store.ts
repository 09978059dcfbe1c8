// The segments on the disk: appends blocks to the newest, cuts what failed, closes and opens, and removes the oldest.

import { JOURNAL_VERSION } from '../../schemas/journal.ts';
import { UsageError } from '../base/errors.ts';
import { appendWhole } from './append-whole.ts';
import type { BlockBuffer } from './block-buffer.ts';
import { SEGMENT_HEAD_BYTES, sealSegment } from './blocks.ts';
import type { JournalFile, JournalFolder } from './files.ts';
import { type JournalScan, scanJournal } from './journal-scan.ts';
import { segmentName, TEMPORARY_ENDING } from './names.ts';

export type StoreOptions = {
  /** A segment is closed before it is larger than this; one larger block is a segment. */
  readonly segmentBytes: number;
  readonly bytesMax: number;
  readonly ageMsMax: number;
};

type Segment = {
  readonly name: string;
  readonly createdAtUs: number;
  bytes: number;
  blocks: number;
  lastSequence: number;
  lastWrittenAtUs: number;
};

/** A segment is closed at this part of the age that is kept, so that old entries do not stay with young ones. */
const SEGMENT_AGE_PART = 1 / 4;

export class SegmentStore {
  private readonly folder: JournalFolder;
  private readonly options: StoreOptions;
  /** From the oldest; the last is being written where `file` is open. */
  private segments: Segment[] = [];
  private file: JournalFile | null = null;
  /** Bytes of `file` that are whole; more are a failed append that could not be cut yet. */
  private wholeBytes = 0;
  private failedAtBytes = 0;
  private nextNumber = 1;
  private chain = 0;
  private segmentBytes: number;

  constructor(folder: JournalFolder, options: StoreOptions) {
    this.folder = folder;
    this.options = options;
    this.segmentBytes = options.segmentBytes;
  }

  get isOpen(): boolean {
    return this.file !== null;
  }

  get count(): number {
    return this.segments.length;
  }

  get heldBytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Name of the segment that is being written, or of the next. */
  get name(): string {
    return this.file === null ? segmentName(this.nextNumber) : (this.segments.at(-1)?.name ?? '');
  }

  /** Finds what an engine before has left, cuts what it did not end, and waits until that is on the disk. */
  recover(): JournalScan {
    for (const name of this.folder.list()) if (name.endsWith(TEMPORARY_ENDING)) this.folder.remove(name);
    const scan = scanJournal(this.folder);
    refuseOtherVersions(scan);
    const isHeadless = scan.segments.at(-1)?.wholeBytes === 0;
    this.segments = scan.segments.slice(0, isHeadless ? -1 : undefined).map((segment) => ({
      name: segment.file.name,
      createdAtUs: segment.file.head?.createdAtUs ?? 0,
      bytes: segment.file.sizeBytes,
      blocks: segment.lastSequence > 0 ? 1 : 0,
      lastSequence: segment.lastSequence,
      lastWrittenAtUs: segment.lastWrittenAtUs,
    }));
    const last = scan.segments.at(-1);
    if (last !== undefined && isHeadless) this.folder.remove(last.file.name);
    else if (last !== undefined) this.cutAndSync(last.file.name, last.wholeBytes);
    this.folder.syncNames();
    this.nextNumber = Math.max(0, ...scan.segments.map(({ file }) => file.segment)) + (isHeadless ? 0 : 1);
    this.chain = scan.lastChecksum;
    return scan;
  }

  /** True where the block has to go to a new segment. */
  needsSegment(blockBytes: number, nowUs: number): boolean {
    const current = this.segments.at(-1);
    if (this.file === null || current === undefined) return true;
    if (current.blocks === 0) return false;
    const isOld = nowUs - current.createdAtUs > this.options.ageMsMax * 1000 * SEGMENT_AGE_PART;
    return isOld || this.wholeBytes + blockBytes > this.segmentBytes;
  }

  /** True where the segment that is open has no block yet. */
  get isFresh(): boolean {
    return this.file !== null && this.segments.at(-1)?.blocks === 0;
  }

  openSegment(firstSequence: number, nowUs: number): void {
    const name = segmentName(this.nextNumber);
    const head = sealSegment({
      segment: this.nextNumber,
      firstSequence,
      createdAtUs: nowUs,
      previousChecksum: this.chain,
    });
    const file = this.folder.open(name);
    try {
      if (file.sizeBytes > 0) file.truncate(0);
      appendWhole(file, head, 0, head.length);
      this.folder.syncNames();
    } catch (error) {
      this.dropFile(file, name);
      throw error;
    }
    this.file = file;
    this.wholeBytes = SEGMENT_HEAD_BYTES;
    this.nextNumber++;
    const lastSequence = firstSequence - 1;
    this.segments.push({
      name,
      createdAtUs: nowUs,
      bytes: head.length,
      blocks: 0,
      lastSequence,
      lastWrittenAtUs: nowUs,
    });
  }

  /** Appends a block. After an error nothing of it is in the journal. */
  append(block: BlockBuffer, nowUs: number, anchorWallUs: number): void {
    const { file } = this;
    const current = this.segments.at(-1);
    if (file === null || current === undefined) throw new Error('journal: expected an open segment');
    const { bytes, checksum } = block.seal(this.nextNumber - 1, this.chain, nowUs, anchorWallUs);
    try {
      this.cut();
      appendWhole(file, bytes, 0, bytes.length);
    } catch (error) {
      this.failedAtBytes = file.sizeBytes;
      this.cutOrAbandon();
      throw error;
    }
    this.wholeBytes += bytes.length;
    this.chain = checksum;
    current.bytes = this.wholeBytes;
    current.blocks++;
    current.lastSequence = block.lastSequence;
    current.lastWrittenAtUs = nowUs;
  }

  /** After an error what was appended since the last sync may or may not be on the disk: no later sync would tell. */
  sync(): void {
    try {
      this.file?.sync();
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /**
   * Throws where the segment that is written has lost its name, as when its folder is removed: the system goes on to take
   * what is appended, and nobody finds it again. Segments that are gone are forgotten.
   */
  requireName(): void {
    if (this.file === null) return;
    try {
      this.folder.sizeOf(this.name);
    } catch (error) {
      this.abandon();
      const names = this.namesLeft();
      this.segments = this.segments.filter(({ name }) => names.includes(name));
      throw error;
    }
  }

  private namesLeft(): readonly string[] {
    try {
      return this.folder.list();
    } catch {
      return [];
    }
  }

  /** Closes what has been synced. */
  close(): void {
    const { file } = this;
    this.file = null;
    file?.close();
  }

  /** The system allows no larger files than the one had become whose append failed. */
  limitSegments(): void {
    this.segmentBytes = Math.min(this.segmentBytes, this.failedAtBytes);
  }

  /**
   * Removes the oldest segments while the journal is larger or older than it may be. Returns 0; or the entry behind which a
   * checkpoint must stand before the next one may go. `floor` is the entry up to which nothing is needed.
   */
  removeOld(floor: number, nowUs: number): number {
    for (let oldest = this.segments[0]; this.segments.length > 1 && this.isOver(oldest, nowUs); ) {
      if (oldest.lastSequence > floor) return oldest.lastSequence;
      this.folder.remove(oldest.name);
      this.segments.shift();
      oldest = this.segments[0];
    }
    return 0;
  }

  get isOverBytes(): boolean {
    return this.heldBytes > this.options.bytesMax;
  }

  private isOver(oldest: Segment, nowUs: number): boolean {
    return this.isOverBytes || nowUs - oldest.lastWrittenAtUs > this.options.ageMsMax * 1000;
  }

  private cutAndSync(name: string, wholeBytes: number): void {
    const file = this.folder.open(name);
    try {
      if (file.sizeBytes > wholeBytes) file.truncate(wholeBytes);
      file.sync();
    } finally {
      file.close();
    }
    const last = this.segments.at(-1);
    if (last !== undefined) last.bytes = wholeBytes;
  }

  private cut(): void {
    if (this.file !== null && this.file.sizeBytes > this.wholeBytes) this.file.truncate(this.wholeBytes);
  }

  private cutOrAbandon(): void {
    try {
      this.cut();
    } catch {
      this.abandon();
    }
  }

  /** Leaves the segment as it is: the next block goes to a new one. */
  private abandon(): void {
    try {
      this.close();
    } catch {
      // It was given up already.
    }
  }

  private dropFile(file: JournalFile, name: string): void {
    try {
      file.close();
      this.folder.remove(name);
    } catch {
      this.nextNumber++;
    }
  }
}

function refuseOtherVersions(scan: JournalScan): void {
  for (const { file } of scan.segments) {
    if (file.head !== null && file.head.version !== JOURNAL_VERSION)
      throw new UsageError(`journal: expected format ${JOURNAL_VERSION}, was ${file.head.version} in ${file.name}`);
  }
}
