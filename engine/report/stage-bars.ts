// Where the time goes: the mean along the way in one bar, and the spread of each stage on a common axis.

import { logScale, type Scale } from './axis.ts';
import type { LoadReport } from './load-report.ts';
import { REPORT_STAGES, type ReportStage } from './load-run.ts';
import { type Markup, markup, NOTHING } from './markup.ts';
import type { StageSummary } from './percentiles.ts';
import { across, UNITS } from './plot.ts';
import { durationText, percentText } from './quantity.ts';

/** Stages that follow one another from receive to the socket. Their means add up; their percentiles do not. */
const STEPS: readonly ReportStage[] = ['decode', 'ring-wait', 'apply', 'output-wait', 'publish'];

type Part = { readonly name: string; readonly kind: string; readonly ns: number };

/** What lies outside the engine comes last: generator, sockets and subscriber. */
function partsOf({ stages }: LoadReport): Part[] {
  const steps = STEPS.map((stage) => ({ name: stage, kind: `f-${stage}`, ns: stages[stage].mean ?? 0 }));
  const inside = steps.reduce((sum, { ns }) => sum + ns, 0);
  const outside = Math.max(0, (stages['end-to-end'].mean ?? 0) - inside);
  return [...steps, { name: 'outside the engine', kind: 'f-outside', ns: outside }];
}

function meanBar(report: LoadReport): Markup {
  const parts = partsOf(report);
  const total = parts.reduce((sum, { ns }) => sum + ns, 0);
  if (total === 0) return NOTHING;
  let left = 0;
  const drawn = parts.map(({ name, kind, ns }) => {
    const width = (ns / total) * UNITS;
    const rect = markup`<rect class="${kind}" x="${left.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${UNITS}"><title>${name}: ${durationText(ns)} (${percentText((ns / total) * 100)})</title></rect>`;
    left += width;
    return rect;
  });
  const items = parts.map(
    ({ name, kind, ns }) =>
      markup`<li><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><rect class="${kind}" width="12" height="12"/></svg>${name} <b>${durationText(ns)}</b> <span class="soft">${percentText((ns / total) * 100)}</span></li>`,
  );
  const told = `Mean time by stage: ${parts.map(({ name, ns }) => `${name} ${durationText(ns)}`).join(', ')}.`;
  return markup`<h3>Mean, stage after stage</h3><svg class="stack" viewBox="0 0 ${UNITS} ${UNITS}" preserveAspectRatio="none" role="img" aria-label="${told}">${drawn}</svg><ul class="legend parts">${items}</ul>`;
}

function rangeRow(stage: ReportStage, summary: StageSummary, x: Scale): Markup {
  const { p50, p99, p999, max } = summary;
  if (max === null)
    return markup`<div class="row"><span class="name">${stage}</span><span class="none">not measured</span></div>`;
  const at = (ns: number | null): number => across(x.at(ns ?? max));
  const [from, to, end] = [at(p50), at(p99), at(max)];
  const tick = p999 === null ? '' : `M${at(p999)} 250V750`;
  const told = `${stage}: p50 ${durationText(p50)}, p99 ${durationText(p99)}, p99.9 ${durationText(p999)}, max ${durationText(max)}`;
  return markup`<div class="row"><span class="name">${stage}</span><svg viewBox="0 0 ${UNITS} ${UNITS}" preserveAspectRatio="none" role="img" aria-label="${told}"><title>${told}</title><path class="tail" d="M${to} 500H${end}M${end} 300V700${tick}"/><rect class="f-${stage}" x="${from}" y="220" width="${Math.max(4, to - from)}" height="560"/><path class="median" d="M${from} 120V880"/></svg><span class="figure">${durationText(p50)} <span class="soft">to</span> ${durationText(p99)}</span></div>`;
}

function ranges({ stages }: LoadReport): Markup {
  const values = REPORT_STAGES.flatMap((stage) => [stages[stage].p50, stages[stage].max]).filter((ns) => ns !== null);
  if (values.length === 0) return NOTHING;
  const x = logScale(Math.min(...values), Math.max(...values));
  const labels = x.ticks.map(
    ({ at, label, isMinor }, i) =>
      markup`<span class="${isMinor || i % 2 === 1 ? 'minor' : 'major'}" style="left:${(at * 100).toFixed(1)}%">${label}</span>`,
  );
  const rows = REPORT_STAGES.map((stage) => rangeRow(stage, stages[stage], x));
  return markup`<h3>p50 to p99, tail to the maximum</h3><div class="ranges">${rows}<div class="row" aria-hidden="true"><span class="name"></span><div class="scale">${labels}</div><span class="figure"></span></div></div>`;
}

export function stageBars(report: LoadReport): Markup {
  return markup`${meanBar(report)}${ranges(report)}`;
}
