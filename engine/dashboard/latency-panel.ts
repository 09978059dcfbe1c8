// The latency panel: one line a stage, of the percentile that is chosen, on a logarithmic scale.

import { element, select } from './element.ts';
import { engineHistory, STAGES, type StageColumn, type Statistic } from './engine-history.ts';
import { durationText } from './format.ts';
import { LineChart } from './line-chart.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import { SPANS, spanSelect } from './time-span.ts';

export const STATISTIC_NAMES: readonly (readonly [Statistic, string])[] = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['mean', 'average'],
  ['max', 'greatest'],
];

export const latencyPanel: Panel = {
  id: 'latency',
  title: 'Latency by stage',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 5_000,
  mount: (body, context) => new LatencyPanel(body, context),
};

class LatencyPanel implements MountedPanel {
  private readonly chart: LineChart;
  private readonly span: HTMLSelectElement;
  private readonly statistic: HTMLSelectElement;
  private readonly context: PanelContext;

  constructor(body: HTMLElement, context: PanelContext) {
    this.context = context;
    this.statistic = select('Percentile', STATISTIC_NAMES);
    this.statistic.value = 'p99';
    this.statistic.addEventListener('change', () => context.redraw());
    context.tools.append(this.statistic);
    this.span = spanSelect(context);
    this.chart = new LineChart({
      label: 'Latency of each stage over time, logarithmic scale. Arrow keys move through time.',
      lines: STAGES.map((name, look) => ({ name, look })),
      text: durationText,
      isLog: true,
      heightPx: 230,
      colours: context.colours,
    });
    body.append(this.chart.host, element('p', { class: 'words' }, WORDS));
    context.follow('latency', {}, () => this.explain());
  }

  private explain(): void {
    const { recent } = engineHistory.lastLatency ?? {};
    const isUnheard = recent !== undefined && recent.engine.count === 0;
    this.context.note(isUnheard ? 'Nothing is published now, so output-wait, publish and engine have no samples.' : '');
  }

  update(): void {
    const names = STAGES.map((stage): StageColumn => `${stage}.${this.statistic.value as Statistic}`);
    this.chart.draw(engineHistory.latency[SPANS[this.span.value].rows].of(names));
  }

  close(): void {
    this.chart.close();
  }
}

const WORDS =
  'Of five seconds each; by the minute the worst of them. A line ends where fewer than ten samples lie beyond its percentile. engine is the whole way, from receipt to the socket.';
