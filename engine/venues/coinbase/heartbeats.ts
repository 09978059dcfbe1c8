// Checks a heartbeats event: a counter, as number or text (both were seen), and a time that is passed over unread.
//
// Source: Coinbase Advanced Trade WebSocket docs, "Heartbeats Channel" (2026-08); `current_time` is no RFC 3339.

import { FrameResult } from '../../../schemas/ids.ts';
import { CLOSE_OBJECT, integerAny, keyBytes, matches, next, skipSpace, skipValue } from '../../decode/scan.ts';
import { keyFrom, keyTo, member } from '../../decode/walk.ts';

const KEY_COUNTER = keyBytes('heartbeat_counter');

const counter = new Float64Array(1);

/** Passes the event at bytes[at] (its `{`); returns the offset after it, or a negative FrameResult. */
export function passHeartbeat(bytes: Uint8Array, at: number, end: number): number {
  let hasCounter = false;
  let position = skipSpace(bytes, at + 1, end);
  while (bytes[position] !== CLOSE_OBJECT) {
    const value = member(bytes, position, end);
    if (value < 0) return value;
    const isCounter = matches(bytes, keyFrom, keyTo, KEY_COUNTER);
    if (isCounter && hasCounter) return FrameResult.shape;
    hasCounter = hasCounter || isCounter;
    const after = isCounter ? integerAny(bytes, value, end, counter, 0) : skipValue(bytes, value, end);
    if (after < 0) return after;
    position = next(bytes, after, end, CLOSE_OBJECT);
    if (position < 0) return position;
  }
  return position + 1;
}
