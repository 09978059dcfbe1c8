// What happened when: latency, rates and drops, and resident memory over the measured time, on one time axis.

import { linearScale, logScale, type Scale, timeScale } from './axis.ts';
import type { LoadReport, ReportSpan } from './load-report.ts';
import type { ReportStage } from './load-run.ts';
import { type Markup, markup } from './markup.ts';
import { across, lineLegend, linePath, plot, UNITS } from './plot.ts';
import { bytesText, clockText, countText, durationText, rateText } from './quantity.ts';

/** As many tips and rows as a reader can tell apart; the lines themselves have every span. */
const GROUPS_MAX = 100;

/** Spans in a row taken together: sums, and the worst of what cannot be summed. */
export type SpanGroup = {
  readonly atS: number;
  readonly lengthS: number;
  readonly spans: readonly ReportSpan[];
};

export function groupsOf(spans: readonly ReportSpan[], most: number): SpanGroup[] {
  const size = Math.max(1, Math.ceil(spans.length / most));
  return Array.from({ length: Math.ceil(spans.length / size) }, (_, i) => {
    const part = spans.slice(i * size, (i + 1) * size);
    const lengthS = part.reduce((sum, span) => sum + span.lengthS, 0);
    return { atS: part[0].atS, lengthS, spans: part };
  });
}

const sumOf = ({ spans }: SpanGroup, pick: (span: ReportSpan) => number): number =>
  spans.reduce((sum, span) => sum + pick(span), 0);

function worst({ spans }: SpanGroup, stage: ReportStage, stat: 'p50' | 'p99' | 'max'): number | null {
  const values = spans.map((span) => span.stages[stage]?.[stat] ?? null).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}

export function timesOf({ atS, lengthS }: SpanGroup): string {
  return `${clockText(atS)}–${clockText(atS + lengthS)}`;
}

const endOf = (spans: readonly ReportSpan[]): number => {
  const last = spans.at(-1);
  return last === undefined ? 0 : last.atS + last.lengthS;
};

/** Columns without colour that hold a tip each. */
function tips(groups: readonly SpanGroup[], x: Scale, text: (group: SpanGroup) => string): Markup {
  const columns = groups.map((group) => {
    const left = across(x.at(group.atS));
    const width = Math.max(1, across(x.at(group.atS + group.lengthS)) - left);
    return markup`<rect x="${left}" y="0" width="${width}" height="${UNITS}"><title>${text(group)}</title></rect>`;
  });
  return markup`<g class="tips">${columns}</g>`;
}

const middle = ({ atS, lengthS }: ReportSpan): number => atS + lengthS / 2;

function line(
  kind: string,
  spans: readonly ReportSpan[],
  x: Scale,
  y: Scale,
  value: (span: ReportSpan) => number | null,
): Markup {
  const points = spans.map((span): [number, number] | null => {
    const at = value(span);
    return at === null ? null : [x.at(middle(span)), y.at(at)];
  });
  return markup`<path class="line ${kind}" d="${linePath(points)}"/>`;
}

function latencyPlot(spans: readonly ReportSpan[], groups: readonly SpanGroup[], x: Scale): Markup {
  const value = (stat: 'p50' | 'p99' | 'max') => (span: ReportSpan) => span.stages['end-to-end']?.[stat] ?? null;
  const all = spans.flatMap((span) => (['p50', 'p99', 'max'] as const).map((stat) => value(stat)(span)));
  const known = all.filter((each) => each !== null);
  if (known.length === 0) return markup`<p class="none">No latency over time: the spans hold too few samples.</p>`;
  const y = logScale(Math.min(...known), Math.max(...known));
  const tip = (group: SpanGroup): string =>
    `${timesOf(group)}: p50 ${durationText(worst(group, 'end-to-end', 'p50'))}, p99 ${durationText(worst(group, 'end-to-end', 'p99'))}, max ${durationText(worst(group, 'end-to-end', 'max'))}`;
  const body = [
    ...(['max', 'p99', 'p50'] as const).map((stat) => line(`q-${stat}`, spans, x, y, value(stat))),
    tips(groups, x, tip),
  ];
  const told = `End-to-end latency over time: the worst span has p99 ${durationText(Math.max(0, ...spans.map((span) => value('p99')(span) ?? 0)))} and max ${durationText(Math.max(...known))}.`;
  return markup`<h3>End-to-end latency</h3>${plot({ told, x, y, body })}${lineLegend([
    ['q-max', 'max'],
    ['q-p99', 'p99'],
    ['q-p50', 'p50'],
  ])}`;
}

