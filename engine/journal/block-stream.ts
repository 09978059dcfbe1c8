// Reads blocks out of a stream of the journal's bytes as they come in, and knows damage on the way by their checksums.

import { JOURNAL_BLOCK_MAGIC, JOURNAL_SEGMENT_MAGIC } from '../../schemas/journal.ts';
import { JOURNAL_STREAM_BLOCK_BYTES_MAX } from '../../schemas/journal-stream.ts';
import { crc32 } from '../base/crc32.ts';
import { BLOCK_HEAD_BYTES, readBlockHead, readSegmentHead, SEGMENT_HEAD_BYTES } from './blocks.ts';
import type { RawBlock } from './raw-blocks.ts';
import { JOURNAL_WORD_BYTES } from './ring-words.ts';

/** What came in is not what was sent: nothing behind it can be told apart. */
export class StreamDamageError extends Error {
  override name = 'StreamDamageError';
}

/** Heads of segments and zeros between blocks are passed over. Holds one block at most. */
export class BlockStream {
  private pieces: Uint8Array[] = [];
  private sizeBytes = 0;
  /** Bytes that the next step needs. */
  private needs = JOURNAL_WORD_BYTES;

  push(piece: Uint8Array): void {
    this.pieces.push(piece);
    this.sizeBytes += piece.length;
  }

  /** Every whole block that is there, each valid until the next. Throws StreamDamageError. */
  *blocks(): Generator<RawBlock, void, undefined> {
    while (this.sizeBytes >= this.needs) {
      const bytes = Buffer.concat(this.pieces);
      let at = 0;
      try {
        for (let taken = this.step(bytes, at); taken !== null; taken = this.step(bytes, at)) {
          const from = at;
          at += taken.bytes;
          if (taken.block !== null) yield { head: taken.block, bytes: bytes.subarray(from, at) };
        }
      } finally {
        this.pieces = [bytes.subarray(at)];
        this.sizeBytes = bytes.length - at;
      }
    }
  }

  /** Null where more has to come in first: `needs` then says how much there has to be. */
  private step(bytes: Buffer, at: number): { readonly bytes: number; readonly block: RawBlock['head'] | null } | null {
    const left = bytes.length - at;
    if (!this.has(left, JOURNAL_WORD_BYTES)) return null;
    const magic = bytes.readUInt32LE(at);
    if (magic === 0 && bytes.readUInt32LE(at + 4) === 0) return { bytes: JOURNAL_WORD_BYTES, block: null };
    const isBlock = magic === JOURNAL_BLOCK_MAGIC;
    if (!isBlock && magic !== JOURNAL_SEGMENT_MAGIC) throw new StreamDamageError('expected a head, was something else');
    if (!this.has(left, isBlock ? BLOCK_HEAD_BYTES : SEGMENT_HEAD_BYTES)) return null;
    return isBlock ? this.block(bytes, at) : this.segment(bytes, at);
  }

  private segment(bytes: Buffer, at: number): { readonly bytes: number; readonly block: null } {
    if (readSegmentHead(bytes.subarray(at, at + SEGMENT_HEAD_BYTES)) === null)
      throw new StreamDamageError('expected the head of a segment, was a damaged one');
    return { bytes: SEGMENT_HEAD_BYTES, block: null };
  }

  private block(bytes: Buffer, at: number): { readonly bytes: number; readonly block: RawBlock['head'] } | null {
    const head = readBlockHead(bytes.subarray(at, at + BLOCK_HEAD_BYTES));
    if (head === null || head.payloadBytes > JOURNAL_STREAM_BLOCK_BYTES_MAX)
      throw new StreamDamageError('expected the head of a block, was a damaged one');
    const sizeBytes = BLOCK_HEAD_BYTES + head.payloadBytes;
    if (!this.has(bytes.length - at, sizeBytes)) return null;
    if (crc32(bytes.subarray(at + BLOCK_HEAD_BYTES, at + sizeBytes)) !== head.payloadChecksum)
      throw new StreamDamageError(`expected entries ${head.firstSequence} to ${head.lastSequence}, were damaged ones`);
    return { bytes: sizeBytes, block: head };
  }

  private has(left: number, needs: number): boolean {
    this.needs = needs;
    return left >= needs;
  }
}
