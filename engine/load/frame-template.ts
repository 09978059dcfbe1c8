// Owns a message whose bytes are prepared once: only numbers of fixed width are written anew for each update. Hot path.
//
//   {"e":"trade","E":1767614400123,"s":"BTCUSDT","t":100000000042,"p":"97012.34000000","q":"0.00000043",…
//                    ^ time 13                       ^ id 12           ^ price          ^ tag: 8 digits behind `0.`

import { assert } from '../base/assert.ts';
import { isoText } from '../synthetic/text.ts';
import type { BookUpdate } from './load-market.ts';
import { TAG_DECIMALS } from './protocol.ts';

const ZERO = 0x30;
const SPLIT = 1_000_000;
const SPLIT_DIGITS = 6;
/** Of a time in milliseconds: those of its seconds, and the rest. */
const SECOND_DIGITS = 10;
const MILLI_DIGITS = 3;
const MICROS_DIGITS = 6;
/** `2026-03-04T09:30:00`, what comes before the microseconds. */
const SECOND_LENGTH = 19;
/** `0.` before the digits of a tag. */
const TAG_AT = 2;
export const ID_DIGITS = 12;
/** Of ten, by the decimals of a price; raising to a power is dear. */
const POWERS = Float64Array.from({ length: 16 }, (_, decimals) => 10 ** decimals);

/** Writes the last `width` digits of a whole number below 2^31. */
function writeShort(target: Uint8Array, at: number, value: number, width: number): void {
  let left = value | 0;
  for (let i = at + width - 1; i >= at; i--) {
    const rest = (left / 10) | 0;
    target[i] = ZERO + left - rest * 10;
    left = rest;
  }
}

/** Writes a whole number with `width` digits, zeros in front. */
export function writeDigits(target: Uint8Array, at: number, value: number, width: number): void {
  if (width <= SPLIT_DIGITS) {
    writeShort(target, at, value, width);
    return;
  }
  const high = Math.floor(value / SPLIT);
  writeDigits(target, at, high, width - SPLIT_DIGITS);
  writeShort(target, at + width - SPLIT_DIGITS, value - high * SPLIT, SPLIT_DIGITS);
}

/** Where a number of a message is, in a text that has a mark in its place. */
export type Mark = { readonly text: string; readonly isEvery?: boolean };

/** Offsets of a mark: one, or every one. */
export function offsetsOf(message: string, { text, isEvery = false }: Mark): number[] {
  const offsets: number[] = [];
  for (let at = message.indexOf(text); at >= 0; at = message.indexOf(text, at + text.length)) offsets.push(at);
  assert(offsets.length > 0 && (isEvery || offsets.length === 1), `expected ${text} in ${message.slice(0, 300)}`);
  return offsets;
}

/** Marks that stand in a text captured once for what each update writes. */
export const MARK_MS = 1_765_432_109_876;
export const MARK_ISO = '2025-12-11T05:48:29.876543Z';
export const MARK_ID = 987_654_321_098;
/** Marks of the prices of levels, best first, and how much higher those of their quantities are. */
export const BID_MARKS = [2, 1];
export const ASK_MARKS = [3, 4];
export const TAG_MARK = 4;

/** A price of the market's width made of one digit. */
export function markPrice(digit: number, digits: number, decimals: number): string {
  const text = String(digit).repeat(digits);
  return `${text.slice(0, digits - decimals)}.${text.slice(digits - decimals)}`;
}

/** A quantity whose eight decimals are one digit. */
export const markTag = (digit: number): string => `0.${String(digit).repeat(TAG_DECIMALS)}`;

/** The second that times were last written of, as text; shared by all templates of a thread. */
const second = { at: -1, bytes: new Uint8Array(SECOND_LENGTH) };

function secondBytes(secondS: number): Uint8Array {
  if (second.at !== secondS) {
    second.at = secondS;
    second.bytes.set(Buffer.from(isoText(secondS * SPLIT).slice(0, SECOND_LENGTH), 'latin1'));
  }
  return second.bytes;
}

export class FrameTemplate {
  /** The message as it was last written. */
  readonly bytes: Uint8Array;
  private readonly msAt: readonly number[];
  private readonly isoAt: readonly number[];
  private lastMsSecond = -1;
  private lastSecond = -1;

  constructor(message: string) {
    this.bytes = new Uint8Array(Buffer.from(message, 'latin1'));
    this.msAt = message.includes(String(MARK_MS)) ? offsetsOf(message, { text: String(MARK_MS), isEvery: true }) : [];
    this.isoAt = message.includes(MARK_ISO) ? offsetsOf(message, { text: MARK_ISO, isEvery: true }) : [];
  }

  /** Milliseconds and ISO texts with microseconds, wherever the message has them. */
  setTime(timeUs: number): void {
    if (this.msAt.length > 0) this.setMs(Math.floor(timeUs / 1000));
    if (this.isoAt.length > 0) this.setIso(timeUs);
  }

  /** The seconds only when they change. */
  private setMs(timeMs: number): void {
    const secondS = Math.floor(timeMs / 1000);
    const { msAt, bytes } = this;
    for (let i = 0; i < msAt.length; i++) {
      if (secondS !== this.lastMsSecond) writeDigits(bytes, msAt[i], secondS, SECOND_DIGITS);
      writeShort(bytes, msAt[i] + SECOND_DIGITS, timeMs - secondS * 1000, MILLI_DIGITS);
    }
    this.lastMsSecond = secondS;
  }

