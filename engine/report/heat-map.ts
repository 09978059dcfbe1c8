// The heat map: for each stage, how the samples of each span of time spread over latency; a second mode shows as a second band.

import { logScale, type Scale, timeScale } from './axis.ts';
import { heatValueAt, type LoadReport } from './load-report.ts';
import { REPORT_STAGES, type ReportStage } from './load-run.ts';
import { type Markup, markup } from './markup.ts';
import { across, down, plot } from './plot.ts';
import { countText, durationText, shareText } from './quantity.ts';
import { groupsOf, type SpanGroup, timesOf } from './time-plots.ts';

/** Columns at most: the page must stay small, and what users feel is shown finest. */
const COLUMNS_MAX = 60;
const COLUMNS_MAX_INNER = 30;

/** Least share of a column's samples that a shade stands for; the lightest is for anything at all. */
const SHADES = [0, 0.001, 0.01, 0.05, 0.15, 0.3] as const;
const SHADE_NAMES = ['< 0.1 %', '0.1 %', '1 %', '5 %', '15 %', '30 %'] as const;

type Column = { readonly group: SpanGroup; readonly total: number; readonly held: ReadonlyMap<number, number> };

function columnOf(group: SpanGroup, stage: ReportStage): Column {
  const held = new Map<number, number>();
  let total = 0;
  for (const span of group.spans) {
    for (const [index, count] of span.stages[stage]?.heat ?? []) {
      held.set(index, (held.get(index) ?? 0) + count);
      total += count;
    }
  }
  return { group, total, held };
}

function shadeOf(share: number): number {
  return SHADES.findLastIndex((least) => share >= least);
}

function cell({ group, total }: Column, index: number, count: number, x: Scale, y: Scale): readonly [number, Markup] {
  const left = across(x.at(group.atS));
  const width = Math.max(1, across(x.at(group.atS + group.lengthS)) - left);
  const [top, bottom] = [down(y.at(heatValueAt(index + 1))), down(y.at(heatValueAt(index)))];
  const range = `${durationText(heatValueAt(index))}–${durationText(heatValueAt(index + 1))}`;
  const told = `${timesOf(group)}, ${range}: ${countText(count)} (${shareText(count, total)})`;
  return [
    shadeOf(count / total),
    markup`<path d="M${left} ${top}h${width}v${Math.max(1, bottom - top)}h-${width}z"><title>${told}</title></path>`,
  ];
}

/** Cells by shade, lightest first, so that each shade is named once. */
function cells(columns: readonly Column[], x: Scale, y: Scale): Markup[] {
  const byShade: Markup[][] = SHADES.map(() => []);
  for (const column of columns) {
    for (const [index, count] of column.held) {
      const [shade, drawn] = cell(column, index, count, x, y);
      byShade[shade].push(drawn);
    }
  }
  return byShade.map((drawn, shade) => markup`<g class="h${shade}">${drawn}</g>`);
}

function panel(report: LoadReport, stage: ReportStage): Markup {
  const most = stage === 'end-to-end' ? COLUMNS_MAX : COLUMNS_MAX_INNER;
  const columns = groupsOf(report.overTime, most).map((group) => columnOf(group, stage));
  const indexes = columns.flatMap(({ held }) => [...held.keys()]);
  if (indexes.length === 0)
    return markup`<div class="panel p-${stage}"><p class="none">${stage} was not measured.</p></div>`;
  const last = columns.at(-1)?.group;
  const x = timeScale(last === undefined ? 0 : last.atS + last.lengthS);
  const y = logScale(heatValueAt(Math.min(...indexes)), heatValueAt(Math.max(...indexes) + 1));
  const told = `Heat map of ${stage}: each column is a span of time, each row a range of latency, darker where more of the samples lie.`;
  return markup`<div class="panel p-${stage}"><h3>${stage}</h3>${plot({ told, x, y, body: cells(columns, x, y), kind: 'heat' })}</div>`;
}

function shades(): Markup {
  const items = SHADE_NAMES.map(
    (name, shade) =>
      markup`<li><svg viewBox="0 0 18 12" width="18" height="12" aria-hidden="true"><g class="h${shade}"><path d="M0 0h18v12h-18z"/></g></svg>${name}${shade === SHADE_NAMES.length - 1 ? ' or more' : ''}</li>`,
  );
  return markup`<ul class="legend"><li>share of a column:</li>${items}</ul>`;
}

/** One panel at a time, chosen without a script: the choice is a row of radio buttons before the panels. */
export function heatMap(report: LoadReport): Markup {
  if (report.overTime.length === 0) return markup`<p class="none">The run was not divided into spans.</p>`;
  const choices = REPORT_STAGES.toReversed().map((stage) => {
    const checked = stage === 'end-to-end' ? markup` checked` : '';
    return markup`<input type="radio" name="heat" id="heat-${stage}" class="c-${stage}"${checked}><label for="heat-${stage}">${stage}</label>`;
  });
  const panels = REPORT_STAGES.toReversed().map((stage) => panel(report, stage));
  return markup`<div class="choice" role="radiogroup" aria-label="Stage of the heat map">${choices}${panels}</div>${shades()}`;
}
