// Candles with volume and signal events: history by HTTP, then live; bars not known whole are hollow, and named in the legend.

import { type BarNews, BarSeries } from './bar-series.ts';
import { CandleChart } from './candle-chart.ts';
import { element, select, setClass, setText } from './element.ts';
import { arrowChange, clockText, grouped, padded } from './format.ts';
import type { MountedPanel, Panel, PanelContext, Read } from './panel.ts';
import { type SignalMark, SignalMarks } from './signal-marks.ts';

const HISTORY = 500;
const LIVE = '1s';
/** Fewer bars of a minute than this, and the page begins with finer ones. */
const ENOUGH = 20;
const SIGNALS_MAX = 50;
/** Of the select; no signal's name is a space. */
const NONE = ' ';

type OpenApi = {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly Parameter[] } }>>;
};
type Parameter = { readonly name?: string; readonly schema?: { readonly enum?: readonly string[] } };

class Candles implements MountedPanel {
  private readonly context: PanelContext;
  private readonly kinds = select('Kind of bars', []);
  private readonly signals = select('Signals marked', [
    ['', 'all signals'],
    [NONE, 'no signals'],
  ]);
  private readonly legend = element('p', { class: 'candle-legend number' });
  private readonly event = element('p', { class: 'event soft' });
  private readonly box: HTMLElement;
  private readonly bars = new BarSeries();
  private readonly marks = new SignalMarks();
  private readonly chart: CandleChart;
  private kind: string;
  private isFollowing = false;
  private isWhole = true;

  constructor(body: HTMLElement, context: PanelContext) {
    this.context = context;
    this.kind = context.barKind;
    this.box = element('div', { class: 'chart', tabindex: '0', role: 'group', 'aria-label': 'Candles' });
    body.append(this.legend, this.box, this.event);
    this.chart = new CandleChart(this.box, () => this.showLegend());
    context.tools.append(this.kinds, this.signals);
    this.signals.addEventListener('change', () => context.redraw());
    this.kinds.addEventListener('change', () => context.choose({ barKind: this.kinds.value }));
    this.box.addEventListener('keydown', (event) => this.chart.key(event));
    if (context.market !== '') context.load((read) => this.load(read));
  }

  private async load(read: Read): Promise<void> {
    await this.offerKinds(read);
    this.bars.load(await read<BarNews[]>(this.path(this.kind, HISTORY)));
    this.isWhole = true;
    if (this.isFollowing) return;
    this.isFollowing = true;
    const { market } = this.context;
    this.context.follow(`bar.${this.kind}.${market}` as `bar.${string}`, { interval: LIVE }, (bar) => this.take(bar));
    await this.followSignals(read);
  }

  private path(kind: string, limit: number): string {
    return `/v1/bars/${encodeURIComponent(this.context.market)}?kind=${encodeURIComponent(kind)}&limit=${limit}`;
  }

  /** Kinds of this engine, and which to begin with where none was chosen. */
  private async offerKinds(read: Read): Promise<void> {
    if (this.kinds.options.length > 0) return;
    const { paths } = await read<OpenApi>('/openapi.json');
    const parameters = Object.entries(paths).find(([path]) => path.startsWith('/v1/bars/'))?.[1].get?.parameters ?? [];
    const kinds = parameters.find(({ name }) => name === 'kind')?.schema?.enum ?? [];
    this.kinds.replaceChildren(...kinds.map((kind) => element('option', { value: kind }, kind)));
    if (this.kind === '') this.kind = await this.usualKind(read, kinds);
    this.kinds.value = this.kind;
  }

  private async usualKind(read: Read, kinds: readonly string[]): Promise<string> {
    if (!kinds.includes('1m') || !kinds.includes('1s')) return kinds.includes('1m') ? '1m' : (kinds[0] ?? '1m');
    const minutes = await read<BarNews[]>(this.path('1m', ENOUGH));
    return minutes.length < ENOUGH ? '1s' : '1m';
  }

  private take(bar: BarNews): void {
    if (this.bars.take(bar) === 'all') this.isWhole = true;
  }

  private async followSignals(read: Read): Promise<void> {
    const { market } = this.context;
    const signals = await read<Record<string, unknown>>(`/v1/signals/${encodeURIComponent(market)}`);
    const names = Object.keys(signals).slice(0, SIGNALS_MAX);
    this.signals.append(...names.map((name) => element('option', { value: name }, name)));
    for (const name of names) {
      this.context.follow(`signal.${name}.${market}` as `signal.${string}`, { interval: LIVE }, (signal) => {
        this.marks.take(signal);
      });
    }
  }

  update(): void {
    this.chart.colour(this.context.colours());
    const marks = this.marks.of(this.signals.value);
    this.chart.show(this.bars, marks, this.isWhole);
    this.isWhole = false;
    this.showLegend();
    this.showEvent(marks.at(-1));
  }

  private showLegend(): void {
    const bar = (this.chart.read ?? this.bars.last)?.bar;
    if (bar === undefined) setText(this.legend, 'No bars yet.');
    if (bar === undefined || bar.open === null || bar.close === null) return;
    const { open, high, low, close, volume, completeness, isFinal } = bar;
    const difference = Number(close) - Number(open);
    const named = { O: open, H: high ?? '', L: low ?? '', C: close };
    const price = (text: string): string => grouped(padded(text, this.chart.precision));
    const parts = Object.entries(named).map(([name, text]) => `${name} ${price(text)}`);
    const change = arrowChange(Number(open), Number(close));
    const rest = [
      `vol ${volume}`,
      ...(completeness === 'complete' ? [] : [completeness]),
      ...(isFinal ? [] : ['forming']),
    ];
    setText(this.legend, [clockText(bar.startTimestamp), ...parts, change, ...rest].join('  '));
    setClass(this.legend, `candle-legend number ${difference < 0 ? 'down' : 'up'}`);
    this.box.setAttribute('aria-label', `Candles of ${this.kind}: ${this.legend.textContent}`);
  }

  private showEvent(mark: SignalMark | undefined): void {
    if (mark === undefined) {
      setText(this.event, '');
      return;
    }
    const sign = { up: '▲', down: '▼', none: '●' }[mark.direction];
    setText(this.event, `${sign} ${mark.name}: ${mark.event} at ${clockText(new Date(mark.atMs).toISOString())}`);
  }

  close(): void {
    this.chart.close();
  }
}

export const candlesPanel: Panel = {
  id: 'candles',
  title: 'Candles',
  place: 'market',
  rhythm: 'changes',
  periodMs: 1_000,
  mount: (body, context) => new Candles(body, context),
};
