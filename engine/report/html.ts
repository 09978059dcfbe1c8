// report.html: one file that needs nothing else, no script and no other host; verdict first, then the evidence.

import { heatMap } from './heat-map.ts';
import type { LoadReport } from './load-report.ts';
import { REPORT_STAGES } from './load-run.ts';
import { type Content, Markup, markup, NOTHING } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { percentilePlot } from './percentile-plot.ts';
import { countText, durationText, rateText, shareText } from './quantity.ts';
import { stageBars } from './stage-bars.ts';
import { timePlots } from './time-plots.ts';
import {
  accounting,
  headline,
  honesty,
  processFacts,
  reasonsOfLoss,
  runFacts,
  thresholdsTold,
  thresholdValueText,
  verdictWord,
} from './words.ts';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const sentence = (text: string): string => `${capital(text).replace(/\.$/, '')}.`;

function section(title: string, lead: string, body: Content): Markup {
  return markup`<section><h2>${title}</h2>${lead === '' ? NOTHING : markup`<p class="lead">${lead}</p>`}${body}</section>`;
}

const said = (lines: readonly string[]): Markup =>
  markup`<ul class="said">${lines.map((line) => markup`<li>${sentence(line)}</li>`)}</ul>`;

const facts = (pairs: readonly (readonly [string, string])[]): Markup =>
  markup`<dl class="facts">${pairs.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

function table(head: readonly string[], rows: readonly Markup[]): Markup {
  const cells = head.map((name) => markup`<th scope="col">${name}</th>`);
  return markup`<div class="wide"><table><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function tiles({ stages, counts, run }: LoadReport): Markup {
  const end = stages['end-to-end'];
  const pairs: readonly (readonly [name: string, value: string, detail?: string])[] = [
    ['p50', durationText(end.p50)],
    ['p99', durationText(end.p99)],
    ['p99.9', durationText(end.p999)],
    ['max', durationText(end.max)],
    ['updates', rateText(run.achievedRate)],
    counts.lost === 0 ? ['lost', '0'] : ['lost', countText(counts.lost), shareText(counts.lost, counts.sent)],
  ];
  const drawn = pairs.map(([name, value, detail]) => {
    const more = detail === undefined ? NOTHING : markup`<small>${detail}</small>`;
    return markup`<div><dt>${name}</dt><dd>${value}${more}</dd></div>`;
  });
  return markup`<dl class="tiles">${drawn}</dl>`;
}

function verdict(report: LoadReport): Markup {
  const checks = report.thresholds.map((result) => {
    const word = result.pass ? 'pass' : 'fail';
    return markup`<li><span class="mark ${word}">${result.pass ? '✓ pass' : '✕ fail'}</span><code>${result.name}</code><span>${thresholdValueText(result)}</span></li>`;
  });
  const sign = report.verdict === 'pass' ? '✓' : '✕';
  const list = checks.length === 0 ? NOTHING : markup`<ul class="checks">${checks}</ul>`;
  return markup`<section class="verdict ${report.verdict}"><div class="badge">${sign} ${verdictWord(report)}</div><div><h2>${capital(headline(report))}</h2><p class="lead">${sentence(thresholdsTold(report))}</p></div>${tiles(report)}${list}</section>`;
}

function stageTable({ stages }: LoadReport): Markup {
  const rows = REPORT_STAGES.map((stage) => {
    const { count, min, mean, p50, p90, p95, p99, p999, p9999, max } = stages[stage];
    const cells = [countText(count), ...[min, mean, p50, p90, p95, p99, p999, p9999, max].map(durationText)];
    const kind = stage === 'end-to-end' || stage === 'engine' ? 'strong' : 'plain';
    return markup`<tr class="${kind}"><th scope="row">${stage}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  return table(['stage', 'count', 'min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'p99.99', 'max'], rows);
}

function losses(report: LoadReport): Markup {
  const reasons = reasonsOfLoss(report).map(
    ([name, count]) =>
      markup`<tr><th scope="row">${name}</th><td>${countText(count)}</td><td>${shareText(count, report.counts.sent)}</td></tr>`,
  );
  const byReason = reasons.length === 0 ? NOTHING : table(['reason', 'updates', 'of sent'], reasons);
  return section('Losses', '', [said(accounting(report)), byReason]);
}

function collections({ process: { gcPauses }, run }: LoadReport): Markup {
  if (gcPauses.length === 0) return NOTHING;
  const rows = gcPauses.map(({ thread, count, totalMs, maxMs }) => {
    const times = [totalMs * 1e6, count === 0 ? null : maxMs * 1e6].map(durationText);
    const share = shareText(totalMs / 1000, run.durationS);
    return markup`<tr><th scope="row">${thread}</th>${[countText(count), ...times, share].map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  const head = ['thread', 'collections', 'paused in all', 'longest pause', 'of the time'];
  return markup`<h3>Garbage collection by thread</h3>${table(head, rows)}`;
}

function search({ search: steps }: LoadReport): Markup {
  if (steps === null || steps.length === 0) return NOTHING;
  const rows = steps.map(({ ratePerS, achievedRate, p99Ns, lost, isSustained, reason }) => {
    const mark = markup`<span class="mark ${isSustained ? 'pass' : 'fail'}">${isSustained ? '✓ held' : '✕ not held'}</span>`;
    const cells = [rateText(achievedRate), durationText(p99Ns), countText(lost)].map(
      (cell) => markup`<td>${cell}</td>`,
    );
    return markup`<tr><th scope="row">${rateText(ratePerS)}</th>${cells}<td>${mark}</td><td class="words">${reason}</td></tr>`;
  });
  const lead = 'Each step is a run of its own.';
  return section('Search for the highest rate', lead, table(['offered', 'sent', 'p99', 'lost', '', ''], rows));
}

function notes({ notes: lines }: LoadReport): Markup {
  if (lines.length === 0) return NOTHING;
  return markup`<section class="warn"><h2>What you must know</h2>${said(lines)}</section>`;
}

function body(report: LoadReport): Content {
  return [
    verdict(report),
    notes(report),
    section(
      'Latency by percentile',
      'From the time an update was meant to be sent. A percentile with fewer than ten samples beyond it is not told; the shaded part of the plot has no more than that.',
      [percentilePlot(report), stageTable(report)],
    ),
    section('Over time', '', timePlots(report)),
    section(
      'Where samples lie',
      'Time across, latency up; the stronger the colour, the more of that time’s samples lie there.',
      heatMap(report),
    ),
    section(
      'Where the time goes',
      'Stages from decode to publish follow one another, so their means add up to about the mean of engine; percentiles do not add up.',
      stageBars(report),
    ),
    markup`<div class="two">${losses(report)}${section('Can the generator be believed?', '', said(honesty(report)))}</div>`,
    search(report),
    section('The engine’s process', '', [facts(processFacts(report)), collections(report)]),
    section('The run', '', [facts(runFacts(report)), markup`<pre><code>${report.run.command}</code></pre>`]),
  ];
}

/** The whole page. All of it is made from the report, so it can be made again from report.json. */
export function reportHtml(report: LoadReport): string {
  const title = `${verdictWord(report)}: ${headline(report)}`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
${new Markup(PAGE_STYLE)}
</style>
</head>
<body>
<header><h1>Millrace load report<span>${report.run.startedAt.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')}</span></h1></header>
<main>
${body(report)}
</main>
<footer>Times in ns lie in report.json and in one .hgrm for each stage beside this page.</footer>
</body>
</html>
`.text;
}
