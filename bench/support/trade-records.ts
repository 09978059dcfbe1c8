// Trade records as a shard finds them in its ring, drawn from a seed: what state is filled and driven with.

import { seededRandom } from '../../engine/synthetic/random.ts';
import { RecordType, Side } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { trade } from '../../schemas/market-data.ts';

const SEED = 20_260_102;
const START_US = 1_700_000_000_000_000;
const ATTO_PER_STEP = 1e13;

/** Trades that follow one another in time and number; ids count from 1. */
export class TradeRecords {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly count: number;

  /** `timeUs` is when a trade came, after the first. */
  constructor(count: number, timeUs: (slot: number) => number) {
    this.count = count;
    this.u8 = new Uint8Array(count * SLOT_BYTES);
    this.u32 = new Uint32Array(this.u8.buffer);
    this.f64 = new Float64Array(this.u8.buffer);
    const random = seededRandom(SEED, 'trades');
    let priceMilli = 61_837_630;
    for (let slot = 0; slot < count; slot++) {
      priceMilli += (random.integer(5) - 2) * 10;
      this.u8[slot * SLOT_BYTES] = RecordType.trade;
      this.u8[slot * SLOT_BYTES + trade.at.flags] = random.chance(0.5) ? Side.buy : Side.sell;
      this.u32[slot * SLOT_U32 + trade.at.count] = 1;
      const at = slot * SLOT_F64;
      this.f64[at + trade.at.receiveTimeNs] = timeUs(slot) * 1000;
      this.f64[at + trade.at.exchangeTimeUs] = START_US + timeUs(slot);
      this.f64[at + trade.at.priceMilli] = priceMilli;
      this.f64[at + trade.at.quantityMilli] = random.integer(500);
      this.f64[at + trade.at.quantityAtto] = (1 + random.integer(99)) * ATTO_PER_STEP;
      this.f64[at + trade.at.id] = slot + 1;
    }
  }
}
