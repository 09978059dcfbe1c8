// Reads the contents of `v4_orderbook`, each one change of the message's market. Hot path.
//
// Source: dYdX v4 indexer docs, "WebSockets", "Orders" (2026-04); venues.md §5.2, §5.4; docs/venues/dydx.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { keyBytes, matches, OPEN_OBJECT, skipValue, wrongType } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { Contents } from './contents.ts';
import { field } from './fields.ts';
import { LevelLists } from './levels.ts';

const KEY_ASKS = keyBytes('asks');
const KEY_BIDS = keyBytes('bids');

const HAS_ASKS = 1;
const HAS_BIDS = 2;
const BOTH = HAS_ASKS | HAS_BIDS;

/** Levels a side on subscribing: API_ORDERBOOK_LEVELS_PER_SIDE_LIMIT of the server. With as many, others may lie behind. */
const INITIAL_LEVELS_MAX = 100;

export class BookContents extends Contents {
  private readonly levels: LevelLists;
  private count = 0;
  private isCut = false;

  constructor(sink: RecordSink) {
    super(sink);
    this.levels = new LevelLists(sink);
  }

  one(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_OBJECT) return wrongType(bytes, at, end);
    this.seen = 0;
    this.count = 0;
    this.isCut = false;
    const headSlot = this.sink.claim(this.market, RecordType.bookChange);
    if (headSlot < 0) return headSlot;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    if (this.isInitial && (this.seen & BOTH) !== BOTH) return FrameResult.missingField;
    writeBookHead(this.sink, headSlot, this.flags(), this.count, this.values);
    return after;
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    if (matches(bytes, from, to, KEY_BIDS))
      return this.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_ASKS))
      return this.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
    return skipValue(bytes, at, end);
  }

  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    const after = this.levels.decode(bytes, at, end, this.market, flags);
    this.count += this.levels.count;
    if (this.levels.count >= INITIAL_LEVELS_MAX) this.isCut = true;
    return after;
  }

  /** A cut state on subscribing is one fetched by REST, which its worst levels bound. */
  private flags(): number {
    if (!this.isInitial) return ChangeFlag.hasSequence;
    return ChangeFlag.hasSequence | ChangeFlag.snapshot | (this.isCut ? ChangeFlag.rest : 0);
  }
}

/** Fills the head of a change of `count` levels, whose number is values[field.messageId]. */
export function writeBookHead(
  sink: RecordSink,
  headSlot: number,
  flags: number,
  count: number,
  values: Float64Array,
): void {
  const { f64, u8, u32 } = sink;
  const base = headSlot * SLOT_F64;
  u8[headSlot * SLOT_BYTES + bookChange.at.flags] = flags;
  u32[headSlot * SLOT_U32 + bookChange.at.count] = count;
  f64[base + bookChange.at.receiveTimeNs] = sink.frame[RECEIVE];
  f64[base + bookChange.at.exchangeTimeUs] = 0;
  f64[base + bookChange.at.firstSequence] = values[field.messageId];
  f64[base + bookChange.at.lastSequence] = values[field.messageId];
  f64[base + bookChange.at.previousSequence] = 0;
  f64[base + bookChange.at.checksum] = 0;
  f64[base + bookChange.at.depth] = 0;
}
