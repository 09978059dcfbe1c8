// A line chart over time: uPlot with the page's colours, dashes beside colours, and a cursor that keys move as well.

import uPlot from 'uplot';
import { element, setText } from './element.ts';
import { lineLook } from './line-look.ts';
import type { Columns } from './series.ts';
import type { Colours } from './theme.ts';

export type Line = { readonly name: string; readonly look: number };

export type LineChartOptions = {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly isLog?: boolean;
  readonly text: (value: number | null) => string;
  readonly heightPx?: number;
  readonly colours: () => Colours;
  /** Marks of a scale that is not decimal: bytes. */
  readonly base?: 2 | 10;
};

const HEIGHT_PX = 190;
const AXIS_PX = 64;
const SPAN_LEAST_S = 30;
/** Steps of an axis of bytes. */
const POWERS = Array.from({ length: 45 }, (_, power) => 2 ** power);
const FONT = '11px system-ui, sans-serif';

const pad = (value: number): string => String(value).padStart(2, '0');
/** UTC, as everywhere on the page. */
const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 19);

export class LineChart {
  readonly host: HTMLElement;
  private readonly options: LineChartOptions;
  private readonly plot: uPlot;
  private readonly place = element('div', { class: 'plot' });
  private readonly readout = element('p', { class: 'readout', 'aria-live': 'polite' });
  private readonly legend: HTMLElement;
  private readonly values: HTMLElement[] = [];
  private columns: Columns = [[]];
  /** Column the keys or the pointer chose; null for the newest. */
  private chosen: number | null = null;

  constructor(options: LineChartOptions) {
    this.options = options;
    this.legend = this.makeLegend();
    this.host = element('div', { class: 'chart', tabindex: '0', role: 'group', 'aria-label': options.label });
    this.host.append(this.legend, this.place, this.readout);
    this.plot = new uPlot(this.plotOptions(), [[]], this.place);
    this.host.addEventListener('keydown', (event) => this.key(event));
    this.host.addEventListener('blur', () => this.choose(null));
  }

  private makeLegend(): HTMLElement {
    const legend = element('ul', { class: 'legend' });
    for (const { name, look } of this.options.lines) {
      const value = element('span', { class: 'number' });
      this.values.push(value);
      legend.append(element('li', {}, lineLook(look).sample(), `${name} `, value));
    }
    return legend;
  }

  private plotOptions(): uPlot.Options {
    const { colours, lines, isLog = false, text, heightPx = HEIGHT_PX, base = 10 } = this.options;
    const axis = {
      stroke: () => colours().soft,
      grid: { stroke: () => colours().grid, width: 1 },
      ticks: { stroke: () => colours().line, width: 1, size: 4 },
      font: FONT,
    };
    const range = isLog ? logRange(base) : linearRange(base === 2 ? 2 ** 20 : 1);
    return {
      width: 300,
      height: heightPx,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      padding: [8, 26, 0, 0],
      scales: {
        x: { time: true, range: timeRange },
        y: { distr: isLog ? 3 : 1, ...(isLog ? { log: base } : {}), range },
      },
      axes: [
        { ...axis, size: 26, space: 70, values: (_plot, splits) => splits.map((at) => timeMark(at, splits)) },
        {
          ...axis,
          size: AXIS_PX,
          space: 28,
          ...(base === 2 ? { incrs: POWERS } : {}),
          values: (_plot, splits) => splits.map((value) => (value === null ? '' : text(value))),
        },
      ],
      series: [
        {},
        ...lines.map(({ name, look }) => {
          const { dash, width } = lineLook(look);
          return {
            label: name,
            stroke: () => lineLook(look).colour(colours().isDark),
            width,
            dash,
            points: { show: isShort },
          };
        }),
      ],
      hooks: { setCursor: [(plot) => this.pointed(plot)] },
    };
  }

  /** In an animation frame. Only as wide as its place, so that the panel decides. */
  draw(columns: Columns): void {
    this.columns = columns;
    const { clientWidth } = this.place;
    const { heightPx = HEIGHT_PX } = this.options;
    if (clientWidth > 0 && clientWidth !== this.plot.width) this.plot.setSize({ width: clientWidth, height: heightPx });
    this.plot.setData(columns as uPlot.AlignedData);
    this.tell();
  }

  private pointed(plot: uPlot): void {
    const index = plot.cursor.idx ?? null;
    const isInside = (plot.cursor.left ?? -1) >= 0;
    if (isInside) this.chosen = index;
    else if (document.activeElement !== this.host) this.chosen = null;
    this.tell();
  }

  private key(event: KeyboardEvent): void {
    const last = this.columns[0].length - 1;
    const at = this.chosen ?? last;
    const steps: Readonly<Record<string, number>> = {
      ...{ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last, PageUp: at - 10, PageDown: at + 10 },
    };
    if (event.key === 'Escape') this.choose(null);
    if (!(event.key in steps) || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(Math.min(last, Math.max(0, steps[event.key])));
  }

  private choose(index: number | null): void {
    this.chosen = index;
    const left = index === null ? -10 : this.plot.valToPos(this.columns[0][index], 'x');
    this.plot.setCursor({ left, top: index === null ? -10 : 10 }, false);
    this.tell();
  }

  /** The values at the chosen time, else the newest. */
  private tell(): void {
    const [times, ...columns] = this.columns;
    const index = Math.min(this.chosen ?? times.length - 1, times.length - 1);
    const found = columns.map((column) => (index < 0 ? null : (column[index] ?? null)));
    for (const [line, value] of found.entries())
      if (this.values[line] !== undefined) setText(this.values[line], this.options.text(value));
    if (this.chosen === null || index < 0) setText(this.readout, '');
    else setText(this.readout, `${clock(times[index])} UTC: ${this.spoken(found)}`);
  }

  private spoken(found: readonly (number | null)[]): string {
    return this.options.lines.map(({ name }, line) => `${name} ${this.options.text(found[line])}`).join(', ');
  }

  close(): void {
    this.plot.destroy();
  }
}

function timeMark(at: number, splits: readonly number[]): string {
  const date = new Date(at * 1_000);
  const hasSeconds = splits.length > 1 && splits[1] - splits[0] < 60;
  const minutes = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  return hasSeconds ? `${minutes}:${pad(date.getUTCSeconds())}` : minutes;
}

/** A line of one point would not be seen. */
const isShort = (_plot: uPlot, _series: number, from: number, to: number): boolean => to - from < 2;

/** All there is, and half a minute at least: a page just opened knows a point or two. uPlot would make one point a day. */
function timeRange({ data: [times] }: uPlot): [number, number] {
  const end = times.at(-1) ?? Date.now() / 1_000;
  return [Math.min(times[0] ?? end, end - SPAN_LEAST_S), end];
}

/** From zero, with room above: a line that moves a little must not look as if it moved much. */
function linearRange(unknown: number): (plot: uPlot, least: number | null, most: number | null) => [number, number] {
  return (_plot, _least, most) => [0, most === null || most <= 0 ? unknown : most * 1.1];
}

/** Whole decades (or octaves) around what there is. */
function logRange(base: 2 | 10): (plot: uPlot, least: number | null, most: number | null) => [number, number] {
  const log = base === 2 ? Math.log2 : Math.log10;
  return (_plot, least, most) => {
    const low = least === null || least <= 0 ? 1_000 : base ** Math.floor(log(least));
    const high = most === null || most <= 0 ? 1_000_000 : base ** Math.ceil(log(most));
    return [low, high > low ? high : low * base];
  };
}
