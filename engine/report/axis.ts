// Axes of the page's plots: where a value lies between 0 and 1, and which values are named.

import { clockText, durationText } from './quantity.ts';

export type Tick = {
  readonly at: number;
  readonly label: string /** Left out where there is little room. */;
  readonly isMinor: boolean;
};

export type Scale = {
  /** 0 at the least value, 1 at the greatest; values outside are put at the edge. */
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
};

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

/** `50 MB` rather than `50.0 MB`. */
const withoutZeros = (text: string): string => text.replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, '');

/** Beyond this many decades only powers of ten are named. */
const DECADES_WITH_STEPS = 2.6;

/** Of durations in ns. */
export function logScale(least: number, most: number): Scale {
  const low = Math.log10(Math.max(1, least) * 0.8);
  const high = Math.max(low + 0.5, Math.log10(Math.max(1, most) * 1.25));
  const at = (value: number): number => clamped((Math.log10(Math.max(1, value)) - low) / (high - low));
  const steps = high - low <= DECADES_WITH_STEPS ? [1, 2, 5] : [1];
  const ticks: Tick[] = [];
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const step of steps) {
      const value = step * 10 ** decade;
      if (Math.log10(value) >= low && Math.log10(value) <= high)
        ticks.push({ at: at(value), label: withoutZeros(durationText(value)), isMinor: step !== 1 });
    }
  }
  return { at, ticks };
}

/** From 0, with a handful of round steps. */
export function linearScale(most: number, label: (value: number) => string): Scale {
  const top = most > 0 ? most * 1.08 : 1;
  const rough = top / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * size >= rough) ?? 10) * size;
  const at = (value: number): number => clamped(value / top);
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => ({
    ...{ at: at(i * step), label: withoutZeros(label(i * step)), isMinor: i % 2 === 1 },
  }));
  return { at, ticks };
}

const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 86_400];

/** Seconds since the measured time began. */
export function timeScale(lengthS: number): Scale {
  const most = Math.max(lengthS, 1e-9);
  const step = TIME_STEPS_S.find((each) => most / each <= 8) ?? most / 8;
  const at = (seconds: number): number => clamped(seconds / most);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => ({
    ...{ at: at(i * step), label: clockText(i * step), isMinor: i % 2 === 1 },
  }));
  return { at, ticks };
}

/** Percentiles as HdrHistogram plots them: by the logarithm of 1 ÷ (1 − percentile), up to one sample in `most`. */
export function percentileScale(most: number): Scale & { readonly decades: number } {
  const decades = Math.max(1, Math.log10(Math.max(10, most)));
  const at = (odds: number): number => clamped(Math.log10(Math.max(1, odds)) / decades);
  const ticks: Tick[] = [{ at: 0, label: '0 %', isMinor: false }];
  for (let nines = 1; nines <= decades; nines++) {
    const label = nines === 1 ? '90 %' : `99${nines > 2 ? `.${'9'.repeat(nines - 2)}` : ''} %`;
    ticks.push({ at: at(10 ** nines), label, isMinor: decades > 4 && nines % 2 === 0 });
  }
  if (at(2) > 0.03) ticks.splice(1, 0, { at: at(2), label: '50 %', isMinor: true });
  return { at, ticks, decades };
}
