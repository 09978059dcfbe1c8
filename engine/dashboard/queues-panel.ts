// The queues panel: how full each ring and queue is, with marks for the most it has held.

import type { QueueFigures } from '../../schemas/feed.ts';
import { element, setText } from './element.ts';
import { engineHistory } from './engine-history.ts';
import { bytesText, countText } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

const NAMES: Readonly<Record<QueueFigures['queue'], string>> = {
  input: 'Input ring',
  command: 'Command ring',
  output: 'Output ring',
  journal: 'Journal ring',
  sockets: 'All sockets',
  'longest-socket': 'Longest socket',
};
const WORDS =
  'The bar is what is held now, ▏ the most of the last minute, ┃ the most since the start. Rings are looked at by those who read them, the journal and sockets each 50 ms.';
/** From here on a queue that fills is shown to be in trouble, by a word as well. */
const NEARLY_FULL = 0.8;

export const queuesPanel: Panel = {
  id: 'queues',
  title: 'Queues and rings',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 1_000,
  mount: (body, context) => new QueuesPanel(body, context),
};

const keyOf = ({ queue, shard }: QueueFigures): string => `${queue}-${shard ?? 'engine'}`;
const nameOf = ({ queue, shard }: QueueFigures): string => (shard === null ? NAMES[queue] : `${NAMES[queue]} ${shard}`);

class QueuesPanel implements MountedPanel {
  private readonly list = element('ul', { class: 'queues' });
  private readonly bars = new Map<string, QueueBar>();

  constructor(body: HTMLElement, context: PanelContext) {
    const frame = element('div', {
      class: 'table-frame',
      tabindex: '0',
      role: 'region',
      'aria-label': 'Queues and rings',
    });
    frame.append(this.list);
    body.append(frame, element('p', { class: 'words' }, WORDS));
    context.follow('system', {}, () => undefined);
  }

  update(): void {
    const queues = engineHistory.lastSystem?.queues ?? [];
    for (const figures of queues) {
      const key = keyOf(figures);
      let bar = this.bars.get(key);
      if (bar === undefined) {
        bar = new QueueBar(nameOf(figures));
        this.bars.set(key, bar);
        this.list.append(bar.host);
      }
      bar.show(figures);
    }
  }

  close(): void {}
}

class QueueBar {
  readonly host: HTMLElement;
  private readonly meter: HTMLElement;
  private readonly held = element('span', { class: 'held' });
  private readonly minute = element('span', { class: 'mark minute' });
  private readonly most = element('span', { class: 'mark most' });
  private readonly value = element('span', { class: 'number value' });
  private readonly marks = element('span', { class: 'number marks soft' });

  constructor(name: string) {
    this.meter = element('div', { class: 'meter', role: 'meter', 'aria-label': name, 'aria-valuemin': '0' });
    this.meter.append(this.held, this.minute, this.most);
    this.host = element('li', {}, element('span', { class: 'name' }, name), this.value, this.meter, this.marks);
  }

  show({ unit, size, held, most, mostMinute }: QueueFigures): void {
    const text = unit === 'bytes' ? bytesText : countText;
    const share = (value: number): string => `${Math.min(100, (value / size) * 100).toFixed(2)}%`;
    this.held.style.width = share(held);
    this.held.hidden = held === 0;
    this.minute.hidden = mostMinute === 0;
    this.most.hidden = most === 0;
    this.minute.style.left = share(mostMinute);
    this.most.style.left = share(most);
    const isNearlyFull = Math.max(held, mostMinute) > NEARLY_FULL * size;
    this.host.className = isNearlyFull ? 'full' : '';
    const told = `${text(held)} of ${text(size)}`;
    setText(this.value, isNearlyFull ? `▲ nearly full: ${told}` : told);
    setText(
      this.marks,
      `most ${text(mostMinute)} in a minute, ${text(most)} since the start (${percent(most / size)})`,
    );
    this.meter.setAttribute('aria-valuemax', String(size));
    this.meter.setAttribute('aria-valuenow', String(held));
    this.meter.setAttribute('aria-valuetext', `${told}, most ${text(most)}`);
  }
}

function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  return value < 0.1 ? '< 0.1 %' : `${Number(value.toPrecision(2))} %`;
}
