// Which signals are told, and when: those someone listens to, after what drives them. Hot path.

import type { EngineMemory } from '../engine/memory/engine-memory.ts';
import { SIGNAL_WORDS } from '../schemas/signals.ts';
import { BAR_CHANGE_WORDS, BarChange, barChangeEntry } from './bars/bar-changes.ts';
import { BAR_WORDS } from './bars/ohlcv.ts';
import { emitSignal } from './emit.ts';
import type { Market } from './market.ts';
import type { OutputWriter } from './output/writer.ts';

/** A bar that is final from now on, by its end or by being made behind it. */
const CLOSES = BarChange.closed | BarChange.created;
const BITS = 32;

export class SignalOutput {
  private readonly output: OutputWriter;
  private readonly interest: Int32Array;

  constructor(memory: EngineMemory, output: OutputWriter) {
    this.output = output;
    this.interest = new Int32Array(memory.signalInterest);
  }

  private isWanted(market: number, signal: number): boolean {
    return (this.interest[market * SIGNAL_WORDS + ((signal / BITS) | 0)] & (1 << (signal % BITS))) !== 0;
  }

  private tell(market: Market, placed: readonly { readonly number: number }[]): void {
    for (let i = 0; i < placed.length; i++) {
      const { number } = placed[i];
      if (this.isWanted(market.id, number)) emitSignal(this.output, market, number);
    }
  }

  book(market: Market): void {
    this.tell(market, market.signals.books);
  }

  trades(market: Market): void {
    this.tell(market, market.signals.trades);
  }

  /** Gives the bars that closed or were revised to the signals on them, and tells those. */
  bars(market: Market, hasListeners: boolean): void {
    const { bars, signals } = market;
    const { words, count } = bars.changes;
    for (let d = 0; d < signals.bars.length; d++) {
      const driven = signals.bars[d];
      const index = bars.indexOf(driven.kind);
      for (let i = 0; i < count; i++) {
        const at = i * BAR_CHANGE_WORDS;
        if (words[at + barChangeEntry.kind] !== index) continue;
        const change = words[at + barChangeEntry.change];
        if ((change & (CLOSES | BarChange.revised)) === 0) continue;
        const rowAt = words[at + barChangeEntry.row] * BAR_WORDS;
        const isTaken = signals.bar(driven, bars.rows(index), rowAt, (change & CLOSES) !== 0);
        if (isTaken && hasListeners) this.tell(market, driven.placed);
      }
    }
  }
}
