// Finds the market of a message that names its venue itself. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import type { RecordSink } from '../../decode/sink.ts';

const COLON = 0x3a;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** Bytes of a venue's name; with a symbol of 80 bytes and the colon it fits the 126 bytes of a market's row. */
const VENUE_BYTES_MAX = 45;

/** True for a byte no venue may have: a colon ends the venue in `VENUE:SYMBOL`, the others are refused as in symbols. */
function isForbidden(byte: number): boolean {
  return byte <= 0x20 || byte === 0x22 || byte === 0x27 || byte === COLON || byte === BACKSLASH || byte === DELETE;
}

/** The market of venue bytes[venueFrom..venueTo) and symbol bytes[from..to), or a negative FrameResult. */
export function namedMarket(
  sink: RecordSink,
  bytes: Uint8Array,
  venueFrom: number,
  venueTo: number,
  from: number,
  to: number,
): number {
  if (venueTo === venueFrom || venueTo - venueFrom > VENUE_BYTES_MAX) return FrameResult.shape;
  for (let i = venueFrom; i < venueTo; i++) if (isForbidden(bytes[i])) return FrameResult.shape;
  return sink.marketOfVenue(bytes, venueFrom, venueTo, from, to);
}
