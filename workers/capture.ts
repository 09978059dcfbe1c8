// Writes a shard's markets down as they were at a checkpoint record, while their records go on. Hot path.

import { StateImageError } from '../engine/base/errors.ts';
import { CHECKPOINT_PART_BYTES, CHECKPOINT_TURN_US } from '../schemas/config.ts';
import type { MarketImage } from '../schemas/shard-task.ts';
import { shardWords } from '../schemas/shared-state.ts';
import type { Market } from './market.ts';
import { type MarketImages, NO_IMAGE } from './market-image.ts';
import type { Tell } from './shard-message.ts';

/**
 * Copy on write: a market is written down when it is about to change for the first time since the checkpoint record, the
 * others a few in each turn. A checkpoint that begins while another runs takes its place: main has given that one up.
 */
export class ShardCapture {
  /** A checkpoint is being written: before a market changes, before() is to be called. */
  isRunning = false;
  private readonly shard: number;
  private readonly images: MarketImages;
  private readonly tell: Tell;
  /** By market, its place in `markets` and one more; 0 where it is written down or new. */
  private readonly due: Int32Array;
  private markets: readonly Market[] = [];
  /** Written down and not given away yet. */
  private taken: MarketImage[] = [];
  private takenBytes = 0;
  private next = 0;
  private number = 0;
  private sequence = 0;
  private clockUs: readonly [number, number] = [0, 0];
  private readonly words: Int32Array;

  /** `words` are the shard's. */
  constructor(shard: number, words: Int32Array, marketsMax: number, images: MarketImages, tell: Tell) {
    this.words = words;
    this.shard = shard;
    this.images = images;
    this.tell = tell;
    this.due = new Int32Array(marketsMax);
  }

  /** All trades that waited have been applied. */
  begin(number: number, sequence: number, clockUs: readonly [number, number], markets: readonly Market[]): void {
    this.due.fill(0);
    this.markets = markets.slice();
    this.taken = [];
    this.takenBytes = 0;
    for (let place = 0; place < markets.length; place++) this.due[markets[place].id] = place + 1;
    this.next = 0;
    this.number = number;
    this.sequence = sequence;
    this.clockUs = clockUs;
    this.isRunning = true;
  }

  /** The market with this id is about to change. */
  before(id: number): void {
    if (this.due[id] !== 0) this.write(this.due[id] - 1);
  }

  /** Writes some more down; returns how many, its end counted too. Not inside a change. */
  turn(): number {
    const untilMs = performance.now() + CHECKPOINT_TURN_US / 1000;
    let written = 0;
    do {
      while (this.next < this.markets.length && this.due[this.markets[this.next].id] === 0) this.next++;
      if (this.next === this.markets.length) {
        this.finish();
        return written + 1;
      }
      this.write(this.next);
      written++;
    } while (performance.now() < untilMs);
    return written;
  }

  private write(place: number): void {
    const market = this.markets[place];
    // One clock record may be about to change thousands: a shard that writes them down is not stuck.
    Atomics.add(this.words, shardWords.at.heartbeat, 1);
    this.due[market.id] = 0;
    const image = this.imageOf(market);
    this.taken.push({ id: market.id, name: market.name.name, image });
    this.takenBytes += image.length;
    if (this.takenBytes >= CHECKPOINT_PART_BYTES) this.give(null);
  }

  private imageOf(market: Market): Uint8Array {
    try {
      return this.images.capture(market);
    } catch (error) {
      if (!(error instanceof StateImageError)) throw error;
      this.tell({ op: 'state-fault', market: market.name.name, message: error.message });
      return NO_IMAGE;
    }
  }

  private finish(): void {
    const order = this.markets.map(({ id }) => id);
    this.isRunning = false;
    this.markets = [];
    this.give(order);
  }

  /** In one memory: thousands of small ones would take main tens of ms to hand on. */
  private give(order: readonly number[] | null): void {
    const { number, sequence, shard, clockUs } = this;
    const bytes = new Uint8Array(this.takenBytes);
    let at = 0;
    const markets = this.taken.map(({ id, name, image }) => {
      bytes.set(image, at);
      at += image.length;
      return { id, name, image: bytes.subarray(at - image.length, at) };
    });
    this.taken = [];
    this.takenBytes = 0;
    const image = { shard, clockUs, markets };
    this.tell({ op: 'checkpoint-part', number, sequence, image, order }, [bytes.buffer]);
  }
}
