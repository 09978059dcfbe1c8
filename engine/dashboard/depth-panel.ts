// The depth chart: two stairs from the mid outward, with the numbers under the pointer or the arrow keys.

import type { BookSnapshot } from '../../schemas/feed.ts';
import { Canvas } from './canvas.ts';
import { type DepthView, depthView, marks, type Stair } from './depth-steps.ts';
import { element, setText } from './element.ts';
import { shortCount } from './format.ts';
import { BOOK_CHANNEL } from './ladder-panel.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import type { Colours } from './theme.ts';

const FOOT_PX = 20;
const HEAD_PX = 14;
const MARK_PX = 110;
/** One press of an arrow key moves the reading line so far, of the width. */
const KEY_STEP = 0.02;

type Frame = { readonly pen: CanvasRenderingContext2D; readonly width: number; readonly height: number };

class DepthChart implements MountedPanel {
  private readonly context: PanelContext;
  private readonly canvas: Canvas;
  private readonly readout = element('span', { class: 'soft number', id: 'depth-readout' });
  private book: BookSnapshot | null = null;
  /** Where the reading line stands, 0 to 1 of the width; null where there is none. */
  private reading: number | null = null;

  constructor(body: HTMLElement, context: PanelContext) {
    this.context = context;
    this.canvas = new Canvas(body, 'Depth chart');
    this.canvas.element.tabIndex = 0;
    context.tools.append(this.readout);
    this.listen();
    if (context.market === '') return;
    context.follow(`${BOOK_CHANNEL}.${context.market}` as `depth.${string}`, {}, (message) => {
      this.book = message;
    });
  }

  private listen(): void {
    const target = this.canvas.element;
    target.addEventListener('pointermove', (event) => this.read(event.offsetX / target.clientWidth));
    target.addEventListener('pointerleave', () => this.read(null));
    target.addEventListener('blur', () => this.read(null));
    target.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.read(Math.min(1, Math.max(0, (this.reading ?? 0.5) + step)));
    });
  }

  private read(at: number | null): void {
    this.reading = at;
    this.context.redraw();
  }

  update(): void {
    const view = this.book === null ? null : depthView(this.book.bids, this.book.asks);
    const frame = this.canvas.begin();
    if (frame === null || view === null) return;
    const colours = this.context.colours();
    this.drawAxis(frame, view, colours);
    this.drawSide(frame, view, view.bids, colours.up, colours.upBar, false);
    this.drawSide(frame, view, view.asks, colours.down, colours.downBar, true);
    this.drawSides(frame, colours);
    this.drawReading(frame, view, colours);
    const [bids, asks] = [view.bids.at(-1)?.total ?? 0, view.asks.at(-1)?.total ?? 0];
    this.canvas.describe(
      `Depth: ${shortCount(bids)} bid and ${shortCount(asks)} asked up to ${text(view.high - view.mid)} from the mid`,
    );
  }

  private xOf({ width }: Frame, { low, high }: DepthView, price: number): number {
    return ((price - low) / (high - low)) * width;
  }

  private yOf({ height }: Frame, { most }: DepthView, total: number): number {
    return height - FOOT_PX - (total / (most || 1)) * (height - FOOT_PX - HEAD_PX);
  }

  private drawAxis(frame: Frame, view: DepthView, colours: Colours): void {
    const { pen, width, height } = frame;
    pen.font = '11px system-ui, sans-serif';
    pen.strokeStyle = colours.grid;
    pen.fillStyle = colours.soft;
    pen.lineWidth = 1;
    pen.textAlign = 'center';
    for (const price of marks(view.low, view.high, Math.max(2, Math.floor(width / MARK_PX)))) {
      const x = Math.round(this.xOf(frame, view, price)) + 0.5;
      line(pen, x, 0, x, height - FOOT_PX);
      if (x > 30 && x < width - 30) pen.fillText(text(price), x, height - 6);
    }
    pen.textAlign = 'right';
    for (const total of marks(0, view.most, 3).slice(1)) {
      const y = Math.round(this.yOf(frame, view, total)) + 0.5;
      line(pen, 0, y, width, y);
      if (y > 2 * HEAD_PX) pen.fillText(shortCount(total), width - 4, y - 3);
    }
  }

  /** A stair keeps its total until the next level's price: depth is a step function, never a slope. */
  private drawSide(
    frame: Frame,
    view: DepthView,
    stairs: readonly Stair[],
    edge: string,
    ground: string,
    isUp: boolean,
  ): void {
    const { pen, width, height } = frame;
    if (stairs.length === 0) return;
    const floor = height - FOOT_PX;
    pen.beginPath();
    pen.moveTo(this.xOf(frame, view, stairs[0].price), floor);
    let y = floor;
    for (const { price, total } of stairs) {
      const x = this.xOf(frame, view, price);
      pen.lineTo(x, y);
      y = this.yOf(frame, view, total);
      pen.lineTo(x, y);
    }
    const end = isUp ? width : 0;
    pen.lineTo(end, y);
    pen.strokeStyle = edge;
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.lineTo(end, floor);
    pen.closePath();
    pen.fillStyle = ground;
    pen.fill();
  }

  private drawSides({ pen, width }: Frame, colours: Colours): void {
    pen.textAlign = 'left';
    pen.fillStyle = colours.up;
    pen.fillText('Bids', 6, 12);
    pen.textAlign = 'right';
    pen.fillStyle = colours.down;
    pen.fillText('Asks', width - 6, 12);
  }

  private drawReading(frame: Frame, view: DepthView, colours: Colours): void {
    if (this.reading === null) {
      setText(this.readout, `mid ${text(view.mid)}`);
      return;
    }
    const price = view.low + this.reading * (view.high - view.low);
    const side = price < view.mid ? view.bids : view.asks;
    const reached = side.filter((stair) => (price < view.mid ? stair.price >= price : stair.price <= price));
    const x = Math.round(this.reading * frame.width) + 0.5;
    frame.pen.strokeStyle = colours.accent;
    line(frame.pen, x, 0, x, frame.height - FOOT_PX);
    const away = ((price / view.mid - 1) * 10_000).toFixed(1);
    setText(this.readout, `${text(price)} (${away} bps): ${shortCount(reached.at(-1)?.total ?? 0)}`);
  }

  close(): void {
    this.book = null;
  }
}

function line(pen: CanvasRenderingContext2D, fromX: number, fromY: number, toX: number, toY: number): void {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

const text = (price: number): string => new Intl.NumberFormat('en', { maximumSignificantDigits: 8 }).format(price);

export const depthPanel: Panel = {
  id: 'depth',
  title: 'Depth',
  place: 'market',
  rhythm: 'changes',
  periodMs: 1_000,
  mount: (body, context) => new DepthChart(body, context),
};
