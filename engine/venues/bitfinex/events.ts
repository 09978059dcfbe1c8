// Reads events, the frames that are objects: which one, and where what it names lies. Not part of the hot path.
//
// Source: Bitfinex docs, "WS General" and "Public Channels" (2026-07).

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { integerAny, integerNumber, keyBytes, matches, skipValue } from '../../decode/scan.ts';
import { textEnd } from '../../decode/walk.ts';
import type { Subscribed } from './channels.ts';

/** Members that are looked at, each at its index. */
const MEMBERS = ['event', 'channel', 'chanId', 'symbol', 'key', 'prec', 'len', 'flags', 'status', 'backfill'] as const;
const KEYS = MEMBERS.map(keyBytes);
type Member = (typeof MEMBERS)[number];

const SUBSCRIBED = keyBytes('subscribed');
const UNSUBSCRIBED = keyBytes('unsubscribed');
const CONF = keyBytes('conf');
const CONTROL = ['info', 'error', 'pong', 'auth', 'unauth'].map(keyBytes);
const OK = keyBytes('OK');

export const Event = { none: 0, unknown: 1, control: 2, subscribed: 3, unsubscribed: 4, conf: 5 } as const;

export class EventReader extends ObjectReader implements Subscribed {
  channelFrom = 0;
  channelTo = 0;
  symbolFrom = 0;
  symbolTo = 0;
  keyFrom = 0;
  keyTo = 0;
  precisionFrom = 0;
  precisionTo = 0;
  depth = 0;
  channelId = 0;
  flags = 0;
  /** Where the value of each member begins, 0 where it is absent. */
  private readonly at = new Int32Array(MEMBERS.length);
  private readonly numbers = new Float64Array(1);
  private from = 0;
  private to = 0;

  /** Walks the object at `at`; returns the offset after it, or a negative FrameResult. */
  read(bytes: Uint8Array, at: number, end: number): number {
    this.seen = 0;
    this.at.fill(0);
    return this.members(bytes, at, end);
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const index = KEYS.findIndex((key) => matches(bytes, from, to, key));
    if (index >= 0) {
      if (!this.once(1 << index)) return FrameResult.shape;
      this.at[index] = at;
    }
    return skipValue(bytes, at, end);
  }

  /** Where the value of `backfill` begins, 0 where there is none. */
  get backfillAt(): number {
    return this.of('backfill');
  }

  /** What the object read last is: an Event, or a negative FrameResult where its `event` is no text. */
  kind(bytes: Uint8Array, end: number): number {
    if (this.of('event') === 0) return Event.none;
    const result = this.text(bytes, end, 'event');
    if (result < 0) return result;
    const { from, to } = this;
    if (matches(bytes, from, to, SUBSCRIBED)) return Event.subscribed;
    if (matches(bytes, from, to, UNSUBSCRIBED)) return Event.unsubscribed;
    if (matches(bytes, from, to, CONF)) return Event.conf;
    return CONTROL.some((key) => matches(bytes, from, to, key)) ? Event.control : Event.unknown;
  }

  /** The names of a `subscribed` event; returns 1 or a negative FrameResult. */
  readSubscribed(bytes: Uint8Array, end: number): number {
    const channelId = this.readChannelId(bytes, end);
    if (channelId < 0) return channelId;
    if (this.of('channel') === 0) return FrameResult.missingField;
    let result = this.text(bytes, end, 'channel');
    this.channelFrom = this.from;
    this.channelTo = this.to;
    if (result > 0) result = this.text(bytes, end, 'symbol');
    this.symbolFrom = this.from;
    this.symbolTo = this.to;
    if (result > 0) result = this.text(bytes, end, 'key');
    this.keyFrom = this.from;
    this.keyTo = this.to;
    if (result > 0) result = this.text(bytes, end, 'prec');
    this.precisionFrom = this.from;
    this.precisionTo = this.to;
    return result < 0 ? result : this.readDepth(bytes, end);
  }

  /** The number of the channel; returns 1 or a negative FrameResult. */
  readChannelId(bytes: Uint8Array, end: number): number {
    const at = this.of('chanId');
    if (at === 0) return FrameResult.missingField;
    const after = integerNumber(bytes, at, end, this.numbers, 0);
    this.channelId = this.numbers[0];
    return after < 0 ? after : 1;
  }

  /** The flags of a `conf` event, -1 where the venue did not take them. Returns 1 or a negative FrameResult. */
  readFlags(bytes: Uint8Array, end: number): number {
    this.flags = -1;
    const at = this.of('flags');
    const status = this.text(bytes, end, 'status');
    if (status < 0) return status;
    if (at === 0 || !matches(bytes, this.from, this.to, OK)) return 1;
    const after = integerNumber(bytes, at, end, this.numbers, 0);
    if (after < 0) return after;
    this.flags = this.numbers[0];
    return 1;
  }

  /** Text or number, as the request had it. */
  private readDepth(bytes: Uint8Array, end: number): number {
    this.depth = 0;
    const at = this.of('len');
    if (at === 0) return 1;
    const after = integerAny(bytes, at, end, this.numbers, 0);
    if (after < 0) return after;
    this.depth = this.numbers[0];
    return 1;
  }

  /** Notes where a text lies; nowhere when it is absent. */
  private text(bytes: Uint8Array, end: number, name: Member): number {
    const at = this.of(name);
    this.from = 0;
    this.to = 0;
    if (at === 0) return 1;
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.from = at + 1;
    this.to = close;
    return 1;
  }

  private of(name: Member): number {
    return this.at[MEMBERS.indexOf(name)];
  }
}
