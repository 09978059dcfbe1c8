// Reads the list of a v1 trade frame, `[["price","volume","time","s","l",""],…]`, in the order it was sent. Hot path.
//
// Source: Kraken WebSocket v1 docs, "trade" (2026-05): the side is the taker's; trades carry no id. REST docs, "Get Recent
// Trades" (2026-05): the same rows, with the time as a number and the id as a seventh member since 2023.

import { FrameResult, Side, TradeFlag } from '../../../schemas/ids.ts';
import {
  CLOSE_ARRAY,
  decimalString,
  integerNumber,
  next,
  OPEN_ARRAY,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { passElements, textEnd } from '../../decode/walk.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { secondsNumber, secondsTime } from './numbers.ts';
import { writeTrade } from './records.ts';

const LETTER_B = 0x62;
const LETTER_S = 0x73;

/** Members of a trade that are read. */
const Member = { price: 0, volume: 1, time: 2, side: 3, rest: 4, id: 6 } as const;

export class V1Trades {
  private readonly sink: RecordSink;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly isPast: boolean;
  private side = 0;
  private idFlag: number = TradeFlag.noId;

  /** `isPast`: the rows are those of an answer of REST. */
  constructor(sink: RecordSink, isPast: boolean) {
    this.sink = sink;
    this.isPast = isPast;
    this.values[field.id] = 0;
  }

  /** Decodes the list at `at`; returns the offset after it, or a negative FrameResult. */
  payload(bytes: Uint8Array, at: number, end: number, market: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_ARRAY) return wrongType(bytes, position, end);
      const after = this.trade(bytes, position, end);
      if (after < 0) return after;
      const written = writeTrade(this.sink, market, this.side | this.idFlag, this.values);
      if (written < 0) return written;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  private trade(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    for (let member = 0; member < Member.rest; member++) {
      if (bytes[position] === CLOSE_ARRAY) return FrameResult.shape;
      const after = this.member(bytes, position, end, member);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return this.isPast ? this.pastRest(bytes, position, end) : passElements(bytes, position, end);
  }

  /** From the fifth member of a row of REST on: order type, a text, the id. Rows before 2023 have none. */
  private pastRest(bytes: Uint8Array, at: number, end: number): number {
    let position = at;
    for (let member = Member.rest; member < Member.id && bytes[position] !== CLOSE_ARRAY; member++) {
      position = skipValue(bytes, position, end);
      if (position >= 0) position = next(bytes, position, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    const hasId = bytes[position] !== CLOSE_ARRAY;
    this.idFlag = hasId ? TradeFlag.history : TradeFlag.history | TradeFlag.noId;
    this.values[field.id] = 0;
    if (!hasId) return position + 1;
    position = integerNumber(bytes, position, end, this.values, field.id);
    return position < 0 ? position : passElements(bytes, next(bytes, position, end, CLOSE_ARRAY), end);
  }

  private member(bytes: Uint8Array, at: number, end: number, member: number): number {
    switch (member) {
      case Member.price:
        return decimalString(bytes, at, end, this.values, field.price);
      case Member.volume:
        return decimalString(bytes, at, end, this.values, field.quantity);
      case Member.time:
        return this.isPast
          ? secondsNumber(bytes, at, end, this.values, field.timeUs)
          : secondsTime(bytes, at, end, this.values, field.timeUs);
      default:
        return this.takerSide(bytes, at, end);
    }
  }

  private takerSide(bytes: Uint8Array, at: number, end: number): number {
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    const letter = bytes[at + 1];
    if (close !== at + 2 || (letter !== LETTER_B && letter !== LETTER_S)) return FrameResult.type;
    this.side = letter === LETTER_B ? Side.buy : Side.sell;
    return close + 1;
  }
}
