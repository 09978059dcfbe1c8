// Reads the pushed form of trades fetched by REST, `{"backfill":{"symbol":…,"trades":…}}`: where its parts lie. Hot path.

import { FrameResult } from '../../schemas/ids.ts';
import { ObjectReader } from './object-reader.ts';
import { keyBytes, matches, OPEN_OBJECT, skipValue, wrongType } from './scan.ts';
import { textEnd } from './walk.ts';

export const KEY_BACKFILL = keyBytes('backfill');
const KEY_SYMBOL = keyBytes('symbol');
const KEY_TRADES = keyBytes('trades');

const HAS_SYMBOL = 1;
const HAS_TRADES = 2;
const NEEDS = HAS_SYMBOL | HAS_TRADES;

/** Our own envelope, for venues whose stream has no frame that carries past trades. */
export class BackfillEnvelope extends ObjectReader {
  /** The symbol is bytes[symbolFrom..symbolTo), the venue's trades begin at tradesAt. */
  symbolFrom = 0;
  symbolTo = 0;
  tradesAt = 0;

  /** Reads the object at `at`; returns the offset after it, or a negative FrameResult. */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    return (this.seen & NEEDS) === NEEDS ? after : FrameResult.missingField;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TRADES)) {
      if (!this.once(HAS_TRADES)) return FrameResult.shape;
      this.tradesAt = at;
      return skipValue(bytes, at, end);
    }
    if (!matches(bytes, from, to, KEY_SYMBOL)) return skipValue(bytes, at, end);
    return this.once(HAS_SYMBOL) ? this.symbol(bytes, at, end) : FrameResult.shape;
  }

  private symbol(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.symbolFrom = at + 1;
    this.symbolTo = close;
    return close + 1;
  }
}
