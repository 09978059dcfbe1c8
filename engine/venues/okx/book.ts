// Reads the entries of the book channels, each one change of the message's market. Hot path.
//
// Source: OKX API guide v5, "Order book channel" (2026-08); docs/venues/okx.md.

import { ChangeFlag, FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import { LevelRows } from '../../decode/level-rows.ts';
import { integerNumber, keyBytes, matches } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { EntryList, HAS_TIME } from './entry-list.ts';
import { field } from './fields.ts';
import { previousSequence, signedChecksum } from './numbers.ts';

const KEY_ASKS = keyBytes('asks');
const KEY_BIDS = keyBytes('bids');
const KEY_CHECKSUM = keyBytes('checksum');
const KEY_SEQUENCE = keyBytes('seqId');
const KEY_PREVIOUS = keyBytes('prevSeqId');

const HAS_ASKS = 4;
const HAS_BIDS = 8;
const HAS_CHECKSUM = 16;
const HAS_SEQUENCE = 32;
const HAS_PREVIOUS = 64;
const NEEDS = HAS_TIME | HAS_ASKS | HAS_BIDS;

export class BookEntries extends EntryList {
  private readonly levels: LevelRows;
  private isSnapshot = false;
  private depth = 0;
  private headSlot = -1;
  private count = 0;

  constructor(sink: RecordSink) {
    super(sink);
    this.levels = new LevelRows(sink);
  }

  /** What the message says of all its entries. */
  prepare(isSnapshot: boolean, depth: number): void {
    this.isSnapshot = isSnapshot;
    this.depth = depth;
  }

  /** Claims the head record, which stands before the first level. */
  protected override beginEntry(): number {
    this.count = 0;
    this.values[field.checksum] = 0;
    this.values[field.sequence] = 0;
    this.values[field.previousSequence] = 0;
    this.headSlot = this.sink.claim(this.market, RecordType.bookChange);
    return this.headSlot < 0 ? this.headSlot : super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const values = this.values;
    if (matches(bytes, from, to, KEY_ASKS))
      return this.once(HAS_ASKS) ? this.side(bytes, at, end, LevelFlag.ask) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_BIDS))
      return this.once(HAS_BIDS) ? this.side(bytes, at, end, 0) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_CHECKSUM))
      return this.once(HAS_CHECKSUM) ? signedChecksum(bytes, at, end, values, field.checksum) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_SEQUENCE))
      return this.once(HAS_SEQUENCE) ? integerNumber(bytes, at, end, values, field.sequence) : FrameResult.shape;
    if (matches(bytes, from, to, KEY_PREVIOUS)) {
      return this.once(HAS_PREVIOUS)
        ? previousSequence(bytes, at, end, values, field.previousSequence)
        : FrameResult.shape;
    }
    return this.otherMember(bytes, from, to, at, end);
  }

  private side(bytes: Uint8Array, at: number, end: number, flags: number): number {
    const after = this.levels.decode(bytes, at, end, this.market, flags);
    this.count += this.levels.count;
    return after;
  }

  protected endEntry(): number {
    if ((this.seen & NEEDS) !== NEEDS) return FrameResult.missingField;
    // A number of the change before says nothing without the change's own.
    if ((this.seen & (HAS_SEQUENCE | HAS_PREVIOUS)) === HAS_PREVIOUS) return FrameResult.missingField;
    this.writeHead();
    return 1;
  }

  private flags(): number {
    let flags: number = this.isSnapshot ? ChangeFlag.snapshot : 0;
    if (this.values[field.checksum] !== 0) flags |= ChangeFlag.hasChecksum;
    if ((this.seen & HAS_SEQUENCE) !== 0) flags |= ChangeFlag.hasSequence;
    if ((this.seen & HAS_PREVIOUS) !== 0 && this.values[field.previousSequence] >= 0) flags |= ChangeFlag.hasPrevious;
    return flags;
  }

  private writeHead(): void {
    const { f64, u8, u32 } = this.sink;
    const { values, headSlot } = this;
    const base = headSlot * SLOT_F64;
    u8[headSlot * SLOT_BYTES + bookChange.at.flags] = this.flags();
    u32[headSlot * SLOT_U32 + bookChange.at.count] = this.count;
    f64[base + bookChange.at.receiveTimeNs] = this.sink.frame[RECEIVE];
    f64[base + bookChange.at.exchangeTimeUs] = values[field.timeUs];
    f64[base + bookChange.at.firstSequence] = values[field.sequence];
    f64[base + bookChange.at.lastSequence] = values[field.sequence];
    f64[base + bookChange.at.previousSequence] = Math.max(values[field.previousSequence], 0);
    f64[base + bookChange.at.checksum] = values[field.checksum];
    f64[base + bookChange.at.depth] = this.depth;
  }
}
