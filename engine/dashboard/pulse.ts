// The line of numbers under the header: the engine at a glance, each second.

import type { Latency, System } from '../../schemas/feed.ts';
import { element, setText } from './element.ts';
import { ageText, countText, durationText, shortCount, spanText, UNKNOWN } from './format.ts';
import { followWhileVisible, type Source } from './source.ts';

const STALE_MS = 3_000;
const TICK_MS = 500;

const LABELS = {
  updates: 'Updates/s',
  frames: 'Frames/s',
  p50: 'Latency p50',
  p99: 'Latency p99',
  books: 'Books live',
  rejected: 'Rejected',
  gaps: 'Gaps',
  drops: 'Drops',
  uptime: 'Up for',
  age: 'Told',
} as const;
type Name = keyof typeof LABELS;

/** A counter, or all of those that stand under one name. */
function sumOf(count: number | Readonly<Record<string, number>> | undefined): number {
  if (typeof count === 'number' || count === undefined) return count ?? 0;
  return Object.values(count).reduce((sum, each) => sum + each, 0);
}

export class Pulse {
  private readonly list: HTMLElement;
  private readonly values: Readonly<Record<Name, HTMLElement>>;
  private readonly source: Source;
  private toldAt = 0;

  constructor(list: HTMLElement, source: Source) {
    this.list = list;
    this.source = source;
    const pairs = (Object.keys(LABELS) as Name[]).map((name) => [
      name,
      element('dd', { id: `pulse-${name}` }, UNKNOWN),
    ]);
    this.values = Object.fromEntries(pairs) as Record<Name, HTMLElement>;
    for (const name of Object.keys(LABELS) as Name[]) {
      list.append(element('div', {}, element('dt', {}, LABELS[name]), this.values[name]));
    }
    followWhileVisible(() => [
      source.follow('system', {}, (message) => this.takeSystem(message)),
      source.follow('latency', {}, (message) => this.takeLatency(message)),
    ]);
    setInterval(() => this.tick(), TICK_MS);
  }

  private show(name: Name, text: string): void {
    setText(this.values[name], text);
  }

  private takeSystem({ total, rates, states, markets, process }: System): void {
    this.toldAt = performance.now();
    this.show('updates', countText(rates.updatesPerSecond));
    this.show('frames', countText(rates.framesPerSecond));
    this.show('books', `${countText(states.live)} / ${countText(markets)}`);
    const rejected = sumOf(total['rejected']);
    this.show('rejected', shortCount(rejected));
    this.show('gaps', shortCount(sumOf(total['gaps'])));
    this.show('drops', shortCount(sumOf(total['drops'])));
    this.show('uptime', spanText(process.uptimeSeconds * 1_000));
  }

  private takeLatency({ recent, stages }: Latency): void {
    const engine = recent.engine.count > 0 ? recent.engine : stages.engine;
    this.show('p50', durationText(engine.p50));
    this.show('p99', durationText(engine.p99));
  }

  private tick(): void {
    if (document.hidden || this.toldAt === 0) return;
    const ageMs = performance.now() - this.toldAt;
    const isStale = !this.source.isConnected || ageMs > STALE_MS;
    this.list.classList.toggle('stale', isStale);
    this.show('age', isStale ? `⚠ stale ${spanText(ageMs)}` : ageText(ageMs));
  }
}
