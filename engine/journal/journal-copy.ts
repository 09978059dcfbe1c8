// A folder that takes the blocks of another journal as they are: each goes to the segment that it was written to.

import { UsageError } from '../base/errors.ts';
import { appendWhole } from './append-whole.ts';
import { type BlockHead, SEGMENT_HEAD_BYTES, sealSegment } from './blocks.ts';
import { isDiskError } from './disk-error.ts';
import type { JournalFile, JournalFolder } from './files.ts';
import { FolderLock } from './folder-lock.ts';
import type { SyncPolicy } from './journal-options.ts';
import { scanJournal } from './journal-scan.ts';
import { segmentName, TEMPORARY_ENDING } from './names.ts';
import { NodeFolder } from './node-folder.ts';
import type { RawBlock } from './raw-blocks.ts';

export type JournalCopyOptions = {
  readonly syncPolicy: SyncPolicy;
  /** For `interval`. */
  readonly syncMs: number;
  /** The oldest segments go where there are more; null keeps all. */
  readonly bytesMax: number | null;
};

type Segment = { readonly name: string; readonly number: number; wholeBytes: number };

/**
 * Heads stay as the engine sealed them, with their chain: what is missing between two blocks shows in the copy as it would in the
 * journal itself. Every call but the constructor may throw an error of the disk; what was taken stays, and it may be tried again.
 */
export class JournalCopy {
  /** The last entry that is in it, and the head checksum of its block; both 0 in an empty one. */
  lastSequence = 0;
  lastChecksum = 0;
  private readonly folder: JournalFolder;
  private readonly lock: FolderLock | null;
  private readonly options: JournalCopyOptions;
  /** From the oldest; the last is written. */
  private readonly segments: Segment[] = [];
  private file: JournalFile | null = null;
  private isUnsynced = false;
  private syncedAtMs = performance.now();

  constructor(folder: JournalFolder, options: JournalCopyOptions, lock: FolderLock | null = null) {
    this.folder = folder;
    this.options = options;
    this.lock = lock;
    this.recover();
  }

  /** The folder is made where there is none. Throws UsageError where it cannot be used, or is by another process. */
  static open(path: string, options: JournalCopyOptions): JournalCopy {
    const folder = NodeFolder.make(path);
    const lock = FolderLock.take(folder.path);
    try {
      return new JournalCopy(folder, options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Takes what is there, and cuts what was not written to its end. */
  private recover(): void {
    for (const name of this.folder.list()) if (name.endsWith(TEMPORARY_ENDING)) this.folder.remove(name);
    const { segments, lastSequence, lastChecksum } = scanJournal(this.folder);
    for (const [index, { file, wholeBytes }] of segments.entries()) {
      const isLast = index === segments.length - 1;
      if (isLast && wholeBytes === 0) this.folder.remove(file.name);
      else
        this.segments.push({
          name: file.name,
          number: file.segment,
          wholeBytes: isLast ? wholeBytes : file.sizeBytes,
        });
    }
    const last = this.segments.at(-1);
    if (last !== undefined) this.fileOf(last).sync();
    this.lastSequence = lastSequence;
    this.lastChecksum = lastChecksum;
  }

  /** How many entries are missing before a block; throws UsageError where it cannot follow. */
  missingBefore({ firstSequence, segment }: BlockHead): number {
    const last = this.segments.at(-1);
    if (firstSequence <= this.lastSequence || (last !== undefined && segment < last.number))
      throw new UsageError(
        `expected the journal that this recording is of, behind entry ${this.lastSequence}, was another at entry ${firstSequence}`,
      );
    return this.lastSequence === 0 ? 0 : firstSequence - this.lastSequence - 1;
  }

  /** Appends a block, of which nothing is there after an error. */
  take({ head, bytes }: RawBlock): void {
    const current = this.segmentFor(head);
    try {
      const file = this.fileOf(current);
      appendWhole(file, bytes, 0, bytes.length);
    } catch (error) {
      this.abandon();
      throw error;
    }
    current.wholeBytes += bytes.length;
    this.lastSequence = head.lastSequence;
    this.lastChecksum = head.headChecksum;
    this.isUnsynced = true;
    if (this.options.syncPolicy === 'always') this.sync();
  }

  /** Waits for the disk where it is time to. */
  tick(nowMs: number): void {
    const { syncPolicy, syncMs } = this.options;
    if (syncPolicy === 'interval' && this.isUnsynced && nowMs - this.syncedAtMs >= syncMs) this.sync();
  }

  sync(): void {
    this.syncedAtMs = performance.now();
    if (!this.isUnsynced) return;
    this.file?.sync();
    this.isUnsynced = false;
  }

  /** Writes a small file beside the segments, whole or not at all. */
  keep(name: string, text: string): void {
    this.folder.replace(name, Buffer.from(text));
  }

  close(): void {
    try {
      this.sync();
      this.file?.close();
    } finally {
      this.file = null;
      this.lock?.release();
    }
  }

  private segmentFor(head: BlockHead): Segment {
    const last = this.segments.at(-1);
    if (last?.number === head.segment) return last;
    this.sync();
    this.abandon();
    const { segment, firstSequence, writtenAtUs: createdAtUs, previousChecksum } = head;
    const made = { name: segmentName(segment), number: segment, wholeBytes: SEGMENT_HEAD_BYTES };
    const file = this.folder.open(made.name);
    try {
      if (file.sizeBytes > 0) file.truncate(0);
      const bytes = sealSegment({ segment, firstSequence, createdAtUs, previousChecksum });
      appendWhole(file, bytes, 0, bytes.length);
      this.folder.syncNames();
    } finally {
      file.close();
    }
    this.segments.push(made);
    this.removeOld();
    return made;
  }

  private removeOld(): void {
    const { bytesMax } = this.options;
    if (bytesMax === null) return;
    let held = this.segments.reduce((sum, { wholeBytes }) => sum + wholeBytes, 0);
    for (; held > bytesMax && this.segments.length > 1; held -= this.segments[0].wholeBytes, this.segments.shift())
      this.folder.remove(this.segments[0].name);
  }

  /** Opened anew after an error, and cut to what is whole. */
  private fileOf({ name, wholeBytes }: Segment): JournalFile {
    if (this.file !== null) return this.file;
    const file = this.folder.open(name);
    try {
      if (file.sizeBytes > wholeBytes) file.truncate(wholeBytes);
      if (file.sizeBytes < wholeBytes) throw new Error(`${name}: expected ${wholeBytes} bytes, was ${file.sizeBytes}`);
    } catch (error) {
      file.close();
      throw error;
    }
    this.file = file;
    return file;
  }

  private abandon(): void {
    const { file } = this;
    this.file = null;
    try {
      file?.close();
    } catch (error) {
      if (!isDiskError(error)) throw error;
    }
  }
}
