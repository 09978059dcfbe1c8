// Plots of the reference results as SVG files that stand alone, legible on light and dark pages.

import { logScale, percentileScale, type Scale } from '../../engine/report/axis.ts';
import { type Markup, markup } from '../../engine/report/markup.ts';
import { valuesAtOdds } from '../../engine/report/percentile-plot.ts';
import type { MergedRow, Reference } from './reference.ts';

/** Folder of the files, beside the document. */
export const PLOTS_FOLDER = 'benchmarks';
export const plotPath = (key: string): string => `${PLOTS_FOLDER}/${key}.svg`;

type Plot = {
  readonly key: string;
  readonly title: string;
  /** Null where the run has nothing to draw. */
  readonly draw: (reference: Reference) => Markup | null;
};

const WIDTH = 860;
const EDGE = 16;
const FONT = 13;
/** Dashes tell lines apart where colours do not. */
const DASHES = ['none', '8 3', '2 3', '10 3 2 3'];

const STYLE = `
svg{--back:#fff;--text:#1b1f24;--soft:#59636e;--grid:#d8dee4;--a:#0b62c4;--b:#b35900;--c:#1a7f37;--d:#8250df}
@media (prefers-color-scheme:dark){svg{--back:#0d1117;--text:#e6edf3;--soft:#9198a1;--grid:#30363d;--a:#58a6ff;--b:#e3a64f;--c:#56d364;--d:#bc8cff}}
text{font:${FONT}px system-ui,sans-serif;fill:var(--text)}
.soft{fill:var(--soft)}.end{text-anchor:end}.middle{text-anchor:middle}
.back{fill:var(--back)}.grid{stroke:var(--grid);fill:none}
.line{fill:none;stroke-width:2.2}.aim{stroke:var(--text);stroke-width:2.5}
.k0{stroke:var(--a)}.k1{stroke:var(--b)}.k2{stroke:var(--c)}.k3{stroke:var(--d)}
.bar{fill:var(--a)}.missed{fill:var(--b)}
`;

function frame(height: number, title: string, body: readonly Markup[]): Markup {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}"><style>${STYLE}</style><rect class="back" width="${WIDTH}" height="${height}" rx="8"/><text x="${EDGE}" y="26" font-weight="600">${title}</text>${body}</svg>`;
}

const AREA = { left: 84, right: WIDTH - EDGE - 8, top: 44, bottom: 340 } as const;
const LEGEND_LINE = 22;

const acrossOf = (x: Scale) => (value: number) => Math.round(AREA.left + x.at(value) * (AREA.right - AREA.left));
const downOf = (y: Scale) => (value: number) => Math.round(AREA.bottom - y.at(value) * (AREA.bottom - AREA.top));

function gridOf(x: Scale, y: Scale): Markup[] {
  const { left, right, top, bottom } = AREA;
  const rows = y.ticks.map(({ at, label }) => {
    const height = Math.round(bottom - at * (bottom - top));
    return markup`<path class="grid" d="M${left} ${height}H${right}"/><text class="soft end" x="${left - 8}" y="${height + 4}">${label}</text>`;
  });
  const columns = x.ticks.map(({ at, label }) => {
    const from = Math.round(left + at * (right - left));
    return markup`<path class="grid" d="M${from} ${top}V${bottom}"/><text class="soft middle" x="${from}" y="${bottom + 20}">${label}</text>`;
  });
  return [...rows, ...columns];
}

const POINTS_PER_DECADE = 20;

