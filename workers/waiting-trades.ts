// Trades taken from the ring that wait to be applied together with later ones of their market. Hot path.

import { TRADES_WAITING_MAX } from '../schemas/config.ts';
import { SLOT_BYTES, SLOT_F64 } from '../schemas/layout.ts';

/** In `counts`: trades of this market never wait. */
const NEVER = 255;

/**
 * A room of TRADES_WAITING_MAX slots for each market, one behind the other, so that a record's place follows from its
 * market's id and nothing of the market is touched. A market's trades lie in its room in the order in which they came.
 *
 *   counts  [ 2 | 0 | 255 | … ]          market 0 has two waiting, those of market 2 never wait
 *   slots   [ a b . . | . . . . | … ]
 *   ids     [ 0 | … ]                    markets that have some, or had
 */
export class WaitingTrades {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  /** Trades that wait, of all markets. */
  count = 0;
  private readonly counts: Uint8Array;
  private readonly ids: Int32Array;
  /** 1 where the market is among `ids`. */
  private readonly isListed: Uint8Array;
  private markets = 0;

  constructor(marketsMax: number) {
    // The kernel gives memory when it is first written: rooms of markets that do not exist take none.
    const memory = new ArrayBuffer(marketsMax * TRADES_WAITING_MAX * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
    this.counts = new Uint8Array(marketsMax).fill(NEVER);
    this.ids = new Int32Array(marketsMax);
    this.isListed = new Uint8Array(marketsMax);
  }

  /** From now on trades of this market may wait. */
  open(market: number): void {
    this.counts[market] = 0;
  }

  canWait(market: number): boolean {
    return this.counts[market] !== NEVER;
  }

  /** Trades of this market that wait. */
  countOf(market: number): number {
    const count = this.counts[market];
    return count === NEVER ? 0 : count;
  }

  /** First slot of a market's room. */
  slotOf(market: number): number {
    return market * TRADES_WAITING_MAX;
  }

  /** Copies a trade record of a market that may wait; true where its room is full now. */
  add(market: number, u32: Uint32Array, f64: Float64Array, slot: number): boolean {
    const waiting = this.counts[market];
    if (this.isListed[market] === 0) this.list(market);
    const from = slot * SLOT_F64;
    const to = (market * TRADES_WAITING_MAX + waiting) * SLOT_F64;
    // The header as integers, since its bits may be those of no number.
    this.u32[2 * to] = u32[2 * from];
    this.u32[2 * to + 1] = u32[2 * from + 1];
    for (let word = 1; word < SLOT_F64; word++) this.f64[to + word] = f64[from + word];
    this.counts[market] = waiting + 1;
    this.count++;
    return waiting + 1 === TRADES_WAITING_MAX;
  }

  private list(market: number): void {
    this.isListed[market] = 1;
    this.ids[this.markets++] = market;
  }

  /** The trades of this market have been applied. */
  clear(market: number): void {
    this.count -= this.counts[market];
    this.counts[market] = 0;
  }

  /** A market that may have some, taken off the list; -1 where none is left. */
  take(): number {
    if (this.markets === 0) return -1;
    const market = this.ids[--this.markets];
    this.isListed[market] = 0;
    return market;
  }
}
