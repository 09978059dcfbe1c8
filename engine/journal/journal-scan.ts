// What a journal's folder holds: its segments, where it begins and ends, its damages, its checkpoints.

import { BLOCK_HEAD_BYTES, SEGMENT_HEAD_BYTES } from './blocks.ts';
import { type CheckpointFile, listCheckpoints } from './checkpoint-file.ts';
import type { JournalDamage } from './entry.ts';
import type { JournalFolder } from './files.ts';
import { readEntries } from './journal-reader.ts';
import { listSegments, type SegmentFile, SegmentReader } from './segment-reader.ts';

export type SegmentScan = {
  readonly file: SegmentFile;
  /** Of its entries; both 0 where it has none. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Of its last block; 0 where it has none. */
  readonly lastChecksum: number;
  readonly lastWrittenAtUs: number;
  /** End of its last whole block, or of its head. */
  readonly wholeBytes: number;
};

export type JournalScan = {
  readonly segments: readonly SegmentScan[];
  /** Both 0 where there are no entries. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Head checksum of the last block, which the next one is chained to; 0 where there is none. */
  readonly lastChecksum: number;
  readonly sizeBytes: number;
  /** Bytes at the end that are no whole block. */
  readonly tornTail: JournalDamage | null;
  /** Everything that is missing, where the scan was deep; else empty. */
  readonly damages: readonly JournalDamage[];
  /** Whole or not, from the newest. */
  readonly checkpoints: readonly CheckpointFile[];
};

/**
 * Reads the newest segments wholly, back to one with entries, and of those before their heads; `isDeep` reads everything
 * and tells all damages. Throws what the folder throws.
 */
export function scanJournal(folder: JournalFolder, isDeep = false): JournalScan {
  const segments = scanSegments(folder, isDeep);
  const filled = segments.filter(({ lastSequence }) => lastSequence > 0);
  const lastSequence = Math.max(0, ...filled.map((segment) => segment.lastSequence));
  return {
    segments,
    firstSequence: filled[0]?.firstSequence ?? 0,
    lastSequence,
    lastChecksum: filled.at(-1)?.lastChecksum ?? 0,
    sizeBytes: segments.reduce((sum, { file }) => sum + file.sizeBytes, 0),
    tornTail: tornTail(segments.at(-1), lastSequence),
    damages: isDeep ? damagesOf(folder) : [],
    checkpoints: listCheckpoints(folder),
  };
}

function scanSegments(folder: JournalFolder, isDeep: boolean): SegmentScan[] {
  const files = listSegments(folder);
  const scans: SegmentScan[] = [];
  let isEndFound = false;
  for (let index = files.length - 1; index >= 0; index--) {
    const next = files[index + 1];
    const quick: SegmentScan | null = isEndFound && !isDeep ? scanHeads(files[index], next) : null;
    const scan: SegmentScan = quick ?? scanSegment(folder, files[index]);
    isEndFound ||= scan.lastSequence > 0;
    scans.unshift(scan);
  }
  return scans;
}

/** What the heads of a segment and of the one behind it tell; null where one is not whole. */
function scanHeads(file: SegmentFile, next: SegmentFile): SegmentScan | null {
  if (file.head === null || next.head === null) return null;
  const { firstSequence } = file.head;
  const lastSequence = next.head.firstSequence - 1;
  if (lastSequence < firstSequence) return null;
  const { previousChecksum: lastChecksum, createdAtUs: lastWrittenAtUs } = next.head;
  return { file, firstSequence, lastSequence, lastChecksum, lastWrittenAtUs, wholeBytes: file.sizeBytes };
}

/** Reads all of a segment, and ends with its last whole block. */
function scanSegment(folder: JournalFolder, file: SegmentFile): SegmentScan {
  const reader = new SegmentReader(folder, file);
  const scan = {
    file,
    firstSequence: 0,
    lastSequence: 0,
    lastChecksum: 0,
    lastWrittenAtUs: 0,
    wholeBytes: file.head === null ? 0 : SEGMENT_HEAD_BYTES,
  };
  for (let step = reader.step(); step.kind === 'block' || step.kind === 'damage'; step = reader.step()) {
    if (step.kind === 'damage' || reader.payload(step.head, step.offset) === null) continue;
    if (scan.firstSequence === 0) scan.firstSequence = step.head.firstSequence;
    scan.lastSequence = Math.max(scan.lastSequence, step.head.lastSequence);
    scan.lastChecksum = step.head.headChecksum;
    scan.lastWrittenAtUs = step.head.writtenAtUs;
    scan.wholeBytes = step.offset + BLOCK_HEAD_BYTES + step.head.payloadBytes;
  }
  return scan;
}

function tornTail(last: SegmentScan | undefined, lastSequence: number): JournalDamage | null {
  if (last === undefined || last.wholeBytes >= last.file.sizeBytes) return null;
  return {
    kind: 'torn-tail',
    file: last.file.name,
    offsetBytes: last.wholeBytes,
    bytes: last.file.sizeBytes - last.wholeBytes,
    afterSequence: lastSequence,
    beforeSequence: null,
  };
}

function damagesOf(folder: JournalFolder): JournalDamage[] {
  const damages: JournalDamage[] = [];
  for (const item of readEntries(folder)) if (item.kind === 'missing') damages.push(item.damage);
  return damages;
}
