// The chart itself: lightweight-charts, fed with bars and marks, in the page's colours, readable with keys.

import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { BARS_MAX, type BarSeries, type ShownBar } from './bar-series.ts';
import { mostDecimals } from './format.ts';
import { groupsOf, type MarkGroup, type SignalMark } from './signal-marks.ts';
import type { Colours } from './theme.ts';

/** The chart draws no finer prices than doubles have. */
const PRECISION_MAX = 12;
const VOLUME_TOP = 0.82;
const HOLLOW = 'rgba(0, 0, 0, 0)';
const ZOOM = 1.25;
/** Bars in sight at first. */
const BARS_SEEN = 120;
const BARS_SEEN_MIN = 40;

const timeOf = (shown: ShownBar): UTCTimestamp => shown.time as UTCTimestamp;
const isRising = ({ bar }: ShownBar): boolean => Number(bar.close) >= Number(bar.open);

function options({ card, soft, grid, line }: Colours): object {
  return {
    layout: {
      background: { type: ColorType.Solid, color: card },
      textColor: soft,
      fontSize: 11,
      // The logo comes with a style element, which the page's policy refuses; the footer has the link instead.
      attributionLogo: false,
    },
    grid: { vertLines: { color: grid }, horzLines: { color: grid } },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderColor: line, scaleMargins: { top: 0.08, bottom: 1 - VOLUME_TOP + 0.02 } },
    timeScale: { borderColor: line, timeVisible: true, secondsVisible: true, rightOffset: 3, minBarSpacing: 0.5 },
  };
}

