// The bars the chart shows: history and live messages in one order, bounded, each with a time of its own.

import type { TradeBar } from '../../schemas/feed.ts';

export type BarNews = Omit<TradeBar, 'channel' | 'seq' | 'prevSeq'>;
export type ShownBar = {
  readonly bar: BarNews /** Seconds since 1970, unlike that of any other. */;
  readonly time: number;
};

export const BARS_MAX = 1_000;
/** So many stay when there are more: forgetting is rare, and each time costs the chart all its data. */
export const BARS_KEPT = 800;
/** Bars of trades or volume may begin in the same instant; the chart wants times that grow. */
const APART_S = 0.001;

const isTold = (bar: BarNews): boolean => bar.open !== null;
const isSame = (a: BarNews, b: BarNews): boolean => a.startTimestamp === b.startTimestamp;

/** What to tell the chart: nothing, the last bar (new or changed), or everything. */
export type Effect = 'none' | 'last' | 'all';

export class BarSeries {
  private bars: ShownBar[] = [];

  get all(): readonly ShownBar[] {
    return this.bars;
  }

  get last(): ShownBar | undefined {
    return this.bars.at(-1);
  }

  /** History, oldest first. Live bars that are newer than all of it stay. */
  load(history: readonly BarNews[]): void {
    const newest = history.at(-1);
    const kept =
      newest === undefined ? this.bars : this.bars.filter(({ bar }) => bar.startTimestamp > newest.startTimestamp);
    this.bars = [];
    for (const bar of history) if (isTold(bar)) this.append(bar);
    for (const { bar } of kept) this.append(bar);
    this.forget();
  }

  take(bar: BarNews): Effect {
    if (!isTold(bar)) return 'none';
    const { last } = this;
    if (last === undefined || bar.startTimestamp > last.bar.startTimestamp) return this.appended(bar);
    if (isSame(last.bar, bar) && this.isNews(last.bar, bar)) return this.replace(this.bars.length - 1, bar, 'last');
    // Two bars of a split trade may begin at the same time.
    if (isSame(last.bar, bar) && bar.kind !== 'time' && last.bar.isFinal && bar.revision === 0)
      return this.appended(bar);
    const index = this.bars.findLastIndex((shown) => isSame(shown.bar, bar));
    if (index < 0 || !this.isNews(this.bars[index].bar, bar)) return 'none';
    return this.replace(index, bar, 'all');
  }

  /** A final bar is changed by a later revision alone. */
  private isNews(known: BarNews, bar: BarNews): boolean {
    return bar.revision > known.revision || (bar.revision === known.revision && !known.isFinal);
  }

  private replace(index: number, bar: BarNews, effect: Effect): Effect {
    this.bars[index] = { bar, time: this.bars[index].time };
    return effect;
  }

  private appended(bar: BarNews): Effect {
    this.append(bar);
    return this.forget() ? 'all' : 'last';
  }

  private append(bar: BarNews): void {
    const startS = Date.parse(bar.startTimestamp) / 1_000;
    const time = Math.max(startS, (this.last?.time ?? Number.NEGATIVE_INFINITY) + APART_S);
    this.bars.push({ bar, time });
  }

  private forget(): boolean {
    if (this.bars.length <= BARS_MAX) return false;
    this.bars = this.bars.slice(-BARS_KEPT);
    return true;
  }

  /** The bar in which a time (ms since 1970) lies: the last that begins no later; undefined before the first. */
  at(timeMs: number): ShownBar | undefined {
    return this.bars.findLast(({ time }) => time * 1_000 <= timeMs);
  }
}
