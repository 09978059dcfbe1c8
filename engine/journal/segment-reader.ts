// Walks the blocks of one segment, and finds the next whole one behind a damaged place.

import { JOURNAL_BLOCK_MAGIC, journalBlock } from '../../schemas/journal.ts';
import { crc32 } from '../base/crc32.ts';
import {
  BLOCK_HEAD_BYTES,
  type BlockHead,
  readBlockHead,
  readSegmentHead,
  SEGMENT_HEAD_BYTES,
  type SegmentHead,
  viewOf,
} from './blocks.ts';
import type { JournalFolder } from './files.ts';
import { segmentOfName } from './names.ts';
import { JOURNAL_WORD_BYTES } from './ring-words.ts';

/** Bytes read at once: some blocks. */
const WINDOW_BYTES = 1024 * 1024;

/** A segment as its name and head tell; where they differ the head is right, because it has a checksum. */
export type SegmentFile = {
  readonly name: string;
  readonly segment: number;
  readonly sizeBytes: number;
  /** Null where it is not whole. */
  readonly head: SegmentHead | null;
};

export type SegmentStep =
  | { readonly kind: 'block'; readonly head: BlockHead; readonly offset: number }
  /** Bytes that are no whole block, with one behind them. */
  | { readonly kind: 'damage'; readonly offset: number; readonly bytes: number }
  /** Bytes up to the end of the file that are no whole block: torn, damaged, or being written. */
  | { readonly kind: 'unfinished'; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'end' };

const END: SegmentStep = { kind: 'end' };

/** All segments of a folder by their numbers. */
export function listSegments(folder: JournalFolder): SegmentFile[] {
  return folder
    .list()
    .filter((name) => segmentOfName(name) !== null)
    .map((name) => segmentFile(folder, name))
    .sort((a, b) => a.segment - b.segment || (a.name < b.name ? -1 : 1));
}

/** The segment that follows in a journal which is being written, by names alone; null while its head is not written. */
export function nextSegment(folder: JournalFolder, after: SegmentFile): SegmentFile | null {
  const from = segmentOfName(after.name) ?? after.segment;
  let next: string | null = null;
  for (const name of folder.list()) {
    const number = segmentOfName(name) ?? 0;
    if (number > from && (next === null || number < (segmentOfName(next) ?? 0))) next = name;
  }
  return next === null || folder.sizeOf(next) < SEGMENT_HEAD_BYTES ? null : segmentFile(folder, next);
}

function segmentFile(folder: JournalFolder, name: string): SegmentFile {
  const head = readSegmentHead(folder.read(name, 0, SEGMENT_HEAD_BYTES));
  const segment = head?.segment ?? segmentOfName(name) ?? 0;
  return { name, segment, sizeBytes: folder.sizeOf(name), head };
}

export class SegmentReader {
  readonly file: SegmentFile;
  private readonly folder: JournalFolder;
  private window: Uint8Array = new Uint8Array(0);
  private windowFrom = 0;
  private offset = SEGMENT_HEAD_BYTES;

  constructor(folder: JournalFolder, file: SegmentFile) {
    this.folder = folder;
    this.file = file;
  }

  /** Goes to the next block; `unfinished` and `end` stay where they are, so that a file that grows can be asked again. */
  step(): SegmentStep {
    const size = this.folder.sizeOf(this.file.name);
    if (this.offset >= size) return this.stay(END);
    const offset = this.offset;
    const head = this.headAt(offset);
    if (head !== null && offset + BLOCK_HEAD_BYTES + head.payloadBytes <= size) {
      this.offset += BLOCK_HEAD_BYTES + head.payloadBytes;
      return { kind: 'block', head, offset };
    }
    const next = head === null ? this.findBlock(offset, size) : -1;
    if (next < 0) return this.stay({ kind: 'unfinished', offset, bytes: size - offset });
    this.offset = next;
    return { kind: 'damage', offset, bytes: next - offset };
  }

  /** Goes back to a block whose payload may still be being written. */
  rewind(offset: number): void {
    this.offset = offset;
    this.forget();
  }

  /** True where nothing follows the last block that was stepped over. */
  get isAtEnd(): boolean {
    return this.offset >= this.folder.sizeOf(this.file.name);
  }

  /** The entries' bytes, or null where their checksum does not hold. Valid until the next call. */
  payload(head: BlockHead, offset: number): Uint8Array | null {
    return this.block(head, offset)?.subarray(BLOCK_HEAD_BYTES) ?? null;
  }

  /** The same with the head before them. */
  block(head: BlockHead, offset: number): Uint8Array | null {
    const sizeBytes = BLOCK_HEAD_BYTES + head.payloadBytes;
    const bytes = this.bytesAt(offset, sizeBytes);
    const isWhole = bytes.length === sizeBytes && crc32(bytes.subarray(BLOCK_HEAD_BYTES)) === head.payloadChecksum;
    return isWhole ? bytes : null;
  }

  private stay(step: SegmentStep): SegmentStep {
    this.forget();
    return step;
  }

  private forget(): void {
    this.window = new Uint8Array(0);
  }

  private headAt(offset: number): BlockHead | null {
    const head = readBlockHead(this.bytesAt(offset, BLOCK_HEAD_BYTES));
    return head !== null && head.segment === this.file.segment ? head : null;
  }

  /**
   * The next place with a whole head, or -1. Where the damaged head's own size leads to one it is right; else each word is
   * looked at, which could take bytes inside a frame for a head.
   */
  private findBlock(from: number, size: number): number {
    const damaged = this.bytesAt(from, BLOCK_HEAD_BYTES);
    if (damaged.length === BLOCK_HEAD_BYTES) {
      const claimed = from + BLOCK_HEAD_BYTES + viewOf(damaged).getUint32(journalBlock.at.payloadBytes * 4, true);
      if (claimed < size && this.headAt(claimed) !== null) return claimed;
    }
    return this.searchBlock(from + JOURNAL_WORD_BYTES, size);
  }

  private searchBlock(from: number, size: number): number {
    const first = Math.ceil(from / JOURNAL_WORD_BYTES) * JOURNAL_WORD_BYTES;
    for (let at = first; at + BLOCK_HEAD_BYTES <= size; ) {
      const bytes = this.bytesAt(at, WINDOW_BYTES);
      const view = viewOf(bytes);
      const end = Math.min(bytes.length, size - at);
      let offset = 0;
      for (; offset + BLOCK_HEAD_BYTES <= end; offset += JOURNAL_WORD_BYTES) {
        if (view.getUint32(offset, true) === JOURNAL_BLOCK_MAGIC && this.headAt(at + offset) !== null)
          return at + offset;
      }
      if (offset === 0) return -1;
      at += offset;
    }
    return -1;
  }

  /** Fewer at the end of the file. */
  private bytesAt(offset: number, length: number): Uint8Array {
    const from = offset - this.windowFrom;
    if (from >= 0 && from + length <= this.window.length) return this.window.subarray(from, from + length);
    this.window = this.folder.read(this.file.name, offset, Math.max(length, WINDOW_BYTES));
    this.windowFrom = offset;
    return this.window.subarray(0, Math.min(length, this.window.length));
  }
}
