// Keeps the markets that a connection has brought, and writes the records that tell them of a loss. Hot path.

import { RecordType, StateReason } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { gap } from '../../../schemas/market-data.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';

const MARKETS_START = 64;

/** Beside a market's id, which is below 2^15 (MARKETS_MAX): its book comes from this connection. */
export const HAS_BOOK = 0x8000;

export class ConnectionMarkets {
  private readonly sink: RecordSink;
  /** [0..kept) are of messages accepted, up to `noted` of the message at hand. */
  private markets = new Uint16Array(MARKETS_START);
  private kept = 0;
  private noted = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** A message begins: what one that was not accepted has noted is forgotten. */
  begin(): void {
    this.noted = this.kept;
  }

  /** Notes that the market has trades, or its book (`flag` HAS_BOOK), from this connection: a loss may be theirs. */
  add(market: number, flag: number): void {
    for (let i = 0; i < this.noted; i++) {
      if ((this.markets[i] & ~HAS_BOOK) !== market) continue;
      // Set at once: a book that a refused message named is none, and a loss of a market without a book does nothing to it.
      this.markets[i] |= flag;
      return;
    }
    if (this.noted === this.markets.length) this.grow();
    this.markets[this.noted++] = market | flag;
  }

  keep(): void {
    this.kept = this.noted;
  }

  get count(): number {
    return this.kept;
  }

  /** Forgets the markets behind the first `count`: their message is decoded again. */
  backTo(count: number): void {
    this.kept = count;
    this.noted = count;
  }

  /** One record for each market kept: lost[at] messages, 0 where unknown. Returns 1 or a negative FrameResult. */
  tell(lost: Float64Array, at: number): number {
    for (let i = 0; i < this.kept; i++) {
      const slot = this.sink.claim(this.markets[i] & ~HAS_BOOK, RecordType.gap);
      if (slot < 0) return slot;
      // A book that comes from another connection is whole: then only trades are lost.
      const hasBook = (this.markets[i] & HAS_BOOK) !== 0;
      this.sink.u8[slot * SLOT_BYTES + gap.at.flags] = hasBook ? StateReason.gap : StateReason.none;
      this.sink.f64[slot * SLOT_F64 + gap.at.receiveTimeNs] = this.sink.frame[RECEIVE];
      this.sink.f64[slot * SLOT_F64 + gap.at.lost] = lost[at];
      this.sink.f64[slot * SLOT_F64 + gap.at.sinceTimeUs] = 0;
    }
    return 1;
  }

  private grow(): void {
    const markets = new Uint16Array(2 * this.markets.length);
    markets.set(this.markets);
    this.markets = markets;
  }
}
