// Reads trades fetched by REST and pushed as a frame: `{"backfill":{"symbol":"BTC/USD","trades":{"error":[],"result":{…}}}}`.
//
// Source: Kraken REST docs, "Get Recent Trades" (2026-05): `result` holds the rows under the pair's own name, and `last`.

import { FrameResult } from '../../../schemas/ids.ts';
import { BackfillEnvelope } from '../../decode/backfill.ts';
import {
  CLOSE_OBJECT,
  findValue,
  keyBytes,
  next,
  OPEN_ARRAY,
  OPEN_OBJECT,
  skipSpace,
  skipValue,
  wrongType,
} from '../../decode/scan.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { member } from '../../decode/walk.ts';
import { V1Trades } from './v1-trades.ts';

const KEY_RESULT = keyBytes('result');

export class PastTrades {
  private readonly sink: RecordSink;
  private readonly envelope = new BackfillEnvelope();
  private readonly rows: V1Trades;

  constructor(sink: RecordSink) {
    this.sink = sink;
    this.rows = new V1Trades(sink, true);
  }

  /** Decodes the value of `backfill` at `at`, in a message already found well-formed; returns a FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    const { envelope } = this;
    const read = envelope.read(bytes, at, end);
    if (read < 0) return read;
    if (bytes[envelope.tradesAt] !== OPEN_OBJECT) return wrongType(bytes, envelope.tradesAt, end);
    const result = findValue(bytes, envelope.tradesAt, end, KEY_RESULT);
    if (result <= 0) return result < 0 ? result : FrameResult.missingField;
    if (bytes[result] !== OPEN_OBJECT) return wrongType(bytes, result, end);
    const market = this.sink.market(bytes, envelope.symbolFrom, envelope.symbolTo);
    return market < 0 ? market : this.lists(bytes, result, end, market);
  }

  /** Every list in the object at `at` is one of trades. */
  private lists(bytes: Uint8Array, at: number, end: number, market: number): number {
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const isList = bytes[value] === OPEN_ARRAY;
      const after = isList ? this.rows.payload(bytes, value, end, market) : skipValue(bytes, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return FrameResult.applied;
  }
}