  private setIso(timeUs: number): void {
    const secondS = Math.floor(timeUs / SPLIT);
    const { isoAt, bytes } = this;
    for (let i = 0; i < isoAt.length; i++) {
      if (secondS !== this.lastSecond) bytes.set(secondBytes(secondS), isoAt[i]);
      writeShort(bytes, isoAt[i] + SECOND_LENGTH + 1, timeUs - secondS * SPLIT, MICROS_DIGITS);
    }
    this.lastSecond = secondS;
  }

  /** Twelve digits; the first six only where they are not `high`, those written last. Returns them. */
  setId(at: number, id: number, high: number): number {
    const idHigh = Math.floor(id / SPLIT);
    if (idHigh !== high) writeShort(this.bytes, at, idHigh, ID_DIGITS - SPLIT_DIGITS);
    writeShort(this.bytes, at + ID_DIGITS - SPLIT_DIGITS, id - idHigh * SPLIT, SPLIT_DIGITS);
    return idHigh;
  }

  /** `0.` stays; a removal is tag 0. */
  setTag(at: number, tag: number): void {
    writeDigits(this.bytes, at + TAG_AT, tag, TAG_DECIMALS);
  }

  /** A price of `digits` digits, `decimals` of them behind the point. */
  setPrice(at: number, ticks: number, digits: number, decimals: number): void {
    const unit = POWERS[decimals];
    const whole = Math.floor(ticks / unit);
    writeDigits(this.bytes, at, whole, digits - decimals);
    writeDigits(this.bytes, at + digits - decimals + 1, ticks - whole * unit, decimals);
  }
}

/** A trade: its ids, price and quantity. */
export class TradeTemplate extends FrameTemplate {
  private readonly idAt: readonly number[];
  private readonly priceAt: number;
  private readonly tagAt: number;
  private readonly digits: number;
  private readonly decimals: number;
  private idHigh = -1;

  /** `message` with MARK_ID, markPrice(1) and markTag(5). */
  constructor(message: string, digits: number, decimals: number) {
    super(message);
    this.digits = digits;
    this.decimals = decimals;
    this.idAt = offsetsOf(message, { text: String(MARK_ID), isEvery: true });
    this.priceAt = offsetsOf(message, { text: markPrice(1, digits, decimals) })[0];
    this.tagAt = offsetsOf(message, { text: markTag(5) })[0];
  }

  set(id: number, ticks: number, tag: number, timeUs: number): void {
    const { idAt, idHigh } = this;
    for (let i = 0; i < idAt.length; i++) this.idHigh = this.setId(idAt[i], id, idHigh);
    this.setPrice(this.priceAt, ticks, this.digits, this.decimals);
    this.setTag(this.tagAt, tag);
    this.setTime(timeUs);
  }
}

/**
 * A book change of a fixed number of levels, best first: prices of bids have the marks 2 and 1, those of asks 3 and 4, and the
 * quantity with a price the mark higher by 4.
 */
export class BookTemplate extends FrameTemplate {
  private readonly bidAt: readonly number[];
  private readonly bidTagAt: readonly number[];
  private readonly askAt: readonly number[];
  private readonly askTagAt: readonly number[];
  /** Places of twelve-digit numbers made of the sequence: `base + step × sequence`. */
  private readonly sequences: readonly SequencePlace[];
  private readonly highs: Float64Array;
  private readonly digits: number;
  private readonly decimals: number;

  constructor(
    message: string,
    shape: { readonly bids: number; readonly asks: number },
    digits: number,
    decimals: number,
    sequences: readonly SequencePlace[] = [],
  ) {
    super(message);
    this.digits = digits;
    this.decimals = decimals;
    this.sequences = sequences;
    this.highs = new Float64Array(sequences.length).fill(-1);
    const pricesAt = (marks: readonly number[]): number[] =>
      marks.map((mark) => offsetsOf(message, { text: markPrice(mark, digits, decimals) })[0]);
    const tagsAt = (marks: readonly number[]): number[] =>
      marks.map((mark) => offsetsOf(message, { text: markTag(mark + TAG_MARK) })[0]);
    const bids = BID_MARKS.slice(0, shape.bids);
    const asks = ASK_MARKS.slice(0, shape.asks);
    this.bidAt = pricesAt(bids);
    this.bidTagAt = tagsAt(bids);
    this.askAt = pricesAt(asks);
    this.askTagAt = tagsAt(asks);
  }

  set(update: BookUpdate, timeUs: number): void {
    const { bidAt, bidTagAt, askAt, askTagAt, digits, decimals, sequences } = this;
    for (let i = 0; i < bidAt.length; i++) {
      this.setPrice(bidAt[i], update.bidTicks[i], digits, decimals);
      this.setTag(bidTagAt[i], update.bidTags[i]);
    }
    for (let i = 0; i < askAt.length; i++) {
      this.setPrice(askAt[i], update.askTicks[i], digits, decimals);
      this.setTag(askTagAt[i], update.askTags[i]);
    }
    for (let i = 0; i < sequences.length; i++) {
      const { at, base, step } = sequences[i];
      this.highs[i] = this.setId(at, base + step * update.sequence, this.highs[i]);
    }
    this.setTime(timeUs);
  }
}

export type SequencePlace = { readonly at: number; readonly base: number; readonly step: number };
