// The table of stages: the average beside the percentiles, of the last five seconds or since the start.

import type { StageLatency } from '../../schemas/feed.ts';
import { select } from './element.ts';
import { engineHistory, STAGES } from './engine-history.ts';
import { FigureTable } from './figure-table.ts';
import { countText, durationText } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

const HEADS = ['Stage', 'Samples', 'Average', 'p50', 'p90', 'p99', 'p99.9', 'Greatest'];

export const stagesPanel: Panel = {
  id: 'stages',
  title: 'Average and percentiles',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 5_000,
  mount: (body, context) => new StagesPanel(body, context),
};

const cellsOf = (name: string, { count, mean, p50, p90, p99, p999, max }: StageLatency): string[] => [
  ...[name, countText(count)],
  ...[mean, p50, p90, p99, p999, max].map(durationText),
];

class StagesPanel implements MountedPanel {
  private readonly table = new FigureTable('Latency of each stage', HEADS);
  private readonly which: HTMLSelectElement;

  constructor(body: HTMLElement, context: PanelContext) {
    const choices = [['recent', 'last 5 s'] as const, ['stages', 'since the start'] as const];
    this.which = select('Samples of', choices);
    this.which.addEventListener('change', () => context.redraw());
    context.tools.append(this.which);
    body.append(this.table.host);
    context.follow('latency', {}, () => undefined);
  }

  update(): void {
    const { lastLatency } = engineHistory;
    if (lastLatency === null) {
      this.table.showEmpty('Latency is told each five seconds.');
      return;
    }
    const figures = lastLatency[this.which.value as 'recent' | 'stages'];
    this.table.show(STAGES.map((stage) => ({ key: stage, cells: cellsOf(stage, figures[stage]) })));
  }

  close(): void {}
}
