// The frame of every plot on the page: geometry in an SVG that stretches, labels beside it that do not.

import type { Scale } from './axis.ts';
import { type Content, type Markup, markup, NOTHING } from './markup.ts';

/** Units across and up; the SVG is stretched to its box, so text never lies in it. */
export const UNITS = 1000;

export const across = (share: number): number => Math.round(share * UNITS);
export const down = (share: number): number => Math.round((1 - share) * UNITS);

/** A label beside the area, at a height from 0 (bottom) to 1. */
export type SideLabel = { readonly at: number; readonly text: string; readonly kind: string };

export type Plot = {
  /** What a reader who cannot see it is told. */
  readonly told: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly body: Content;
  readonly kind?: string;
  readonly labels?: readonly SideLabel[];
};

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

function grid(x: Scale, y: Scale): Markup {
  const lines = [
    ...y.ticks.map(({ at }) => `M0 ${down(at)}H${UNITS}`),
    ...x.ticks.filter(({ at }) => at > 0 && at < 1).map(({ at }) => `M${across(at)} 0V${UNITS}`),
  ];
  return markup`<path class="grid" d="${lines.join('')}"/>`;
}

/** Least distance of two labels, as a share of the height. */
const LABEL_GAP = 0.062;

/** Moves labels apart, from the top down, so that each can be read; then up again where they left the box. */
function spread(labels: readonly SideLabel[]): SideLabel[] {
  const sorted = labels.toSorted((a, b) => b.at - a.at);
  const heights: number[] = [];
  for (const { at } of sorted) heights.push(Math.min(at, (heights.at(-1) ?? Number.POSITIVE_INFINITY) - LABEL_GAP));
  for (let i = heights.length - 1; i >= 0; i--) {
    heights[i] = Math.max(heights[i], i === heights.length - 1 ? 0 : heights[i + 1] + LABEL_GAP);
  }
  return sorted.map((label, i) => ({ ...label, at: heights[i] }));
}

const minor = (isMinor: boolean): string => (isMinor ? 'minor' : 'major');

function tickLabels(x: Scale, y: Scale): Markup {
  const ys = y.ticks.map(({ at, label, isMinor }) => {
    const style = `top:${percent(1 - at)}`;
    return markup`<span class="${minor(isMinor)}" style="${style}">${label}</span>`;
  });
  const xs = x.ticks.map(({ at, label, isMinor }) => {
    const style = `left:${percent(at)}`;
    return markup`<span class="${minor(isMinor)}" style="${style}">${label}</span>`;
  });
  return markup`<div class="ys" aria-hidden="true">${ys}</div><div class="xs" aria-hidden="true">${xs}</div>`;
}

function sideLabels(labels: readonly SideLabel[]): Markup {
  if (labels.length === 0) return NOTHING;
  const spans = spread(labels).map(
    ({ at, text, kind }) => markup`<span class="${kind}" style="top:${percent(1 - at)}">${text}</span>`,
  );
  return markup`<div class="sides" aria-hidden="true">${spans}</div>`;
}

export function plot({ told, x, y, body, kind = '', labels = [] }: Plot): Markup {
  const classes = `plot ${kind}${labels.length > 0 ? ' sided' : ''}`;
  return markup`<div class="${classes}"><svg viewBox="0 0 ${UNITS} ${UNITS}" preserveAspectRatio="none" role="img" aria-label="${told}">${grid(x, y)}${body}</svg>${tickLabels(x, y)}${sideLabels(labels)}</div>`;
}

/** Points of a line; null breaks it. */
export function linePath(points: readonly (readonly [x: number, y: number] | null)[]): string {
  let path = '';
  let isBroken = true;
  for (const point of points) {
    if (point !== null) path += `${isBroken ? 'M' : 'L'}${across(point[0])} ${down(point[1])}`;
    isBroken = point === null;
  }
  return path;
}

/** A sample of a line and its name, or of what else is drawn where the kind has a mark of its own. */
export type LegendItem = {
  readonly kind: string;
  readonly text: string;
  readonly mark?: Markup;
  readonly entry?: string;
};

export function legend(items: readonly LegendItem[]): Markup {
  const entries = items.map(
    ({ kind, text, mark = markup`<path class="line ${kind}" d="M0 5H28"/>`, entry = 'always' }) => {
      const sample = markup`<svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">${mark}</svg>`;
      return markup`<li class="${entry}">${sample}${text}</li>`;
    },
  );
  return markup`<ul class="legend">${entries}</ul>`;
}

/** Lines by kind and name. */
export function lineLegend(items: readonly (readonly [kind: string, text: string])[]): Markup {
  return legend(items.map(([kind, text]) => ({ kind, text })));
}