/** End-to-end latency of each load test by percentile, both axes logarithmic. */
function percentiles({ loads }: Reference): Markup | null {
  const curves = loads
    .map(({ test, report }) => ({ name: test.title, histogram: report.histograms['end-to-end'] }))
    .filter(({ histogram }) => histogram.count > 0);
  if (curves.length === 0) return null;
  const x = percentileScale(Math.max(...curves.map(({ histogram }) => histogram.count)));
  const least = Math.min(...curves.map(({ histogram }) => Math.max(1_000, histogram.min)));
  const y = logScale(least, Math.max(...curves.map(({ histogram }) => histogram.max)));
  const [across, down] = [acrossOf(x), downOf(y)];
  const steps = Math.floor(x.decades * POINTS_PER_DECADE) + 1;
  const odds = Array.from({ length: steps }, (_, i) => 10 ** (i / POINTS_PER_DECADE));
  const lines = curves.map(({ histogram }, k) => {
    const points = valuesAtOdds(histogram, odds).map((value, i) => `${across(odds[i])} ${down(value)}`);
    return markup`<path class="line k${k % 4}" stroke-dasharray="${DASHES[k % 4]}" d="M${points.join('L')}"/>`;
  });
  const names = curves.map(({ name }, k) => {
    const at = AREA.bottom + 46 + k * LEGEND_LINE;
    return markup`<path class="line k${k % 4}" stroke-dasharray="${DASHES[k % 4]}" d="M${AREA.left} ${at - 4}h34"/><text x="${AREA.left + 44}" y="${at}">${name}</text>`;
  });
  const height = AREA.bottom + 46 + curves.length * LEGEND_LINE;
  return frame(height, 'End-to-end latency by percentile', [...gridOf(x, y), ...lines, ...names]);
}

const BAR = { left: 470, right: WIDTH - 90, height: 16, step: 26, top: 50 } as const;
const RATIO_UNIT = '×';

/** Ratios as bars on a logarithmic scale from 1 (left of it: slower), with a mark at the aim. */
function bars(title: string, rows: readonly MergedRow[]): Markup | null {
  if (rows.length === 0) return null;
  const values = rows.flatMap(({ median, aim }) => (aim === null ? [median] : [median, aim.value]));
  const low = Math.log10(Math.min(0.5, ...values));
  const high = Math.log10(Math.max(2, ...values) * 1.1);
  const at = (value: number): number =>
    Math.round(BAR.left + ((Math.log10(value) - low) / (high - low)) * (BAR.right - BAR.left));
  const drawn = rows.map(({ name, median, aim, isMet }, index) => {
    const top = BAR.top + index * BAR.step;
    const [from, to] = [Math.min(at(1), at(median)), Math.max(at(1), at(median))];
    const mark = aim === null ? [] : [markup`<path class="aim" d="M${at(aim.value)} ${top - 3}v${BAR.height + 6}"/>`];
    const told = `${median.toFixed(median < 10 ? 2 : 1)} ${RATIO_UNIT}`;
    return markup`<text class="end" x="${BAR.left - 10}" y="${top + 13}">${shortened(name)}</text><rect class="bar${isMet === false ? ' missed' : ''}" x="${from}" y="${top}" width="${Math.max(1, to - from)}" height="${BAR.height}"/>${mark}<text x="${BAR.right + 12}" y="${top + 13}">${told}</text>`;
  });
  const bottom = BAR.top + rows.length * BAR.step;
  const one = markup`<path class="grid" d="M${at(1)} ${BAR.top - 8}V${bottom}"/><text class="soft middle" x="${at(1)}" y="${bottom + 14}">1 ${RATIO_UNIT}</text>`;
  const key = markup`<text class="soft end" x="${BAR.right}" y="${bottom + 34}">bar: median; upright mark: aim; other colour: missed</text>`;
  return frame(bottom + 48, title, [one, ...drawn, key]);
}

const NAME_LENGTH = 66;
const shortened = (name: string): string => (name.length <= NAME_LENGTH ? name : `${name.slice(0, NAME_LENGTH - 1)}…`);

const ratiosOf = ({ rows }: Reference, suite: string): MergedRow[] =>
  rows.filter((row) => row.suite === suite && row.unit === RATIO_UNIT && row.median > 0);

export const PLOTS: readonly Plot[] = [
  { key: 'latency', title: 'End-to-end latency of the load tests by percentile', draw: percentiles },
  {
    key: 'peers',
    title: 'Ratios to other libraries',
    draw: (reference) => bars('The engine beside other libraries, in one run', ratiosOf(reference, 'peers')),
  },
  {
    key: 'path',
    title: 'Ratios of the whole way to its baselines',
    draw: (reference) => bars('The whole way beside its baselines, in one run', ratiosOf(reference, 'path')),
  },
];

/** Files by name, for the folder beside the document. */
export function drawPlots(reference: Reference): { readonly name: string; readonly text: string }[] {
  return PLOTS.flatMap(({ key, draw }) => {
    const drawn = draw(reference);
    return drawn === null ? [] : [{ name: `${key}.svg`, text: `${drawn.text}\n` }];
  });
}
