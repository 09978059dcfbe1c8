// What went into the engine, by market and by outcome, counted outside of it.

import { FrameResult } from '../../schemas/ids.ts';
import type { SentFrame } from './venue-feed.ts';

/** Of one market: what was decoded and not refused. */
export type MarketAccount = { frames: number; changes: number; trades: number };

export class Accounts {
  frames = 0;
  readonly results = new Map<number, number>();
  readonly markets = new Map<string, MarketAccount>();
  private readonly fail: (what: string) => never;

  constructor(fail: (what: string) => never) {
    this.fail = fail;
  }

  of(market: string): MarketAccount {
    const held = this.markets.get(market) ?? { frames: 0, changes: 0, trades: 0 };
    this.markets.set(market, held);
    return held;
  }

  /** The engine has looked at a frame, and says what became of it. */
  taken({ market, kind, text, isRepeat = false }: SentFrame, result: number, isNamed: boolean): void {
    this.frames++;
    this.results.set(result, (this.results.get(result) ?? 0) + 1);
    if (result === FrameResult.internal) this.fail(`a fault of the engine over ${text}`);
    if (market === null) {
      if (result === FrameResult.applied) this.fail(`expected to be refused, was applied: ${text}`);
      return;
    }
    if (result === FrameResult.dropped) return;
    const account = this.of(market.name);
    if (isRepeat) {
      if (result !== FrameResult.ignored) this.fail(`expected a repeat to be left out, was ${result}: ${text}`);
      return;
    } else if (isNamed && result === FrameResult.ignored) return;
    else if (result !== FrameResult.applied) this.fail(`expected to be applied, was ${result}: ${text}`);
    else if (kind === 'trade') account.trades++;
    else account.changes++;
    if (result === FrameResult.applied) account.frames++;
  }
}
