// The encodings of the stream: each message is made once per encoding that someone uses.

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

/** The encoding a query asks for, or null where it names an unknown one. */
export function encodingOf(query: URLSearchParams): EncodingId | null {
  const encoding = query.get('encoding') ?? 'json';
  const numbers = query.get('numbers') ?? 'text';
  if (numbers !== 'text' && numbers !== 'float') return null;
  if (encoding === 'flatbuffers') return 2;
  if (encoding !== 'json') return null;
  return numbers === 'float' ? 1 : 0;
}
