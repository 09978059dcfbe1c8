// Thresholds of a load test, such as `end-to-end.p99<50ms`: their grammar, and how a report is judged by one.

import { UsageError } from '../base/errors.ts';
import type { Figures } from './load-report.ts';
import { type Metric, type MetricUnit, metricOf } from './metrics.ts';

export const OPERATORS = ['<=', '>=', '==', '<', '>'] as const;
export type Operator = (typeof OPERATORS)[number];

export type Threshold = {
  /** As it was written, without spaces. */
  readonly name: string;
  readonly metric: Metric;
  readonly operator: Operator;
  /** In the metric's unit, or in hundredths of what it is a share of. */
  readonly limit: number;
  readonly isShare: boolean;
};

/** `value` and `limit` are in `unit`: ns, bytes, updates a second (`/s`), a plain number (``) or percent (`%`). */
export type ThresholdResult = {
  readonly name: string;
  readonly limit: number;
  /** Null where the run has no such figure, or too few samples for it; such a threshold fails. */
  readonly value: number | null;
  readonly pass: boolean;
  readonly operator: Operator;
  readonly unit: MetricUnit | '%';
  /** Why it failed where the value does not say it, or empty. */
  readonly reason: string;
};

/** What each unit of a limit stands for, by what is measured. `B`, `kB`, `MB`, `GB` are powers of ten, `KiB`, `MiB`, `GiB` of two. */
const SCALES: Readonly<Record<MetricUnit, Readonly<Record<string, number>>>> = {
  ns: { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 },
  bytes: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  '/s': { '/s': 1, '': 1 },
  '': { '': 1 },
};

const FORM = /^([a-zA-Z][a-zA-Z0-9.-]*)(<=|>=|==|<|>)(-?\d+(?:\.\d+)?)([a-zA-Zµμ%/]*)$/;

function refuse(text: string, expected: string): never {
  throw new UsageError(`--threshold: expected ${expected}, was ${JSON.stringify(text)}`);
}

function limitOf(text: string, metric: Metric, number: string, unit: string): { limit: number; isShare: boolean } {
  const value = Number(number);
  if (unit === '%') {
    if (metric.whole === null) refuse(text, `${metric.name} without %, since it is no share of anything`);
    return { limit: value, isShare: true };
  }
  const scales = SCALES[metric.unit];
  if (unit === '' && value === 0) return { limit: 0, isShare: false };
  const scale = scales[unit];
  if (scale === undefined) {
    const units = Object.keys(scales).filter((name) => name !== '');
    refuse(text, units.length === 0 ? `a plain number for ${metric.name}` : `${metric.name} in ${units.join(', ')}`);
  }
  return { limit: value * scale, isShare: false };
}

/** Throws a UsageError that says what there is where the metric, the operator or the unit is unknown. */
export function parseThreshold(text: string): Threshold {
  const name = text.replaceAll(/\s+/g, '').replaceAll('μ', 'µ');
  const match = FORM.exec(name);
  if (match === null) refuse(text, `a limit such as end-to-end.p99<50ms, with one of ${OPERATORS.join(' ')}`);
  const [, path, operator, number, unit] = match;
  const metric = metricOf(path);
  if (typeof metric === 'string') refuse(text, metric);
  return { name, metric, operator: operator as Operator, ...limitOf(text, metric, number, unit) };
}

/** What holds where nothing is asked for: the floor every run must clear. */
export const DEFAULT_THRESHOLDS: readonly Threshold[] = [
  'end-to-end.p99<50ms',
  'counts.lost==0',
  'process.rssGrowth<100MB',
].map(parseThreshold);

function holds(value: number, operator: Operator, limit: number): boolean {
  if (operator === '<') return value < limit;
  if (operator === '<=') return value <= limit;
  if (operator === '>') return value > limit;
  return operator === '>=' ? value >= limit : value === limit;
}

function measured({ metric, isShare }: Threshold, figures: Figures): number | null {
  const value = metric.read(figures);
  if (!isShare || value === null || metric.whole === null) return value;
  const whole = metric.whole(figures);
  return whole > 0 ? (value / whole) * 100 : null;
}

export function judge(threshold: Threshold, figures: Figures): ThresholdResult {
  const { name, metric, operator, limit, isShare } = threshold;
  const value = measured(threshold, figures);
  const pass = value !== null && holds(value, operator, limit);
  const reason = value === null ? metric.whyAbsent(figures) : '';
  return { name, limit, value, pass, operator, unit: isShare ? '%' : metric.unit, reason };
}
