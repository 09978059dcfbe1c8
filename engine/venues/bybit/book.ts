// Reads the `data` of the order book topics, one change of the topic's market. Hot path.
//
// Source: Bybit API v5 docs, "Orderbook" (2026-08); docs/venues/bybit.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { LevelRows } from '../../decode/level-rows.ts';
import { ObjectReader } from '../../decode/object-reader.ts';
import { integerNumber, OPEN_OBJECT, skipValue, wrongType } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { field, SCRATCH_FIELDS } from './fields.ts';
import { repeatedSymbol, type TopicSymbol } from './symbol.ts';

const LETTER_A = 0x61;
const LETTER_B = 0x62;
const LETTER_S = 0x73;
const LETTER_U = 0x75;

const HAS_ASKS = 1;
const HAS_BIDS = 2;
const HAS_SEQUENCE = 4;
const HAS_SYMBOL = 8;
const NEEDS = HAS_ASKS | HAS_BIDS | HAS_SEQUENCE;

/** The update id that the venue begins anew with: the message is a whole book, whatever its type. */
const SEQUENCE_ANEW = 1;

export class BookData extends ObjectReader {
  private readonly sink: RecordSink;
  private readonly levels: LevelRows;
  private readonly values = new Float64Array(SCRATCH_FIELDS);
  private readonly symbol: TopicSymbol;
  private market = 0;
  private depth = 0;
  private headSlot = -1;
  private count = 0;

  constructor(sink: RecordSink, symbol: TopicSymbol) {
    super();
    this.sink = sink;
    this.symbol = symbol;
    this.levels = new LevelRows(sink);
  }

  /** Decodes the object at `at`, all but its head; returns the offset after it, or a negative FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, market: number, depth: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.count = 0;
    this.market = market;
    this.depth = depth;
    this.headSlot = this.sink.claim(market, RecordType.bookChange);
    if (this.headSlot < 0) return this.headSlot;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    return (this.seen & NEEDS) === NEEDS ? after : FrameResult.missingField;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (to - from !== 1) return skipValue(bytes, at, end);
    switch (bytes[from]) {
      case LETTER_A:
        return this.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
      case LETTER_B:
        return this.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
      case LETTER_U:
        if (!this.once(HAS_SEQUENCE)) return FrameResult.shape;
        return integerNumber(bytes, at, end, this.values, field.sequence);
      case LETTER_S:
        return this.once(HAS_SYMBOL) ? repeatedSymbol(bytes, at, end, this.symbol) : FrameResult.shape;
      default:
        return skipValue(bytes, at, end);
    }
  }

  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    const after = this.levels.decode(bytes, at, end, this.market, flags);
    this.count += this.levels.count;
    return after;
  }

  /** Writes the head claimed before the levels; its time is times[timeAt]. */
  writeHead(isSnapshot: boolean, times: Float64Array, timeAt: number): void {
    const { f64, u8, u32 } = this.sink;
    const { values, headSlot } = this;
    const base = headSlot * SLOT_F64;
    const isWhole = isSnapshot || values[field.sequence] === SEQUENCE_ANEW;
    const flags = ChangeFlag.hasSequence | (isWhole ? ChangeFlag.snapshot : 0);
    u8[headSlot * SLOT_BYTES + bookChange.at.flags] = flags;
    u32[headSlot * SLOT_U32 + bookChange.at.count] = this.count;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = times[timeAt];
    f64[base + bookChange.at.firstSequence] = values[field.sequence];
    f64[base + bookChange.at.lastSequence] = values[field.sequence];
    f64[base + bookChange.at.previousSequence] = 0;
    f64[base + bookChange.at.checksum] = 0;
    f64[base + bookChange.at.depth] = this.depth;
  }
}
