// The bytes of a checkpoint's file: a head, a manifest, and one part for each image, each with its checksum.

import { CHECKPOINT_MAGIC, CHECKPOINT_VERSION, checkpointHead, checkpointPart } from '../../schemas/journal.ts';
import { crc32 } from '../base/crc32.ts';
import { viewOf } from './blocks.ts';
import type { Checkpoint, IngressImage, ShardImage } from './checkpoint.ts';
import { errorCode, errorSentence } from './disk-error.ts';
import type { JournalFolder } from './files.ts';
import { checkpointOfName } from './names.ts';
import { JOURNAL_WORD_BYTES } from './ring-words.ts';

const LITTLE = true;
const HEAD_BYTES = checkpointHead.sizeBytes;
const PART_BYTES = checkpointPart.sizeBytes;
const HEAD_SEALED_FROM = 8;
const PART_SEALED_FROM = 4;
const PADDING = new Uint8Array(JOURNAL_WORD_BYTES);

export type CheckpointFile = { readonly name: string; readonly number: number; readonly sizeBytes: number };

/** The newest whole checkpoint, and why newer ones were not taken. */
export type CheckpointFound = {
  readonly checkpoint: Checkpoint | null;
  readonly refused: readonly { readonly file: string; readonly reason: string }[];
};

/** All images, in the order of the manifest. */
function imagesOf(checkpoint: Checkpoint): Uint8Array[] {
  return [
    ...checkpoint.ingress.connections.map(({ decoder }) => decoder),
    ...checkpoint.shards.flatMap(({ markets }) => markets.map(({ image }) => image)),
  ];
}

/** The file in pieces that follow one another; images are not copied. */
export function* encodeCheckpoint(checkpoint: Checkpoint): Generator<Uint8Array, void, undefined> {
  const manifest = new TextEncoder().encode(JSON.stringify(checkpoint, withoutImages));
  const parts = [manifest, ...imagesOf(checkpoint)];
  yield encodeHead(checkpoint, parts);
  for (const [index, part] of parts.entries()) {
    yield encodePart(part, index);
    yield part;
    yield PADDING.subarray(0, padded(part.length) - part.length);
  }
}

function withoutImages(key: string, value: unknown): unknown {
  return key === 'decoder' || key === 'image' ? null : value;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / JOURNAL_WORD_BYTES) * JOURNAL_WORD_BYTES;
}

function encodeHead(checkpoint: Checkpoint, parts: readonly Uint8Array[]): Uint8Array {
  const at = checkpointHead.at;
  const bytes = new Uint8Array(HEAD_BYTES);
  const view = viewOf(bytes);
  view.setUint32(at.magic * 4, CHECKPOINT_MAGIC, LITTLE);
  view.setUint32(at.version * 4, CHECKPOINT_VERSION, LITTLE);
  view.setUint32(at.parts * 4, parts.length, LITTLE);
  view.setFloat64(at.number * 8, checkpoint.number, LITTLE);
  view.setFloat64(at.sequence * 8, checkpoint.sequence, LITTLE);
  const fileBytes = parts.reduce((sum, part) => sum + PART_BYTES + padded(part.length), HEAD_BYTES);
  view.setFloat64(at.fileBytes * 8, fileBytes, LITTLE);
  view.setUint32(at.headChecksum * 4, crc32(bytes.subarray(HEAD_SEALED_FROM)), LITTLE);
  return bytes;
}

function encodePart(part: Uint8Array, index: number): Uint8Array {
  const at = checkpointPart.at;
  const bytes = new Uint8Array(PART_BYTES);
  const view = viewOf(bytes);
  view.setUint32(at.payloadChecksum * 4, crc32(part), LITTLE);
  view.setUint32(at.payloadBytes * 4, part.length, LITTLE);
  view.setUint32(at.index * 4, index, LITTLE);
  view.setUint32(at.headChecksum * 4, crc32(bytes.subarray(PART_SEALED_FROM)), LITTLE);
  return bytes;
}

