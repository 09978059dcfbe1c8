// Walks the `data` list of a message and hands each entry on; reads what entries of all channels have. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { decimalString, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { timeText } from './numbers.ts';

const KEY_TIME = keyBytes('ts');
const KEY_INSTRUMENT = keyBytes('instId');

/** Bits of the fields every entry may have; a channel's own bits begin at 4. */
export const HAS_TIME = 1;
const HAS_INSTRUMENT = 2;

export abstract class EntryList extends ObjectList {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected market = 0;
  /** The message's own instrument, which those of the entries must repeat. */
  private instrumentFrom = 0;
  private instrumentTo = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Decodes the list at `at` of the market named by bytes[from..to); returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, from: number, to: number): number {
    this.market = market;
    this.instrumentFrom = from;
    this.instrumentTo = to;
    return this.entries(bytes, at, end);
  }

  /** A decimal text into values[index]. */
  protected decimal(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    return this.once(bit) ? decimalString(bytes, at, end, this.values, index) : FrameResult.shape;
  }

  /** Time and instrument; any other member is passed over. */
  protected otherMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? timeText(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (!matches(bytes, from, to, KEY_INSTRUMENT)) return skipValue(bytes, at, end);
    return this.once(HAS_INSTRUMENT) ? this.instrument(bytes, at, end) : FrameResult.shape;
  }

  private instrument(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const length = this.instrumentTo - this.instrumentFrom;
    if (close - at - 1 !== length) return FrameResult.shape;
    for (let i = 0; i < length; i++) {
      if (bytes[at + 1 + i] !== bytes[this.instrumentFrom + i]) return FrameResult.shape;
    }
    return close + 1;
  }
}
