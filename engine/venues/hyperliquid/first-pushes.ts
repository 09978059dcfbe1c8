// Which push of trades is the first of its market on this connection: after a subscribe it holds recent trades. Hot path.
//
// Source: venues.md §4.2. Nothing in the frame tells it from a later one, so this is known only where the connection's
// answers have been seen: of a recording without them, no push is called a first one.

import { MARKETS_MAX } from '../../../schemas/config.ts';

const NONE = -1;

export class FirstPushes {
  /** By market, the number of the frame that its trades came with first; 0 before. Null until trades were subscribed to. */
  private frames: Uint32Array | null = null;
  private frame = 0;
  /** Market whose first push is the frame at hand. */
  private market = NONE;

  /** A subscription to trades was acknowledged. */
  expect(): void {
    this.frames ??= new Uint32Array(MARKETS_MAX);
  }

  begin(): void {
    this.frame++;
    this.market = NONE;
  }

  /** The frame at hand was refused: its market's first push is still to come. */
  abandon(): void {
    if (this.market !== NONE && this.frames !== null) this.frames[this.market] = 0;
  }

  /** True where the frame at hand is the first with trades of this market. */
  isFirst(market: number): boolean {
    if (this.frames === null) return false;
    if (this.frames[market] === 0) {
      this.frames[market] = this.frame;
      this.market = market;
    }
    return this.frames[market] === this.frame;
  }
}
