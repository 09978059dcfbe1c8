// Reads the entries of `mark-price`, `index-tickers`, `funding-rate` and `open-interest`: one derivative record each. Hot path.
//
// Source: OKX API guide v5, "Mark price channel", "Index tickers channel", "Funding rate channel", "Open interest channel"
// (2026-08): numbers are texts, an empty one is none; open interest is in contracts.

import { DerivativeFlag, DerivativeKind, FrameResult } from '../../../schemas/ids.ts';
import { isNegative, signedDecimalString, writeDerivative } from '../../decode/derivatives.ts';
import { keyBytes, matches, QUOTE } from '../../decode/scan.ts';
import { EntryList, HAS_TIME } from './entry-list.ts';
import { field } from './fields.ts';
import { timeText } from './numbers.ts';

/** The member that holds the value, by DerivativeKind. */
const VALUE_KEYS: readonly Uint8Array[] = [
  keyBytes(''),
  keyBytes('markPx'),
  keyBytes('idxPx'),
  keyBytes('fundingRate'),
  keyBytes('oi'),
];
const KEY_DUE = keyBytes('fundingTime');

const HAS_VALUE = 4;
const HAS_DUE = 8;

export class DerivativeEntries extends EntryList {
  private kind: number = DerivativeKind.markPrice;
  private sign = 0;
  private isEmpty = false;

  /** What all entries of the message tell. */
  prepare(kind: number): void {
    this.kind = kind;
  }

  protected override beginEntry(): number {
    this.values[field.timeUs] = 0;
    this.isEmpty = false;
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, VALUE_KEYS[this.kind]))
      return this.once(HAS_VALUE) ? this.value(bytes, at, end) : FrameResult.shape;
    if (this.kind === DerivativeKind.fundingRate && matches(bytes, from, to, KEY_DUE))
      return this.once(HAS_DUE) ? timeText(bytes, at, end, this.values, field.dueTimeUs) : FrameResult.shape;
    return this.otherMember(bytes, from, to, at, end);
  }

  /** Funding rates alone may be below zero. */
  private value(bytes: Uint8Array, at: number, end: number): number {
    if (at + 1 < end && bytes[at] === QUOTE && bytes[at + 1] === QUOTE) {
      this.isEmpty = true;
      return at + 2;
    }
    const after = signedDecimalString(bytes, at, end, this.values, field.price);
    this.sign = isNegative ? DerivativeFlag.negative : 0;
    return after >= 0 && this.sign !== 0 && this.kind !== DerivativeKind.fundingRate ? FrameResult.range : after;
  }

  protected endEntry(): number {
    const needs = this.kind === DerivativeKind.fundingRate ? HAS_VALUE : HAS_VALUE | HAS_TIME;
    if ((this.seen & needs) !== needs) return FrameResult.missingField;
    if (this.isEmpty) return 1;
    const { sink, market, values } = this;
    const dueAt = (this.seen & HAS_DUE) === 0 ? -1 : field.dueTimeUs;
    return writeDerivative(sink, market, this.kind | this.sign, values, field.timeUs, dueAt, values, field.price);
  }
}
