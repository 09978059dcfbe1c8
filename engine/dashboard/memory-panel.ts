// The memory panel: what the process holds over time, and whether it grows.

import { element } from './element.ts';
import { engineHistory, MEMORY } from './engine-history.ts';
import { FigureTable } from './figure-table.ts';
import { bytesText } from './format.ts';
import { LineChart } from './line-chart.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import { trendPerHour } from './series.ts';
import { SPANS, spanSelect } from './time-span.ts';

const NAMES = { rss: 'resident', heapTotal: 'heap set aside', heapUsed: 'heap used', external: 'buffers' } as const;
/** A trend of less time than this would be that of one garbage collection. */
const TREND_LEAST_S = 300;

const PERIOD_MS = 30_000;

export const memoryPanel: Panel = {
  id: 'memory',
  title: 'Memory',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: PERIOD_MS,
  mount: (body, context) => new MemoryPanel(body, context),
};

class MemoryPanel implements MountedPanel {
  private readonly chart: LineChart;
  private readonly table = new FigureTable('Memory of the process', ['Memory', 'Now', 'Trend an hour']);
  private readonly span: HTMLSelectElement;

  constructor(body: HTMLElement, context: PanelContext) {
    this.span = spanSelect(context);
    this.chart = new LineChart({
      label: 'Memory of the process over time',
      lines: MEMORY.map((name, look) => ({ name: NAMES[name], look })),
      text: bytesText,
      base: 2,
      colours: context.colours,
    });
    const words = `Heap and buffers are those of the main thread. The trend is told once ${TREND_LEAST_S / 60} minutes are known.`;
    body.append(this.chart.host, this.table.host, element('p', { class: 'words' }, words));
    context.load(async () => void (await engineHistory.nextSystem()), PERIOD_MS);
  }

  update(): void {
    const { memory, lastSystem } = engineHistory;
    const rows = memory[SPANS[this.span.value].rows];
    this.chart.draw(rows.of(MEMORY));
    if (lastSystem === null) return;
    const { rssBytes, heapTotalBytes, heapUsedBytes, externalBytes, sharedBytes } = lastSystem.process;
    const now = { rss: rssBytes, heapTotal: heapTotalBytes, heapUsed: heapUsedBytes, external: externalBytes };
    const figures = MEMORY.map((name) => ({ key: name, cells: [NAMES[name], bytesText(now[name]), trendText(name)] }));
    this.table.show([...figures, { key: 'shared', cells: ['shared by threads', bytesText(sharedBytes), 'fixed'] }]);
  }

  close(): void {
    this.chart.close();
  }
}

/** Over the minutes where there are enough of them, else over the seconds. */
function trendText(name: (typeof MEMORY)[number]): string {
  const { coarse, fine } = engineHistory.memory;
  const rows = coarse.times.length * 60 > TREND_LEAST_S * 2 ? coarse : fine;
  const bytes = trendPerHour(rows.times, rows.column(name), TREND_LEAST_S);
  if (bytes === null) return 'not known yet';
  return `${bytes < 0 ? '▼ −' : '▲ +'}${bytesText(Math.abs(bytes))}`;
}
