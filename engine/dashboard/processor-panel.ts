// The processor panel: time of each thread, and what keeps threads from their work: collections, a busy event loop.

import type { StageLatency, System } from '../../schemas/feed.ts';
import { element } from './element.ts';
import { engineHistory } from './engine-history.ts';
import { type FigureRow, FigureTable } from './figure-table.ts';
import { countText, durationText, UNKNOWN } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

/** Of the messages kept, one a second. */
const SECONDS = 5;
const PAUSES: Readonly<Record<string, string>> = {
  'event-loop': 'event loop late',
  'gc-main': 'collections, main',
  'gc-ingress': 'collections, ingress',
};

export const processorPanel: Panel = {
  id: 'processor',
  title: 'Threads',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 5_000,
  mount: (body, context) => new ProcessorPanel(body, context),
};

class ProcessorPanel implements MountedPanel {
  private readonly times = new FigureTable('Processor time of threads', ['Thread', 'Of one core', 'Per update']);
  private readonly pauses = new FigureTable('Pauses', ['Last 5 s', 'Times', 'Average', 'p99', 'Greatest']);

  constructor(body: HTMLElement, context: PanelContext) {
    body.append(this.times.host, this.pauses.host, element('p', { class: 'words' }, WORDS));
    context.follow('latency', {}, () => undefined);
  }

  update(): void {
    const { systems, lastLatency } = engineHistory;
    const now = systems.at(-1);
    const before = systems.at(-1 - SECONDS);
    if (now === undefined || before === undefined) this.times.showEmpty(`Known after ${SECONDS} seconds.`);
    else if (Object.keys(now.process.threadCpuUs).length === 0)
      this.times.showEmpty('The system the engine runs on does not tell the time of single threads.');
    else this.times.show(threadRows(now, before));
    if (lastLatency !== null) this.pauses.show(Object.entries(lastLatency.pauses).map(pauseRow));
  }

  close(): void {}
}

function threadRows(now: System, before: System): FigureRow[] {
  const wallUs = (Date.parse(now.timestamp) - Date.parse(before.timestamp)) * 1_000;
  const updates = Number(now.total['updates']) - Number(before.total['updates']);
  const row = (name: string, us: number): FigureRow => ({
    key: name,
    cells: [
      name,
      `${((us / wallUs) * 100).toFixed(1)} %`,
      updates > 0 ? durationText((us / updates) * 1_000) : UNKNOWN,
    ],
  });
  const threads = Object.entries(now.process.threadCpuUs);
  // A thread that began anew counts from nothing.
  const rows = threads.map(([name, us]) => row(name, Math.max(0, us - (before.process.threadCpuUs[name] ?? us))));
  return [...rows, row('whole process', now.process.cpuUs - before.process.cpuUs)];
}

function pauseRow([name, { count, mean, p99, max }]: [string, StageLatency]): FigureRow {
  return { key: name, cells: [PAUSES[name] ?? name, countText(count), ...[mean, p99, max].map(durationText)] };
}

const WORDS =
  'The whole process has helpers too: garbage collection, compilation, files. The event loop is looked at 50 times a second; up to 1.5 ms late is idle.';
