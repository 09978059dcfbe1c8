// What went into the engine, by market and by outcome, counted outside of it.

import { FrameResult } from '../../schemas/ids.ts';
import type { SentFrame } from './venue-feed.ts';

/** Of one market: what was decoded and not refused. */
export type MarketAccount = { frames: number; changes: number; trades: number };

/** A frame that was looked at, and the last entry of the journal then: its own where it is written down; 0 without one. */
type Taken = {
  readonly frame: SentFrame;
  readonly result: number;
  readonly isNamed: boolean;
  readonly entry: number;
};

/** What is left of a journal: the entry its newest checkpoint stands behind, and whether one is there, or in that checkpoint. */
export type Kept = { readonly checkpoint: number; readonly has: (entry: number) => boolean };

export class Accounts {
  frames = 0;
  readonly results = new Map<number, number>();
  readonly markets = new Map<string, MarketAccount>();
  private all: Taken[] = [];
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
  taken(frame: SentFrame, result: number, isNamed: boolean, entry: number): void {
    if (result === FrameResult.internal) this.fail(`a fault of the engine over ${frame.text}`);
    const taken = { frame, result, isNamed, entry };
    this.all.push(taken);
    this.countFrame(taken);
    this.countMarket(taken);
  }

  private countFrame({ result }: Taken): void {
    this.frames++;
    this.results.set(result, (this.results.get(result) ?? 0) + 1);
  }

  private countMarket({ frame, result, isNamed }: Taken, isNew = true): void {
    const { market, kind, text, isRepeat = false } = frame;
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
    if (result === FrameResult.applied && isNew) account.frames++;
  }

  /** The process ended: what the one that follows has is what is kept, and it counts what it decodes itself. */
  restart({ checkpoint, has }: Kept): void {
    this.all = this.all.filter((taken) => isWritten(taken) && has(taken.entry));
    this.frames = 0;
    this.results.clear();
    this.markets.clear();
    for (const taken of this.all) {
      const isNew = taken.entry > checkpoint;
      if (isNew) this.countFrame(taken);
      this.countMarket(taken, isNew);
    }
  }

  /** Trades of a market that were taken, each once, in the order in which they came. */
  tradesOf(market: string): readonly SentFrame[] {
    const seen = new Set<string>();
    return this.all.flatMap(({ frame, result }) => {
      const isIt = frame.market?.name === market && frame.kind === 'trade' && result === FrameResult.applied;
      if (!isIt || seen.has(frame.text)) return [];
      seen.add(frame.text);
      return [frame];
    });
  }

  /** By number, the entry of each message of the named producer. There is one in a run. */
  get namedEntries(): Map<number, number> {
    const named = this.all.filter((taken) => taken.isNamed && isWritten(taken));
    return new Map(named.map(({ frame, entry }) => [frame.number ?? 0, entry]));
  }
}

/** What is left out is not written down, or not decoded again. */
function isWritten({ frame, result, isNamed }: Taken): boolean {
  if (!isNamed) return true;
  return result !== FrameResult.dropped && result !== FrameResult.ignored && frame.isRepeat !== true;
}
