// Reads what the data of `bbo` and `activeAssetCtx` have alike: an object of one coin. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { keyBytes, matches, OPEN_OBJECT, skipValue, wrongType } from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';

const KEY_COIN = keyBytes('coin');
const KEY_TIME = keyBytes('time');

/** A reader's own bits begin at 4. */
export const HAS_COIN = 1;
export const HAS_TIME = 2;

export abstract class CoinObject extends ObjectReader {
  protected readonly sink: RecordSink;
  protected readonly values = new Float64Array(SCRATCH_FIELDS);
  protected market = 0;

  constructor(sink: RecordSink) {
    super();
    this.sink = sink;
  }

  /** Writes the records; returns 1 or a negative FrameResult. */
  protected abstract write(): number;

  /** Decodes the object at `at`; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.values[field.timeUs] = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if ((this.seen & HAS_COIN) === 0) return FrameResult.missingField;
    const written = this.write();
    return written < 0 ? written : after;
  }

  /** Coin and time; any other member is passed over. */
  protected otherMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TIME))
      return this.once(HAS_TIME) ? integerTime(bytes, at, end, this.values, field.timeUs) : FrameResult.shape;
    if (!matches(bytes, from, to, KEY_COIN)) return skipValue(bytes, at, end);
    return this.once(HAS_COIN) ? this.coin(bytes, at, end) : FrameResult.shape;
  }

  private coin(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.market = this.sink.market(bytes, at + 1, close);
    return this.market < 0 ? this.market : close + 1;
  }
}
