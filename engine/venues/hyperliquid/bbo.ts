// Reads the data of `bbo`: a quote where both sides have a level, else no record. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", WsBbo (2026-06): `[bid, ask]`, either of which may be null.

import { FrameResult } from '../../../schemas/ids.ts';
import { writeQuote } from '../../decode/records.ts';
import {
  CLOSE_ARRAY,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { CoinObject, HAS_COIN, HAS_TIME } from './coin-object.ts';
import { field } from './fields.ts';
import { LevelObject } from './level.ts';

const KEY_BBO = keyBytes('bbo');
const LETTER_N = 0x6e;

const HAS_BBO = 4;
const NEEDS = HAS_COIN | HAS_TIME | HAS_BBO;
/** Sides of a quote, in their order. */
const SIDE_COUNT = 2;

export class BboReader extends CoinObject {
  private readonly level = new LevelObject();
  private sidesRead = 0;

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (!matches(bytes, from, to, KEY_BBO)) return this.otherMember(bytes, from, to, at, end);
    return this.once(HAS_BBO) ? this.sides(bytes, at, end) : FrameResult.shape;
  }

  /** A side that is left out at the end is empty, as one that is null. */
  private sides(bytes: Uint8Array, at: number, end: number): number {
    this.sidesRead = 0;
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    for (let side = 0; bytes[position] !== CLOSE_ARRAY; side++) {
      if (side === SIDE_COUNT) return FrameResult.shape;
      const after = this.side(bytes, position, end, side);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private side(bytes: Uint8Array, at: number, end: number, side: number): number {
    if (at < end && bytes[at] === LETTER_N) return skipValue(bytes, at, end);
    this.sidesRead++;
    return this.level.read(bytes, at, end, this.values, side === 0 ? field.bidPrice : field.askPrice);
  }

  protected write(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    if (this.sidesRead < SIDE_COUNT) return 1;
    return writeQuote(this.sink, this.market, this.values, field.timeUs, this.values, field.bidPrice);
  }
}
