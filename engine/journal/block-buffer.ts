// The one block that is being gathered or waits to be written: its bytes, and what it covers.

import { JOURNAL_BLOCK_BYTES } from '../../schemas/config.ts';
import { JournalKind, journalEntry } from '../../schemas/journal.ts';
import { crc32 } from '../base/crc32.ts';
import { BLOCK_HEAD_BYTES, sealBlock, viewOf } from './blocks.ts';
import type { RingEntries } from './ring-entries.ts';
import { RESULT_OFFSET } from './ring-words.ts';

const LITTLE = true;
const NO_DIALECT = 255;
const HOLE_PAYLOAD_BYTES = 16;

export class BlockBuffer {
  firstSequence = 0;
  lastSequence = 0;
  /** Of its holes; both 0 where it has none. */
  holeFrom = 0;
  holeTo = 0;
  holes = 0;
  /** With its head; 0 while it is empty. */
  sizeBytes = 0;
  private bytes = new Uint8Array(BLOCK_HEAD_BYTES + JOURNAL_BLOCK_BYTES);
  private entries = 0;
  private payloadChecksum = 0;

  get isEmpty(): boolean {
    return this.sizeBytes === 0;
  }

  /** True where nothing but one hole is in it. */
  get isHole(): boolean {
    return this.entries === 1 && this.holes === 1;
  }

  /** Takes what was measured. A large entry makes the buffer larger until it is written. */
  fill(ring: RingEntries): void {
    this.sizeBytes = BLOCK_HEAD_BYTES + ring.bytes;
    if (this.bytes.length < this.sizeBytes) this.bytes = new Uint8Array(this.sizeBytes);
    this.firstSequence = ring.firstSequence;
    this.lastSequence = ring.lastSequence;
    this.entries = ring.entries;
    this.holes = ring.holes;
    this.holeFrom = ring.holeFrom;
    this.holeTo = ring.holeTo;
    ring.take(this.bytes, BLOCK_HEAD_BYTES);
    this.payloadChecksum = crc32(this.bytes.subarray(BLOCK_HEAD_BYTES, this.sizeBytes));
  }

  /** Puts a hole in place of all its entries; returns how many they were. */
  becomeHole(): number {
    const covers = this.lastSequence - this.firstSequence + 1;
    const lostBytes = this.sizeBytes - BLOCK_HEAD_BYTES;
    const payload = this.bytes.subarray(
      BLOCK_HEAD_BYTES,
      BLOCK_HEAD_BYTES + journalEntry.sizeBytes + HOLE_PAYLOAD_BYTES,
    );
    payload.fill(0);
    const view = viewOf(payload);
    const at = journalEntry.at;
    view.setUint32(at.sizeBytes * 4, payload.length, LITTLE);
    view.setUint32(at.payloadBytes * 4, HOLE_PAYLOAD_BYTES, LITTLE);
    view.setUint8(at.kind, JournalKind.hole);
    view.setUint8(at.dialect, NO_DIALECT);
    view.setUint8(at.result, RESULT_OFFSET);
    view.setFloat64(at.sequence * 8, this.lastSequence, LITTLE);
    view.setFloat64(journalEntry.sizeBytes, covers, LITTLE);
    view.setFloat64(journalEntry.sizeBytes + 8, lostBytes, LITTLE);
    this.sizeBytes = BLOCK_HEAD_BYTES + payload.length;
    this.entries = 1;
    this.holes = 1;
    this.holeFrom = this.firstSequence;
    this.holeTo = this.lastSequence;
    this.payloadChecksum = crc32(payload);
    return covers;
  }

  /** Its bytes with a head for this place; `checksum` is that of the head. */
  seal(
    segment: number,
    previousChecksum: number,
    writtenAtUs: number,
    anchorWallUs: number,
  ): { readonly bytes: Uint8Array; readonly checksum: number } {
    const bytes = this.bytes.subarray(0, this.sizeBytes);
    const checksum = sealBlock(bytes, {
      payloadChecksum: this.payloadChecksum,
      previousChecksum,
      payloadBytes: this.sizeBytes - BLOCK_HEAD_BYTES,
      entries: this.entries,
      segment,
      firstSequence: this.firstSequence,
      lastSequence: this.lastSequence,
      writtenAtUs,
      anchorWallUs,
    });
    return { bytes, checksum };
  }

  clear(): void {
    this.sizeBytes = 0;
    if (this.bytes.length > BLOCK_HEAD_BYTES + JOURNAL_BLOCK_BYTES)
      this.bytes = new Uint8Array(BLOCK_HEAD_BYTES + JOURNAL_BLOCK_BYTES);
  }
}