export class CandleChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volumes: ISeriesApi<'Histogram'>;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private colours: Colours | null = null;
  private isRecoloured = false;
  /** Decimals of prices; the most there were. */
  precision = -1;
  private shownFrom = 0;
  private marksShown = '';
  private bars: readonly ShownBar[] = [];
  /** The bar under the pointer, or that the keys went to. */
  read: ShownBar | undefined;

  constructor(box: HTMLElement, moved: () => void) {
    this.chart = createChart(box, { autoSize: true, layout: { attributionLogo: false } });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: true });
    this.volumes = this.chart.addSeries(HistogramSeries, { priceScaleId: '', priceFormat: { type: 'volume' } });
    this.volumes.applyOptions({ lastValueVisible: false, priceLineVisible: false });
    this.volumes.priceScale().applyOptions({ scaleMargins: { top: VOLUME_TOP, bottom: 0 } });
    this.markers = createSeriesMarkers(this.candles, []);
    this.chart.subscribeCrosshairMove(({ time }) => {
      this.read = time === undefined ? undefined : this.bars.find((shown) => shown.time === time);
      moved();
    });
  }

  colour(colours: Colours): void {
    if (this.colours === colours) return;
    this.colours = colours;
    this.isRecoloured = true;
    this.chart.applyOptions(options(colours));
    const { up, down } = colours;
    const look = {
      upColor: up,
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    };
    this.candles.applyOptions(look);
  }

  /** `isWhole`: more than the last bar may differ from what was shown before. */
  show(series: BarSeries, marks: readonly SignalMark[], isWhole: boolean): void {
    const before = this.bars.length;
    this.bars = series.all;
    this.showPrecision();
    const added = this.bars.length - before;
    if (isWhole || this.isRecoloured || added < 0 || added > 1 || this.shownFrom !== this.bars[0]?.time) this.showAll();
    else for (const shown of this.bars.slice(-1 - added)) this.showOne(shown);
    this.isRecoloured = false;
    this.showMarks(series, marks);
  }

  private showAll(): void {
    const isFirst = this.shownFrom === 0 && this.bars.length > 0;
    this.shownFrom = this.bars[0]?.time ?? 0;
    this.candles.setData(this.bars.map((shown) => this.candleOf(shown)));
    this.volumes.setData(this.bars.map((shown) => this.volumeOf(shown)));
    if (isFirst) this.toNow();
  }

  private showOne(shown: ShownBar): void {
    this.candles.update(this.candleOf(shown));
    this.volumes.update(this.volumeOf(shown));
  }

  /** A bar that is not known whole is hollow: seen without colours too. */
  private candleOf(shown: ShownBar): CandlestickData {
    const { open, high, low, close, completeness } = shown.bar;
    const look = completeness === 'complete' || completeness === 'backfilled' ? {} : { color: HOLLOW };
    return {
      time: timeOf(shown),
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      ...look,
    };
  }

  private volumeOf(shown: ShownBar): HistogramData {
    const color = (isRising(shown) ? this.colours?.upBar : this.colours?.downBar) ?? HOLLOW;
    return { time: timeOf(shown), value: Number(shown.bar.volume), color };
  }

  private showPrecision(): void {
    const precision = Math.min(PRECISION_MAX, mostDecimals(this.bars.slice(-50).map(({ bar }) => bar.close)));
    if (precision <= this.precision) return;
    this.precision = precision;
    this.candles.applyOptions({ priceFormat: { type: 'price', precision, minMove: 10 ** -precision } });
  }

  private showMarks(series: BarSeries, marks: readonly SignalMark[]): void {
    const told = `${marks.length} ${marks.at(-1)?.key} ${this.shownFrom} ${this.colours?.isDark}`;
    if (told === this.marksShown) return;
    this.marksShown = told;
    const groups = groupsOf(marks, (atMs) => series.at(atMs)?.time);
    // The newest of each direction carries words; all of them would cover the candles.
    const named = new Set(['up', 'down', 'none'].map((way) => groups.findLast(({ direction }) => direction === way)));
    this.markers.setMarkers(groups.map((group) => this.markerOf(group, named.has(group))));
  }

  private markerOf({ time, direction, newest, count }: MarkGroup, isNamed: boolean): SeriesMarker<Time> {
    const { up = '', down = '', accent = '' } = this.colours ?? {};
    const at = time as UTCTimestamp;
    const text = isNamed ? `${newest.event}${count > 1 ? ` ×${count}` : ''}` : '';
    if (direction === 'up') return { time: at, position: 'belowBar', shape: 'arrowUp', color: up, text };
    if (direction === 'down') return { time: at, position: 'aboveBar', shape: 'arrowDown', color: down, text };
    return { time: at, position: 'aboveBar', shape: 'circle', color: accent, text };
  }

  private toNow(): void {
    const count = this.bars.length;
    const seen = Math.min(BARS_SEEN, Math.max(BARS_SEEN_MIN, count));
    this.chart.timeScale().setVisibleLogicalRange({ from: count - seen, to: count + 3 });
  }

  key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) this.step(event.shiftKey ? step * 10 : step);
    else if (event.key === '+' || event.key === '=') this.zoom(1 / ZOOM);
    else if (event.key === '-') this.zoom(ZOOM);
    else if (event.key === 'End') this.toNow();
    else if (event.key === 'Escape') this.chart.clearCrosshairPosition();
    else return;
    event.preventDefault();
  }

  /** Moves the reading line by bars, and the view with it. */
  private step(by: number): void {
    const at = this.read === undefined ? this.bars.length - 1 : this.bars.indexOf(this.read) + by;
    const index = Math.min(this.bars.length - 1, Math.max(0, at));
    const shown = this.bars[index];
    if (shown === undefined) return;
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range !== null && (index < range.from || index > range.to)) {
      const shift = index < range.from ? index - range.from : index - range.to;
      this.chart.timeScale().setVisibleLogicalRange({ from: range.from + shift, to: range.to + shift });
    }
    this.chart.setCrosshairPosition(Number(shown.bar.close), timeOf(shown), this.candles);
    this.read = shown;
  }

  private zoom(factor: number): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range === null) return;
    const length = (range.to - range.from) * factor;
    if (length < 5 || length > BARS_MAX * 2) return;
    this.chart.timeScale().setVisibleLogicalRange({ from: range.to - length, to: range.to });
  }

  close(): void {
    this.chart.remove();
  }
}