/** A whole file; throws an Error that says what is wrong with it. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const parts = decodeParts(bytes);
  const manifest = JSON.parse(new TextDecoder().decode(parts[0])) as Checkpoint;
  let next = 1;
  const connections = manifest.ingress.connections.map((connection) => ({ ...connection, decoder: parts[next++] }));
  const shards = manifest.shards.map(
    (shard): ShardImage => ({
      ...shard,
      markets: shard.markets.map((market) => ({ ...market, image: parts[next++] })),
    }),
  );
  if (next !== parts.length) throw new Error(`expected ${next} parts by its manifest, was ${parts.length}`);
  const ingress: IngressImage = { ...manifest.ingress, connections };
  return { ...manifest, ingress, shards };
}

function decodeParts(bytes: Uint8Array): Uint8Array[] {
  const view = viewOf(bytes);
  const at = checkpointHead.at;
  if (bytes.length < HEAD_BYTES) throw new Error(`expected at least ${HEAD_BYTES} bytes, was ${bytes.length}`);
  if (view.getUint32(at.magic * 4, LITTLE) !== CHECKPOINT_MAGIC) throw new Error('expected the head of a checkpoint');
  const checksum = crc32(bytes.subarray(HEAD_SEALED_FROM, HEAD_BYTES));
  if (view.getUint32(at.headChecksum * 4, LITTLE) !== checksum) throw new Error('the checksum of its head differs');
  const version = view.getUint32(at.version * 4, LITTLE);
  if (version !== CHECKPOINT_VERSION) throw new Error(`expected version ${CHECKPOINT_VERSION}, was ${version}`);
  const fileBytes = view.getFloat64(at.fileBytes * 8, LITTLE);
  if (fileBytes !== bytes.length) throw new Error(`expected ${fileBytes} bytes, was ${bytes.length}`);
  const parts: Uint8Array[] = [];
  let offset = HEAD_BYTES;
  for (let index = 0; index < view.getUint32(at.parts * 4, LITTLE); index++) {
    const part = decodePart(bytes, offset, index);
    parts.push(part);
    offset += PART_BYTES + padded(part.length);
  }
  if (offset !== bytes.length) throw new Error(`expected its parts to end at ${bytes.length}, was ${offset}`);
  return parts;
}

function decodePart(bytes: Uint8Array, offset: number, index: number): Uint8Array {
  const at = checkpointPart.at;
  const head = bytes.subarray(offset, offset + PART_BYTES);
  if (head.length < PART_BYTES) throw new Error(`part ${index} is not there`);
  const view = viewOf(head);
  if (view.getUint32(at.headChecksum * 4, LITTLE) !== crc32(head.subarray(PART_SEALED_FROM)))
    throw new Error(`the checksum of part ${index}'s head differs`);
  if (view.getUint32(at.index * 4, LITTLE) !== index) throw new Error(`part ${index} is not in its place`);
  const from = offset + PART_BYTES;
  const part = bytes.subarray(from, from + view.getUint32(at.payloadBytes * 4, LITTLE));
  if (view.getUint32(at.payloadChecksum * 4, LITTLE) !== crc32(part))
    throw new Error(`the checksum of part ${index} differs`);
  return part;
}

/** Null where it went away since it was listed: the engine of the folder removes old ones while others read. */
function sizeUnlessGone(folder: JournalFolder, name: string): number | null {
  try {
    return folder.sizeOf(name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** All files that are named as checkpoints, from the newest. */
export function listCheckpoints(folder: JournalFolder): CheckpointFile[] {
  const files: CheckpointFile[] = [];
  for (const name of folder.list()) {
    const number = checkpointOfName(name);
    const sizeBytes = number === null ? null : sizeUnlessGone(folder, name);
    if (number !== null && sizeBytes !== null) files.push({ name, number, sizeBytes });
  }
  return files.sort((a, b) => b.number - a.number);
}

/** The newest checkpoint whose checksums hold. Looks anew after each that does not: one that went away has a successor. */
export function readCheckpoint(folder: JournalFolder): CheckpointFound {
  const refused: { file: string; reason: string }[] = [];
  const tried = new Set<string>();
  for (;;) {
    const [name] = folder
      .list()
      .filter((each) => checkpointOfName(each) !== null && !tried.has(each))
      .sort((a, b) => Number(checkpointOfName(b)) - Number(checkpointOfName(a)));
    if (name === undefined) return { checkpoint: null, refused };
    tried.add(name);
    try {
      return { checkpoint: decodeCheckpoint(folder.read(name, 0, folder.sizeOf(name))), refused };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') continue;
      refused.push({ file: name, reason: error instanceof Error ? error.message : errorSentence(error) });
    }
  }
}

/** Number and sequence of the newest whole checkpoints, from the newest, without their images in memory at once. */
export function wholeCheckpoints(folder: JournalFolder): { number: number; sequence: number }[] {
  const whole: { number: number; sequence: number }[] = [];
  for (const { name, sizeBytes } of listCheckpoints(folder)) {
    try {
      const { number, sequence } = decodeCheckpoint(folder.read(name, 0, sizeBytes));
      whole.push({ number, sequence });
    } catch {
      // A damaged one counts as none: readCheckpoint() tells why.
    }
  }
  return whole;
}
