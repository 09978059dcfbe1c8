// One stage's heat map: time to the right, latency upwards by octaves, each column's samples by colour; with a cursor.

import type { HeatBucket, StageName } from '../../schemas/feed.ts';
import { Canvas } from './canvas.ts';
import { element, setText } from './element.ts';
import type { HeatColumn } from './engine-history.ts';
import { countText, durationText } from './format.ts';
import { heatColour, heatStep } from './heat-colours.ts';
import type { Colours } from './theme.ts';

export type HeatTimes = { readonly spacingS: number; readonly columns: number };

const AXIS_PX = 46;
const FOOT_PX = 16;
const FONT = '10px system-ui, sans-serif';
/** Below it the buckets are as wide as this; the axis ends here. */
const FLOOR_NS = 256;
const LABEL_PX = 26;

/** A bucket is a quarter of an octave, and 256 ns below 1,024 (Latency.heat). */
export function bucketEnd(fromNs: number): number {
  return fromNs + (fromNs < 1024 ? FLOOR_NS : 2 ** Math.floor(Math.log2(fromNs)) / 4);
}

const heightOf = (ns: number): number => Math.log2(Math.max(FLOOR_NS / 2, ns));
const totalOf = (buckets: readonly HeatBucket[]): number => buckets.reduce((sum, [, count]) => sum + count, 0);
const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 19);

type Area = {
  readonly pen: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
};
type Cursor = { readonly at: number; readonly fromNs: number };

export class HeatMap {
  readonly host: HTMLElement;
  private readonly stage: StageName;
  private readonly canvas: Canvas;
  private readonly summary = element('p', { class: 'summary' });
  private readonly readout = element('p', { class: 'readout', 'aria-live': 'polite' });
  private readonly redraw: () => void;
  private columns: readonly HeatColumn[] = [];
  private times: HeatTimes = { spacingS: 5, columns: 1 };
  private area: Area | null = null;
  private cursor: Cursor | null = null;

  constructor(stage: StageName, redraw: () => void) {
    this.stage = stage;
    this.redraw = redraw;
    const place = element('div', { class: 'heat-place' });
    this.canvas = new Canvas(place, `Heat map of ${stage}`);
    const label = `Latency of ${stage}; arrow keys move a cursor through time and latency`;
    this.host = element('div', { class: 'heat', tabindex: '0', role: 'group', 'aria-label': label });
    this.host.append(element('h4', {}, stage), this.summary, place, this.readout);
    place.addEventListener('pointermove', (event) => this.point(event));
    place.addEventListener('pointerleave', () => this.move(null));
    this.host.addEventListener('keydown', (event) => this.key(event));
    this.host.addEventListener('blur', () => this.move(null));
  }

  /** In an animation frame. */
  draw(columns: readonly HeatColumn[], times: HeatTimes, colours: Colours): void {
    this.columns = columns;
    this.times = times;
    const begun = this.canvas.begin();
    if (begun === null) return;
    const buckets = columns.flatMap(({ heat }) => heat[this.stage]);
    const low = Math.floor(heightOf(buckets.reduce((least, [from]) => Math.min(least, from), 2 ** 40)));
    const high = Math.ceil(heightOf(buckets.reduce((most, [from]) => Math.max(most, bucketEnd(from)), 0)));
    const isEmpty = buckets.length === 0;
    const area = { ...begun, low: isEmpty ? 10 : low, high: isEmpty ? 24 : Math.max(high, low + 2) };
    this.area = area;
    this.drawAxes(area, colours);
    for (const column of columns) this.drawColumn(area, column, colours);
    this.drawCursor(area, colours);
    this.tell();
  }

  private x({ width }: Area, at: number): number {
    const newest = this.columns.at(-1)?.at ?? at;
    const { spacingS, columns } = this.times;
    return width - ((newest - at) / spacingS + 1) * ((width - AXIS_PX) / columns);
  }

  private y({ height, low, high }: Area, ns: number): number {
    return (height - FOOT_PX) * (1 - (heightOf(ns) - low) / (high - low));
  }

  private drawColumn(area: Area, column: HeatColumn, { isDark }: Colours): void {
    const { pen, width } = area;
    const left = this.x(area, column.at);
    if (left < AXIS_PX - 1) return;
    const right = left + (width - AXIS_PX) / this.times.columns;
    const buckets = column.heat[this.stage];
    const total = totalOf(buckets);
    for (const [from, count] of buckets) {
      const [top, bottom] = [Math.round(this.y(area, bucketEnd(from))), Math.round(this.y(area, from))];
      pen.fillStyle = heatColour(heatStep(count / total), isDark);
      pen.fillRect(Math.round(left), top, Math.max(1, Math.round(right) - Math.round(left)), Math.max(1, bottom - top));
    }
  }

  private drawAxes(area: Area, { soft, grid }: Colours): void {
    const { pen, width, height, low, high } = area;
    pen.font = FONT;
    pen.textBaseline = 'middle';
    pen.textAlign = 'right';
    let last = Number.POSITIVE_INFINITY;
    for (let ns = 100; ns <= 2 ** high; ns *= 10) {
      if (heightOf(ns) < low) continue;
      const y = this.y(area, ns);
      pen.fillStyle = grid;
      pen.fillRect(AXIS_PX, Math.round(y), width - AXIS_PX, 1);
      if (last - y < LABEL_PX / 2) continue;
      pen.fillStyle = soft;
      pen.fillText(durationText(ns), AXIS_PX - 5, Math.min(height - FOOT_PX - 5, Math.max(6, y)));
      last = y;
    }
    this.drawTimes(area, soft);
  }

