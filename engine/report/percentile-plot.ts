// The percentile plot: latency of every stage by percentile, both axes logarithmic, with the lateness of the generator.

import { latencyIndexOf } from '../observe/latency.ts';
import type { CountsJson } from '../observe/latency-counts.ts';
import { logScale, percentileScale, type Scale } from './axis.ts';
import type { LoadReport } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { type Markup, markup, NOTHING } from './markup.ts';
import { bucketTop, SAMPLES_BEYOND_MIN } from './percentiles.ts';
import { across, down, type LegendItem, legend, linePath, plot, type SideLabel, UNITS } from './plot.ts';
import { durationText } from './quantity.ts';

const POINTS_PER_DECADE = 25;

type Curve = {
  /** Class of the line, which gives colour and dashes. */
  readonly kind: string;
  readonly name: string;
  readonly histogram: CountsJson;
};

function curvesOf(report: LoadReport): Curve[] {
  const stages = REPORT_STAGES.map((stage) => ({
    ...{ kind: `s-${stage}`, name: stage, histogram: report.histograms[stage] },
  }));
  const lateness = { kind: 's-lateness', name: 'generator late by', histogram: report.generator.histogram };
  return [lateness, ...stages].filter(({ histogram }) => histogram.count > 0);
}

/** Values at odds that ascend: 10 stands for p90, 100 for p99. Ends where no sample is left beyond. */
export function valuesAtOdds({ buckets, count, max }: CountsJson, odds: readonly number[]): number[] {
  const values: number[] = [];
  let at = -1;
  let passed = 0;
  for (const each of odds) {
    if (each > count) break;
    const rank = Math.max(1, Math.ceil(count * (1 - 1 / each)));
    while (passed < rank && at + 1 < buckets.length) passed += buckets[++at][1];
    values.push(at < 0 ? 0 : Math.min(bucketTop(latencyIndexOf(buckets[at][0])), max));
  }
  return values;
}

function line({ kind, name, histogram }: Curve, x: Scale, y: Scale, odds: readonly number[]): Markup {
  const values = valuesAtOdds(histogram, odds);
  const points = values.map((value, i): [number, number] => [x.at(odds[i]), y.at(value)]);
  const last = points.at(-1);
  if (last !== undefined && histogram.count < (odds.at(-1) ?? 0))
    points.push([x.at(histogram.count), y.at(histogram.max)]);
  return markup`<path class="line ${kind}" d="${linePath(points)}"><title>${name}: max ${durationText(histogram.max)}</title></path>`;
}

/** Where fewer than ten samples are left, so that a point is one stall and no rate. */
function fewSamples(count: number, x: Scale): Markup {
  const from = across(x.at(count / SAMPLES_BEYOND_MIN));
  if (count === 0 || from >= UNITS) return NOTHING;
  return markup`<rect class="few" x="${from}" y="0" width="${UNITS - from}" height="${UNITS}"><title>fewer than ten samples of end-to-end lie beyond</title></rect>`;
}

const PERCENTILE_ODDS: Readonly<Record<string, number>> = { p50: 2, p90: 10, p95: 20, p99: 100, p999: 1e3, p9999: 1e4 };

type Limit = { readonly name: string; readonly ns: number; readonly odds: number; readonly pass: boolean };

/** Upper limits on percentiles of end-to-end, near enough to be drawn. */
function limitsOf({ thresholds, stages }: LoadReport): Limit[] {
  const most = stages['end-to-end'].max ?? 0;
  return thresholds.flatMap(({ name, limit, pass }) => {
    const stat = /^end-to-end\.(p[\d.]+)<=?[\d.]+\w/.exec(name)?.[1].replaceAll('.', '') ?? '';
    const odds = PERCENTILE_ODDS[stat];
    return odds === undefined || limit > most * 100 ? [] : [{ name, ns: limit, odds, pass }];
  });
}

function limitMark({ name, ns, odds, pass }: Limit, x: Scale, y: Scale): Markup {
  const [at, height] = [across(x.at(odds)), down(y.at(ns))];
  const state = pass ? 'holds' : 'is broken';
  return markup`<path class="limit ${pass ? 'good' : 'bad'}" d="M${Math.max(0, at - 35)} ${height}H${Math.min(UNITS, at + 35)}M${at} ${height}v-28"><title>${name} ${state}</title></path>`;
}

/** Curves are named beside the plot where there is room; what else is drawn always needs a word. */
function legendOf(curves: readonly Curve[], limits: readonly Limit[]): Markup {
  const items: LegendItem[] = curves.map(({ kind, name }) => ({ kind, text: name, entry: 'curve' }));
  const isBroken = limits.some(({ pass }) => !pass);
  const mark = markup`<path class="limit ${isBroken ? 'bad' : 'good'}" d="M4 9H24M14 9V2"/>`;
  if (limits.length > 0) items.push({ kind: 'limit', text: 'limit of a threshold', mark });
  const shade = markup`<rect class="few edged" x="4" y="0" width="20" height="10"/>`;
  items.push({ kind: 'few', text: 'no more than ten samples beyond', mark: shade });
  return legend(items);
}

export function percentilePlot(report: LoadReport): Markup {
  const curves = curvesOf(report);
  if (curves.length === 0) return markup`<p class="none">No latency was measured.</p>`;
  const limits = limitsOf(report);
  const most = Math.max(...curves.map(({ histogram }) => histogram.max), ...limits.map(({ ns }) => ns));
  const x = percentileScale(Math.min(1e8, Math.max(...curves.map(({ histogram }) => histogram.count))));
  const y = logScale(Math.min(...curves.map(({ histogram }) => Math.max(100, histogram.min))), most);
  const odds = Array.from(
    { length: Math.floor(x.decades * POINTS_PER_DECADE) + 1 },
    (_, i) => 10 ** (i / POINTS_PER_DECADE),
  );
  const labels: SideLabel[] = curves.map(({ name, kind, histogram }) => ({
    ...{ at: y.at(histogram.max), text: name, kind: `t-${kind.slice(2)}` },
  }));
  const body = [
    fewSamples(report.stages['end-to-end'].count, x),
    ...curves.map((curve) => line(curve, x, y, odds)),
    ...limits.map((limit) => limitMark(limit, x, y)),
  ];
  const end = report.stages['end-to-end'];
  const told = `Latency by percentile. End to end: p50 ${durationText(end.p50)}, p99 ${durationText(end.p99)}, max ${durationText(end.max)}. The table below has every stage.`;
  return markup`${plot({ told, x, y, body, kind: 'tall', labels })}${legendOf(curves, limits)}`;
}
