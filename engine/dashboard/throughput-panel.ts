// The throughput panel: frames received and applied, messages published, by the second.

import { element } from './element.ts';
import { engineHistory, THROUGHPUT } from './engine-history.ts';
import { FigureTable } from './figure-table.ts';
import { bytesText, countText, shortCount } from './format.ts';
import { LineChart } from './line-chart.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import { SPANS, spanSelect } from './time-span.ts';

const NAMES = { received: 'received', applied: 'applied', published: 'published' } as const;

export const throughputPanel: Panel = {
  id: 'throughput',
  title: 'Throughput',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 1_000,
  mount: (body, context) => new ThroughputPanel(body, context),
};

class ThroughputPanel implements MountedPanel {
  private readonly chart: LineChart;
  private readonly table = new FigureTable('Throughput of the last second', ['Last second', 'Count', 'Bytes']);
  private readonly span: HTMLSelectElement;

  constructor(body: HTMLElement, context: PanelContext) {
    this.span = spanSelect(context);
    this.chart = new LineChart({
      label: 'Frames received and applied, messages published, each second',
      lines: THROUGHPUT.map((name, look) => ({ name: NAMES[name], look })),
      text: (value) => (value === null ? shortCount(value) : `${shortCount(value)}/s`),
      colours: context.colours,
    });
    const words =
      'Frames that came in, frames that shards applied, messages that went out: once per channel and encoding, whoever listens.';
    body.append(this.chart.host, this.table.host, element('p', { class: 'words' }, words));
    context.follow('system', {}, () => undefined);
  }

  update(): void {
    const { throughput, lastSystem } = engineHistory;
    this.chart.draw(throughput[SPANS[this.span.value].rows].of(THROUGHPUT));
    if (lastSystem === null) return;
    const { rates } = lastSystem;
    this.table.show([
      { key: 'in', cells: ['Frames received', countText(rates.framesPerSecond), bytesText(rates.bytesPerSecond)] },
      { key: 'updates', cells: ['Updates in them', countText(rates.updatesPerSecond), ''] },
      { key: 'applied', cells: ['Frames applied', countText(rates.appliedPerSecond), ''] },
      {
        key: 'out',
        cells: ['Messages published', countText(rates.messagesPerSecond), bytesText(rates.publishedBytesPerSecond)],
      },
    ]);
  }

  close(): void {
    this.chart.close();
  }
}
