// Decodes normalised `book_ticker` and `quote` messages into quote records, which feed no book. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import { CLOSE_OBJECT, decimalAny, keyBytes, matches, next, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { firstMember, keyFrom, keyTo, member } from '../../decode/walk.ts';
import { HAS_MARKET, MessageFields, OWN_FIELDS } from './message.ts';

const KEYS = ['bidPrice', 'bidAmount', 'askPrice', 'askAmount'].map(keyBytes);
const HAS_ALL_VALUES = OWN_FIELDS * 15;
/** A field of a side that has no level now: there, but null. */
const HAS_NULL = OWN_FIELDS << 4;

const LETTER_N = 0x6e;

export class QuoteMessages {
  private readonly sink: RecordSink;
  private readonly shared = new MessageFields();
  /** The four values in the order of KEYS, milli and atto each. */
  private readonly values = new Float64Array(8);

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Decodes the message at `at` (its `{`); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.shared.begin();
    let position = firstMember(bytes, at, end);
    if (position < 0) return position;
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.field(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    const written = this.write(bytes);
    return written < 0 ? written : position + 1;
  }

  private field(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    for (let i = 0; i < KEYS.length; i++) {
      if (!matches(bytes, from, to, KEYS[i])) continue;
      if (!this.shared.once(OWN_FIELDS << i)) return FrameResult.shape;
      if (bytes[at] !== LETTER_N) return decimalAny(bytes, at, end, this.values, 2 * i);
      this.shared.seen |= HAS_NULL;
      return skipValue(bytes, at, end);
    }
    return this.shared.take(bytes, from, to, at, end);
  }

  private write(bytes: Uint8Array): number {
    if (!this.shared.has(HAS_MARKET)) return FrameResult.missingField;
    // A message that lacks a side is understood, but there is no quote to record.
    if (!this.shared.has(HAS_ALL_VALUES) || this.shared.has(HAS_NULL)) return 1;
    const market = this.shared.market(this.sink, bytes);
    if (market < 0) return market;
    return writeQuote(this.sink, market, this.shared.time, 0, this.values, 0);
  }
}
