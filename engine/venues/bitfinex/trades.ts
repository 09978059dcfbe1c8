// Reads trade payloads, `[id, ms, amount, price]` or a list of them, and writes them in ascending order of id. Hot path.
//
// Source: Bitfinex docs, "Trades" (2026-07): amount above 0 is a taker who bought, below 0 one who sold.

import { FrameResult, RecordType, Side } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { trade } from '../../../schemas/market-data.ts';
import { isZero } from '../../decode/records.ts';
import { decimalNumber, integerNumber, skipValue } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { integerTime } from '../../decode/time.ts';
import { ROW_NUMBERS, ROW_WORDS, row, TradeRows, word } from '../../decode/trade-rows.ts';
import { isNegative, signedNumber } from './numbers.ts';
import { RowReader } from './rows.ts';

const Element = { id: 0, time: 1, amount: 2, price: 3 } as const;

/** Index of the one number a payload leaves behind. */
export const LAST_ID = 0;

export class TradePayload extends RowReader {
  /** Largest id of the payload read last, -1 where it had none. */
  readonly ids = Float64Array.of(-1);
  private readonly sink: RecordSink;
  private readonly rows = new TradeRows();
  private base = 0;
  private side: number = Side.unknown;

  constructor(sink: RecordSink) {
    super(Element.price + 1);
    this.sink = sink;
  }

  /**
   * Decodes the payload at `at`; trades with an id up to `after` are left out, `flags` are those of all.
   * Returns the offset after it, or a negative FrameResult.
   */
  decode(bytes: Uint8Array, at: number, end: number, market: number, flags: number, after: number): number {
    this.rows.count = 0;
    this.ids[LAST_ID] = -1;
    this.base = this.nextBase();
    const position = this.payload(bytes, at, end);
    if (position < 0) return position;
    this.rows.sort();
    for (let i = 0; i < this.rows.count; i++) {
      const index = this.rows.order[i];
      if (this.rows.numbers[index * ROW_NUMBERS + row.id] <= after) continue;
      const written = this.write(index, market, flags);
      if (written < 0) return written;
    }
    return position;
  }

  /** Where the next row's numbers go: its place is taken only when it is whole. */
  private nextBase(): number {
    const index = this.rows.add();
    if (index < 0) return index;
    this.rows.count--;
    return index * ROW_NUMBERS;
  }

  protected element(bytes: Uint8Array, at: number, end: number, index: number): number {
    const { base } = this;
    if (base < 0) return FrameResult.tooLarge;
    const numbers = this.rows.numbers;
    switch (index) {
      case Element.id:
        return integerNumber(bytes, at, end, numbers, base + row.id);
      case Element.time:
        return integerTime(bytes, at, end, numbers, base + row.timeUs);
      case Element.amount: {
        const after = signedNumber(bytes, at, end, numbers, base + row.quantity);
        this.side = isNegative ? Side.sell : Side.buy;
        return after;
      }
      case Element.price:
        return decimalNumber(bytes, at, end, numbers, base + row.price);
      default:
        return skipValue(bytes, at, end);
    }
  }

  protected endRow(): number {
    const { base, rows } = this;
    if (isZero(rows.numbers, base + row.price) || isZero(rows.numbers, base + row.quantity)) return FrameResult.range;
    rows.words[rows.count * ROW_WORDS + word.flags] = this.side;
    const id = rows.numbers[base + row.id];
    if (id > this.ids[LAST_ID]) this.ids[LAST_ID] = id;
    rows.count++;
    this.base = this.nextBase();
    return 1;
  }

  private write(index: number, market: number, flags: number): number {
    const slot = this.sink.claim(market, RecordType.trade);
    if (slot < 0) return slot;
    const { numbers, words } = this.rows;
    const { f64 } = this.sink;
    const from = index * ROW_NUMBERS;
    const base = slot * SLOT_F64;
    this.sink.u8[slot * SLOT_BYTES + trade.at.flags] = words[index * ROW_WORDS + word.flags] | flags;
    this.sink.u32[slot * SLOT_U32 + trade.at.count] = 1;
    f64[base + trade.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + trade.at.exchangeTimeUs] = numbers[from + row.timeUs];
    for (let i = 0; i < 4; i++) f64[base + trade.at.priceMilli + i] = numbers[from + row.price + i];
    f64[base + trade.at.id] = numbers[from + row.id];
    return 1;
  }
}
