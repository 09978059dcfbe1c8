// The encodings of the stream: each message is made once per encoding that someone uses.

import { COMPRESS_ALL_BYTES, COMPRESS_BYTES } from '../../schemas/config.ts';
import { streamFlatbuffer } from './encode-flatbuffers.ts';
import { streamJson } from './encode-json.ts';
import type { Encoded } from './history.ts';
import type { Address, StreamMessage } from './messages.ts';

export const ENCODINGS = ['json', 'float', 'flatbuffers'] as const;
/** Index into ENCODINGS. */
export type EncodingId = 0 | 1 | 2;

type Encode = (message: StreamMessage, address: Address, seq: number, prevSeq: number | null) => Encoded;

/** Encoders by EncodingId. */
export const ENCODERS: readonly Encode[] = [
  (message, address, seq, prevSeq) => streamJson(message, address, seq, prevSeq, '"'),
  (message, address, seq, prevSeq) => streamJson(message, address, seq, prevSeq, ''),
  streamFlatbuffer,
];

/**
 * What is compressed for a subscriber that offers permessage-deflate: the bigger messages, nearly all where it asks for that
 * (`compress=1`), or none (`compress=0`).
 */
export type Compression = 'none' | 'big' | 'all';

/** Bytes from which a message is compressed. */
export const COMPRESSED_FROM: Readonly<Record<Compression, number>> = {
  none: Number.POSITIVE_INFINITY,
  big: COMPRESS_BYTES,
  all: COMPRESS_ALL_BYTES,
};

/** The compression that a query and a handshake's offer come to, or null where the query names an unknown one. */
export function compressionOf(query: URLSearchParams, extensions: string): Compression | null {
  const asked = query.get('compress');
  if (asked !== null && asked !== '0' && asked !== '1') return null;
  if (asked === '0' || !extensions.includes('permessage-deflate')) return 'none';
  return asked === '1' ? 'all' : 'big';
}

/** The encoding a query asks for, or null where it names an unknown one. */
export function encodingOf(query: URLSearchParams): EncodingId | null {
  const encoding = query.get('encoding') ?? 'json';
  const numbers = query.get('numbers') ?? 'text';
  if (numbers !== 'text' && numbers !== 'float') return null;
  if (encoding === 'flatbuffers') return 2;
  if (encoding !== 'json') return null;
  return numbers === 'float' ? 1 : 0;
}