function ratePlot(spans: readonly ReportSpan[], groups: readonly SpanGroup[], x: Scale): Markup {
  const perS = (pick: (span: ReportSpan) => number) => (span: ReportSpan) => pick(span) / span.lengthS;
  const sent = perS((span) => span.sent);
  const received = perS((span) => span.received);
  const dropped = perS((span) => span.dropped);
  const y = linearScale(Math.max(...spans.flatMap((span) => [sent(span), received(span), dropped(span)])), rateText);
  const bars = spans
    .filter((span) => span.dropped > 0)
    .map((span) => {
      const [left, right] = [across(x.at(span.atS)), across(x.at(span.atS + span.lengthS))];
      const height = Math.max(12, across(y.at(dropped(span))));
      return markup`<rect class="drop" x="${left}" y="${UNITS - height}" width="${Math.max(2, right - left)}" height="${height}"/>`;
    });
  const tip = (group: SpanGroup): string =>
    `${timesOf(group)}: sent ${countText(sumOf(group, (span) => span.sent))}, received ${countText(sumOf(group, (span) => span.received))}, dropped ${countText(sumOf(group, (span) => span.dropped))}`;
  const body = [
    bars,
    line('r-sent', spans, x, y, sent),
    line('r-received', spans, x, y, received),
    tips(groups, x, tip),
  ];
  const total = spans.reduce((sum, span) => sum + span.dropped, 0);
  const told = `Updates sent and received by second, and what the engine dropped: ${countText(total)} in all.`;
  return markup`<h3>Sent, received, dropped</h3>${plot({ told, x, y, body, kind: 'low' })}${lineLegend([
    ['r-sent', 'sent'],
    ['r-received', 'received'],
    ['r-dropped', total === 0 ? 'dropped (none)' : 'dropped'],
  ])}`;
}

function memoryPlot(spans: readonly ReportSpan[], groups: readonly SpanGroup[], x: Scale): Markup {
  const known = spans.map(({ rssBytes }) => rssBytes).filter((bytes) => bytes !== null);
  if (known.length === 0)
    return markup`<h3>Resident memory</h3><p class="none">The engine did not tell its memory.</p>`;
  const y = linearScale(Math.max(...known), bytesText);
  const tip = (group: SpanGroup): string =>
    `${timesOf(group)}: ${bytesText(Math.max(...group.spans.map(({ rssBytes }) => rssBytes ?? 0)))}`;
  const body = [line('m-rss', spans, x, y, ({ rssBytes }) => rssBytes), tips(groups, x, tip)];
  const told = `Resident memory of the engine: from ${bytesText(Math.min(...known))} to ${bytesText(Math.max(...known))}.`;
  return markup`<h3>Resident memory of the engine</h3>${plot({ told, x, y, body, kind: 'low' })}`;
}

function timeTable(groups: readonly SpanGroup[]): Markup {
  const rows = groups.map((group) => {
    const cells = [
      countText(sumOf(group, (span) => span.sent)),
      countText(sumOf(group, (span) => span.received)),
      countText(sumOf(group, (span) => span.dropped)),
      ...(['p50', 'p99', 'max'] as const).map((stat) => durationText(worst(group, 'end-to-end', stat))),
      bytesText(group.spans.at(-1)?.rssBytes ?? null),
    ];
    return markup`<tr><th scope="row">${timesOf(group)}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  const head = ['time', 'sent', 'received', 'dropped', 'p50', 'p99', 'max', 'memory'];
  return markup`<details><summary>As a table</summary><div class="wide"><table><thead><tr>${head.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

export function timePlots({ overTime: spans }: LoadReport): Markup {
  if (spans.length === 0) return markup`<p class="none">The run was not divided into spans.</p>`;
  const x = timeScale(endOf(spans));
  const groups = groupsOf(spans, GROUPS_MAX);
  return markup`${latencyPlot(spans, groups, x)}${ratePlot(spans, groups, x)}${memoryPlot(spans, groups, x)}${timeTable(groups)}`;
}
