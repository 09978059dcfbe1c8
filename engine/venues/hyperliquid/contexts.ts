// Reads the data of `activeAssetCtx` and `activeSpotAssetCtx`: mark and oracle price, funding rate, open interest. Hot path.
//
// Source: Hyperliquid docs, "WebSocket", "Subscriptions", WsActiveAssetCtx (2026-06). The frame has no time.

import { DerivativeFlag, DerivativeKind, FrameResult } from '../../../schemas/ids.ts';
import { writeDerivative } from '../../decode/derivatives.ts';
import {
  CLOSE_OBJECT,
  decimalAny,
  keyBytes,
  matches,
  next,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { keyFrom, keyTo, member } from '../../decode/walk.ts';
import { CoinObject } from './coin-object.ts';
import { field } from './fields.ts';
import { isNegative, signedDecimal } from './numbers.ts';

const KEY_CONTEXT = keyBytes('ctx');
const KEY_MARK = keyBytes('markPx');
const KEY_ORACLE = keyBytes('oraclePx');
const KEY_FUNDING = keyBytes('funding');
const KEY_OPEN_INTEREST = keyBytes('openInterest');
const LETTER_N = 0x6e;
/** The frame does not say when a funding is due. */
const NEVER_DUE = -1;

const HAS_CONTEXT = 4;
const HAS_MARK = 8;
const HAS_ORACLE = 16;
const HAS_FUNDING = 32;
const HAS_OPEN_INTEREST = 64;

export class ContextReader extends CoinObject {
  private isFundingNegative = false;
  /** Bits of the values that are null: there is none. */
  private absent = 0;

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (!matches(bytes, from, to, KEY_CONTEXT)) return this.otherMember(bytes, from, to, at, end);
    return this.once(HAS_CONTEXT) ? this.context(bytes, at, end) : FrameResult.shape;
  }

  private context(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.isFundingNegative = false;
    this.absent = 0;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.contextMember(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private contextMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_MARK)) return this.value(HAS_MARK, bytes, at, end, field.mark);
    if (matches(bytes, from, to, KEY_ORACLE)) return this.value(HAS_ORACLE, bytes, at, end, field.oracle);
    if (matches(bytes, from, to, KEY_FUNDING)) return this.value(HAS_FUNDING, bytes, at, end, field.funding);
    if (matches(bytes, from, to, KEY_OPEN_INTEREST))
      return this.value(HAS_OPEN_INTEREST, bytes, at, end, field.openInterest);
    return skipValue(bytes, at, end);
  }

  private value(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    if (at < end && bytes[at] === LETTER_N) {
      this.absent |= bit;
      return skipValue(bytes, at, end);
    }
    if (bit !== HAS_FUNDING) return decimalAny(bytes, at, end, this.values, index);
    const after = signedDecimal(bytes, at, end, this.values, index);
    this.isFundingNegative = isNegative;
    return after;
  }

  protected write(): number {
    if ((this.seen & HAS_CONTEXT) === 0) return FrameResult.missingField;
    const sign = this.isFundingNegative ? DerivativeFlag.negative : 0;
    const result = this.one(HAS_MARK, DerivativeKind.markPrice, field.mark);
    if (result < 0) return result;
    const second = this.one(HAS_ORACLE, DerivativeKind.indexPrice, field.oracle);
    if (second < 0) return second;
    const third = this.one(HAS_FUNDING, DerivativeKind.fundingRate | sign, field.funding);
    return third < 0 ? third : this.one(HAS_OPEN_INTEREST, DerivativeKind.openInterest, field.openInterest);
  }

  /** The record of one value, if it came. */
  private one(bit: number, flags: number, index: number): number {
    if ((this.seen & ~this.absent & bit) === 0) return 1;
    const { values } = this;
    return writeDerivative(this.sink, this.market, flags, values, field.timeUs, NEVER_DUE, values, index);
  }
}
