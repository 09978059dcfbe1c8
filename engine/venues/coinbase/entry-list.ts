// Walks an event that holds one list of entries (`trades`, `tickers`, `candles`) and hands each entry on. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  keyBytes,
  matches,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import { keyFrom, keyTo, member, textEnd } from '../../decode/walk.ts';

const KEY_TYPE = keyBytes('type');
const SNAPSHOT = keyBytes('snapshot');

const HAS_TYPE = 1;
const HAS_LIST = 2;

export abstract class EntryList {
  /** The event's `type` is `snapshot`; known before the first entry. */
  protected isSnapshot = false;
  private readonly listKey: Uint8Array;
  private eventSeen = 0;
  private listAt = 0;

  constructor(listName: string) {
    this.listKey = keyBytes(listName);
  }

  /** Decodes the entry at bytes[at] (its `{`); returns the offset after it, or a negative FrameResult. */
  protected abstract entry(bytes: Uint8Array, at: number, end: number): number;

  /** Decodes the event at bytes[at] (its `{`); returns the offset after it, or a negative FrameResult. */
  event(bytes: Uint8Array, at: number, end: number): number {
    this.eventSeen = 0;
    this.listAt = 0;
    this.isSnapshot = false;
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.eventMember(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    if ((this.eventSeen & HAS_LIST) === 0) return FrameResult.missingField;
    const listed = this.listAt > 0 ? this.entries(bytes, this.listAt, end) : 1;
    return listed < 0 ? listed : position + 1;
  }

  /** Decodes a list that stands alone, its entries past ones; returns the offset after it, or a negative FrameResult. */
  pastEntries(bytes: Uint8Array, at: number, end: number): number {
    this.isSnapshot = true;
    return this.entries(bytes, at, end);
  }

  private eventMember(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_TYPE)) return this.type(bytes, at, end);
    if (!matches(bytes, from, to, this.listKey)) return skipValue(bytes, at, end);
    if ((this.eventSeen & HAS_LIST) !== 0) return FrameResult.shape;
    this.eventSeen |= HAS_LIST;
    if ((this.eventSeen & HAS_TYPE) !== 0) return this.entries(bytes, at, end);
    this.listAt = at;
    return skipValue(bytes, at, end);
  }

  private type(bytes: Uint8Array, at: number, end: number): number {
    if ((this.eventSeen & HAS_TYPE) !== 0) return FrameResult.shape;
    this.eventSeen |= HAS_TYPE;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.isSnapshot = matches(bytes, at + 1, close, SNAPSHOT);
    return close + 1;
  }

  private entries(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.entry(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }
}
