// Reads entries out of the payload of a block.

import { JournalKind, journalEntry } from '../../schemas/journal.ts';
import { viewOf } from './blocks.ts';
import type { JournalEntry } from './entry.ts';
import { RESULT_OFFSET } from './ring-words.ts';

const at = journalEntry.at;
const LITTLE = true;

/** Every entry of a payload whose checksum held, in order; or null where they do not fill it exactly. */
export function readPayload(payload: Uint8Array, anchorWallUs: number): JournalEntry[] | null {
  const view = viewOf(payload);
  const entries: JournalEntry[] = [];
  for (let offset = 0; offset < payload.length; ) {
    if (offset + journalEntry.sizeBytes > payload.length) return null;
    const sizeBytes = view.getUint32(offset + at.sizeBytes * 4, LITTLE);
    const payloadBytes = view.getUint32(offset + at.payloadBytes * 4, LITTLE);
    if (offset + sizeBytes > payload.length || journalEntry.sizeBytes + payloadBytes > sizeBytes) return null;
    entries.push(readEntry(view, payload, offset, payloadBytes, anchorWallUs));
    offset += sizeBytes;
  }
  return entries;
}

function readEntry(
  view: DataView,
  bytes: Uint8Array,
  offset: number,
  payloadBytes: number,
  anchorWallUs: number,
): JournalEntry {
  const from = offset + journalEntry.sizeBytes;
  return {
    kind: view.getUint8(offset + at.kind) as JournalKind,
    flags: view.getUint8(offset + at.flags),
    dialect: view.getUint8(offset + at.dialect),
    result: view.getUint8(offset + at.result) - RESULT_OFFSET,
    connection: view.getUint32(offset + at.connection * 4, LITTLE),
    sequence: view.getFloat64(offset + at.sequence * 8, LITTLE),
    receiveTimeNs: view.getFloat64(offset + at.receiveTimeNs * 8, LITTLE),
    anchorWallUs,
    producerSequence: view.getFloat64(offset + at.producerSequence * 8, LITTLE),
    payload: bytes.subarray(from, from + payloadBytes),
  };
}

/** How many entries a hole stands for; the last of them has its number. */
export function holeEntries(entry: JournalEntry): number {
  return viewOf(entry.payload).getFloat64(0, LITTLE);
}

/** First number an entry covers: its own, or that of the first entry missing in a hole. */
export function firstCovered(entry: JournalEntry): number {
  return entry.kind === JournalKind.hole ? entry.sequence - holeEntries(entry) + 1 : entry.sequence;
}