  private drawTimes({ pen, width, height }: Area, soft: string): void {
    const newest = this.columns.at(-1)?.at;
    if (newest === undefined) return;
    const { spacingS, columns } = this.times;
    // Marks less than five minutes apart would seem to lie at odd distances without their seconds.
    const digits = spacingS * columns < 600 ? 8 : 5;
    pen.fillStyle = soft;
    for (const share of [0, 0.5, 1]) {
      pen.textAlign = share === 0 ? 'left' : share === 1 ? 'right' : 'center';
      const at = newest - (1 - share) * spacingS * columns;
      pen.fillText(clock(at).slice(0, digits), AXIS_PX + share * (width - AXIS_PX), height - FOOT_PX / 2);
    }
  }

  private drawCursor(area: Area, { text, card }: Colours): void {
    if (this.cursor === null) return;
    const { at, fromNs } = this.cursor;
    const step = (area.width - AXIS_PX) / this.times.columns;
    const [top, bottom] = [this.y(area, bucketEnd(fromNs)), this.y(area, fromNs)];
    for (const [colour, grown] of [
      [card, 3],
      [text, 1.5],
    ] as const) {
      area.pen.strokeStyle = colour;
      area.pen.lineWidth = 1.5;
      area.pen.strokeRect(this.x(area, at) - grown, top - grown, step + 2 * grown, bottom - top + 2 * grown);
    }
  }

  private point(event: PointerEvent): void {
    const { area } = this;
    if (area === null || this.columns.length === 0) return;
    const box = this.canvas.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const column = nearest(this.columns, ({ at }) =>
      Math.abs(this.x(area, at) + area.width / this.times.columns / 2 - x),
    );
    const share = 1 - y / (area.height - FOOT_PX);
    const ns = 2 ** (area.low + share * (area.high - area.low));
    const buckets = column.heat[this.stage];
    if (buckets.length === 0) return;
    const [fromNs] = nearest(buckets, ([from]) => Math.abs(heightOf(from) - heightOf(ns)));
    this.move({ at: column.at, fromNs });
  }

  private key(event: KeyboardEvent): void {
    const { columns } = this;
    if (event.key === 'Escape') this.move(null);
    if (!event.key.startsWith('Arrow') || columns.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const index = Math.max(
      0,
      columns.findIndex(({ at }) => at === (this.cursor?.at ?? columns[columns.length - 1].at)),
    );
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] },
    };
    const [right, up] = this.cursor === null ? [0, 0] : steps[event.key];
    const column = columns[Math.min(columns.length - 1, Math.max(0, index + right))];
    const buckets = column.heat[this.stage];
    if (buckets.length === 0) return;
    const wanted = this.cursor?.fromNs ?? medianOf(buckets);
    const place = buckets.indexOf(nearest(buckets, ([from]) => Math.abs(heightOf(from) - heightOf(wanted))));
    const [fromNs] = buckets[Math.min(buckets.length - 1, Math.max(0, place + up))];
    this.move({ at: column.at, fromNs });
  }

  private move(cursor: Cursor | null): void {
    if (this.cursor?.at === cursor?.at && this.cursor?.fromNs === cursor?.fromNs) return;
    this.cursor = cursor;
    this.redraw();
  }

  private tell(): void {
    setText(this.summary, this.newestText());
    const column = this.columns.find(({ at }) => at === this.cursor?.at);
    const bucket = column?.heat[this.stage].find(([from]) => from === this.cursor?.fromNs);
    if (column === undefined || bucket === undefined) {
      setText(this.readout, '');
      return;
    }
    const [from, count] = bucket;
    const total = totalOf(column.heat[this.stage]);
    const share = `${countText(count)} of ${countText(total)} (${Number(((count / total) * 100).toPrecision(2))} %)`;
    setText(
      this.readout,
      `${clock(column.at)} UTC, ${durationText(from)} to ${durationText(bucketEnd(from))}: ${share}`,
    );
  }

  private newestText(): string {
    const buckets = this.columns.at(-1)?.heat[this.stage] ?? [];
    if (buckets.length === 0) return this.columns.length === 0 ? 'told each five seconds' : 'no samples now';
    const last = buckets[buckets.length - 1][0];
    return `half within ${durationText(bucketEnd(medianOf(buckets)))}, all within ${durationText(bucketEnd(last))}`;
  }
}

function nearest<T>(items: readonly T[], distance: (item: T) => number): T {
  return items.reduce((best, item) => (distance(item) < distance(best) ? item : best));
}

/** Lowest value of the bucket that holds the middle sample. */
function medianOf(buckets: readonly HeatBucket[]): number {
  const half = totalOf(buckets) / 2;
  let passed = 0;
  for (const [from, count] of buckets) {
    passed += count;
    if (passed >= half) return from;
  }
  return 0;
}
