// Seals and reads the heads of segments and blocks: checksums, and the chain from each block to the one before.

import {
  JOURNAL_BLOCK_MAGIC,
  JOURNAL_SEGMENT_MAGIC,
  JOURNAL_VERSION,
  journalBlock,
  journalSegment,
} from '../../schemas/journal.ts';
import { crc32 } from '../base/crc32.ts';

export const BLOCK_HEAD_BYTES = journalBlock.sizeBytes;
export const SEGMENT_HEAD_BYTES = journalSegment.sizeBytes;

/** A head's checksum covers what follows magic and checksum. */
const SEALED_FROM = 8;
const LITTLE = true;
const block = journalBlock.at;
const segmentAt = journalSegment.at;

export type BlockHead = {
  readonly headChecksum: number;
  readonly payloadChecksum: number;
  readonly previousChecksum: number;
  readonly payloadBytes: number;
  readonly entries: number;
  readonly segment: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly writtenAtUs: number;
  readonly anchorWallUs: number;
};

export type SegmentHead = {
  readonly version: number;
  readonly segment: number;
  readonly firstSequence: number;
  readonly createdAtUs: number;
  readonly previousChecksum: number;
};

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function setU32(view: DataView, index: number, value: number): void {
  view.setUint32(index * 4, value, LITTLE);
}

function setF64(view: DataView, index: number, value: number): void {
  view.setFloat64(index * 8, value, LITTLE);
}

/** Writes the head in front of the payload, which begins at BLOCK_HEAD_BYTES; returns its checksum. */
export function sealBlock(bytes: Uint8Array, head: Omit<BlockHead, 'headChecksum'>): number {
  const view = viewOf(bytes);
  setU32(view, block.magic, JOURNAL_BLOCK_MAGIC);
  setU32(view, block.payloadChecksum, head.payloadChecksum);
  setU32(view, block.previousChecksum, head.previousChecksum);
  setU32(view, block.payloadBytes, head.payloadBytes);
  setU32(view, block.entries, head.entries);
  setU32(view, block.segment, head.segment);
  setU32(view, block.flags, 0);
  setF64(view, block.firstSequence, head.firstSequence);
  setF64(view, block.lastSequence, head.lastSequence);
  setF64(view, block.writtenAtUs, head.writtenAtUs);
  setF64(view, block.anchorWallUs, head.anchorWallUs);
  return sealHead(view, bytes, BLOCK_HEAD_BYTES, block.headChecksum);
}

function sealHead(view: DataView, bytes: Uint8Array, headBytes: number, checksumAt: number): number {
  const checksum = crc32(bytes.subarray(SEALED_FROM, headBytes));
  setU32(view, checksumAt, checksum);
  return checksum;
}

/** The head at the start of these bytes, or null where there is no whole one. */
export function readBlockHead(bytes: Uint8Array): BlockHead | null {
  if (bytes.length < BLOCK_HEAD_BYTES) return null;
  const view = viewOf(bytes);
  const u32 = (index: number): number => view.getUint32(index * 4, LITTLE);
  const f64 = (index: number): number => view.getFloat64(index * 8, LITTLE);
  if (u32(block.magic) !== JOURNAL_BLOCK_MAGIC) return null;
  if (u32(block.headChecksum) !== crc32(bytes.subarray(SEALED_FROM, BLOCK_HEAD_BYTES))) return null;
  return {
    headChecksum: u32(block.headChecksum),
    payloadChecksum: u32(block.payloadChecksum),
    previousChecksum: u32(block.previousChecksum),
    payloadBytes: u32(block.payloadBytes),
    entries: u32(block.entries),
    segment: u32(block.segment),
    firstSequence: f64(block.firstSequence),
    lastSequence: f64(block.lastSequence),
    writtenAtUs: f64(block.writtenAtUs),
    anchorWallUs: f64(block.anchorWallUs),
  };
}

export function sealSegment(head: Omit<SegmentHead, 'version'>): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEAD_BYTES);
  const view = viewOf(bytes);
  setU32(view, segmentAt.magic, JOURNAL_SEGMENT_MAGIC);
  setU32(view, segmentAt.version, JOURNAL_VERSION);
  setU32(view, segmentAt.segment, head.segment);
  setF64(view, segmentAt.firstSequence, head.firstSequence);
  setF64(view, segmentAt.createdAtUs, head.createdAtUs);
  setU32(view, segmentAt.previousChecksum, head.previousChecksum);
  sealHead(view, bytes, SEGMENT_HEAD_BYTES, segmentAt.headChecksum);
  return bytes;
}

/** The head of a segment, or null where it is not whole. */
export function readSegmentHead(bytes: Uint8Array): SegmentHead | null {
  if (bytes.length < SEGMENT_HEAD_BYTES) return null;
  const view = viewOf(bytes);
  const u32 = (index: number): number => view.getUint32(index * 4, LITTLE);
  const f64 = (index: number): number => view.getFloat64(index * 8, LITTLE);
  if (u32(segmentAt.magic) !== JOURNAL_SEGMENT_MAGIC) return null;
  if (u32(segmentAt.headChecksum) !== crc32(bytes.subarray(SEALED_FROM, SEGMENT_HEAD_BYTES))) return null;
  return {
    version: u32(segmentAt.version),
    segment: u32(segmentAt.segment),
    firstSequence: f64(segmentAt.firstSequence),
    createdAtUs: f64(segmentAt.createdAtUs),
    previousChecksum: u32(segmentAt.previousChecksum),
  };
}
