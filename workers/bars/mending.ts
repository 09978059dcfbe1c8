// Bars of one kind that turn out to lack trades after they closed, and those whose lost trades have come. Hot path.

import { BarChange, type BarChanges } from './bar-changes.ts';
import type { BarHistory } from './bar-history.ts';
import { BAR_WORDS, barRow, followClose, markBackfilled, markGap } from './ohlcv.ts';

const row = barRow.at;

/** What is needed of a kind; its open bar, if any, is the newest row. */
type TimedBars = {
  readonly index: number;
  readonly intervalUs: number;
  readonly history: BarHistory;
  readonly openRow: number;
};

/** Marks every closed bar that ends after `sinceUs`. Returns BarChange bits. */
export function markGapSince(bars: TimedBars, changes: BarChanges, sinceUs: number): number {
  const { history } = bars;
  let change: number = BarChange.none;
  for (let index = firstEndingAfter(bars, sinceUs); index < history.count; index++) {
    const held = history.rowAt(index);
    if (held === bars.openRow) continue;
    markGap(history.rows, held * BAR_WORDS);
    change |= noteOther(bars, changes, held);
  }
  return change;
}

/**
 * The lost trades of [fromUs, toUs] are in: bars that lacked some are `backfilled`, but for `exceptRow` and those that end
 * after `untilUs`, and empty bars stand at the close of the bar before them, which may be another now. Returns BarChange bits.
 */
export function mendBars(
  bars: TimedBars,
  changes: BarChanges,
  fromUs: number,
  toUs: number,
  untilUs: number,
  exceptRow: number,
): number {
  const { history } = bars;
  const { rows } = history;
  let change: number = BarChange.none;
  for (let index = firstEndingAfter(bars, fromUs); index < history.count; index++) {
    const held = history.rowAt(index);
    const at = held * BAR_WORDS;
    const startUs = rows[at + row.startTimeUs];
    const isInside = startUs <= toUs && startUs + bars.intervalUs <= untilUs && held !== exceptRow;
    const isMended = isInside && markBackfilled(rows, at);
    const hasMoved = index > 0 && followClose(rows, at, history.rowAt(index - 1) * BAR_WORDS);
    if (isMended || hasMoved) change |= noteOther(bars, changes, held);
  }
  return change;
}

/** Tells of a bar that is another now; one that had closed gets its next revision. */
function noteOther(bars: TimedBars, changes: BarChanges, held: number): number {
  const isOpen = held === bars.openRow;
  if (!isOpen) bars.history.rows[held * BAR_WORDS + row.revision]++;
  const bit = isOpen ? BarChange.updated : BarChange.revised;
  changes.note(bars.index, held, bit);
  return bit;
}

/** Index of the oldest bar that ends after a time. */
function firstEndingAfter({ history, intervalUs }: TimedBars, timeUs: number): number {
  let index = history.count;
  while (index > 0 && history.rows[history.rowAt(index - 1) * BAR_WORDS + row.startTimeUs] + intervalUs > timeUs)
    index--;
  return index;
}
