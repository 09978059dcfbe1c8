// Binance trades and book changes without end: one block of wire frames whose ids and times are rewritten in place.

import { wireFrame } from '../../engine/load/frame-socket.ts';
import { START_MS } from '../workloads.ts';

/** Twelve digits from the first to the last, so that every block has the same bytes but for its digits. */
const FIRST_ID = 100_000_000_000;
const ID_DIGITS = 12;
const TIME_DIGITS = 13;
const ZERO = 0x30;
const SNAPSHOT_LEVELS = 100;
const LEVELS_A_CHANGE = 4;
const MS_A_BLOCK = 200;
const ID_MARK = '#'.repeat(ID_DIGITS);
const TIME_MARK = '@'.repeat(TIME_DIGITS);

const symbolOf = (market: number): string => `SYM${market}USDT`;
const price = (steps: number): string => (61_837 + steps / 100).toFixed(8);
const quantity = (seed: number): string => (0.001 + (seed % 997) / 1000).toFixed(8);

function tradeText(market: number, seed: number): string {
  const symbol = symbolOf(market);
  return `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":${TIME_MARK},"s":"${symbol}","t":${ID_MARK},"p":"${price((seed * 31) % 100)}","q":"${quantity(seed)}","T":${TIME_MARK},"m":${seed % 2 === 0},"M":true}}`;
}

function levels(from: number, step: number, count: number, seed: number): string {
  return Array.from({ length: count }, (_, i) => `["${price(from + step * i)}","${quantity(seed * 13 + i)}"]`).join(
    ',',
  );
}

function changeText(market: number, seed: number): string {
  const symbol = symbolOf(market);
  const bids = levels(-1 - ((seed * 7) % SNAPSHOT_LEVELS), -1, LEVELS_A_CHANGE, seed);
  const asks = levels(1 + ((seed * 5) % SNAPSHOT_LEVELS), 1, LEVELS_A_CHANGE, seed);
  return `{"stream":"${symbol.toLowerCase()}@depth@100ms","data":{"e":"depthUpdate","E":${TIME_MARK},"s":"${symbol}","U":${ID_MARK},"u":${ID_MARK},"b":[${bids}],"a":[${asks}]}}`;
}

const snapshotText = (market: number): string =>
  `{"snapshot":{"symbol":"${symbolOf(market)}","lastUpdateId":${FIRST_ID - 1},"bids":[${levels(-1, -1, SNAPSHOT_LEVELS, market)}],"asks":[${levels(1, 1, SNAPSHOT_LEVELS, market)}]}}`;

/** Where digits lie in the block, and what they say in the first one. */
type Digits = { readonly at: number; readonly count: number; readonly first: number; readonly step: number };

/** A block has `rounds` trades and as many book changes of each market, in turn. */
export class EndlessFrames {
  readonly framesPerBlock: number;
  /** What goes before the first block: the books. */
  readonly snapshots: Buffer;
  private readonly bytes: Buffer;
  private readonly digits: Digits[] = [];
  private blocks = 0;

  constructor(markets: number, rounds: number) {
    this.framesPerBlock = markets * rounds * 2;
    const encode = (text: string): Buffer => wireFrame(new TextEncoder().encode(text));
    this.snapshots = Buffer.concat(Array.from({ length: markets }, (_, market) => encode(snapshotText(market))));
    const frames: Buffer[] = [];
    let at = 0;
    for (let round = 0; round < rounds; round++) {
      const id = { count: ID_DIGITS, first: FIRST_ID + round, step: rounds };
      const time = {
        count: TIME_DIGITS,
        first: START_MS + Math.floor((round * MS_A_BLOCK) / rounds),
        step: MS_A_BLOCK,
      };
      for (let market = 0; market < markets; market++) {
        for (const text of [tradeText, changeText]) {
          const frame = encode(text(market, round * markets + market));
          for (const from of marksIn(frame, ID_MARK)) this.digits.push({ at: at + from, ...id });
          for (const from of marksIn(frame, TIME_MARK)) this.digits.push({ at: at + from, ...time });
          frames.push(frame);
          at += frame.length;
        }
      }
    }
    this.bytes = Buffer.concat(frames);
  }

  /** The next block, in a buffer of its own: a socket may hold on to it. */
  next(): Buffer {
    for (const { at, count, first, step } of this.digits) this.write(at, count, first + step * this.blocks);
    this.blocks++;
    return Buffer.from(this.bytes);
  }

  private write(at: number, count: number, value: number): void {
    let rest = value;
    for (let digit = count - 1; digit >= 0; digit--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at + digit] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }
}

function marksIn(frame: Buffer, mark: string): number[] {
  const found: number[] = [];
  for (let at = frame.indexOf(mark); at >= 0; at = frame.indexOf(mark, at + mark.length)) found.push(at);
  return found;
}
