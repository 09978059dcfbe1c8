// Compares the symbol inside a message with the one of its topic. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { textEnd } from '../../decode/walk.ts';

/** Where the topic's symbol lies. */
export type TopicSymbol = { from: number; to: number };

/** Passes the text at `at`, which must repeat the topic's symbol; returns the offset after it, or a negative FrameResult. */
export function repeatedSymbol(bytes: Uint8Array, at: number, end: number, symbol: TopicSymbol): number {
  const close = textEnd(bytes, at, end);
  if (close < 0) return close;
  const length = symbol.to - symbol.from;
  if (close - at - 1 !== length) return FrameResult.shape;
  for (let i = 0; i < length; i++) if (bytes[at + 1 + i] !== bytes[symbol.from + i]) return FrameResult.shape;
  return close + 1;
}
