// A canvas that fills its parent, sharp on any screen; made anew in size before each drawing.

import { element } from './element.ts';

/** Enough for sharp lines; above it only memory grows. */
const RATIO_MAX = 2;

export class Canvas {
  readonly element: HTMLCanvasElement;
  private readonly parent: HTMLElement;

  constructor(parent: HTMLElement, label: string) {
    this.parent = parent;
    this.element = element('canvas', { role: 'img', 'aria-label': label });
    parent.append(this.element);
  }

  /** The context in CSS pixels, cleared, with the size; null where there is no place. */
  begin(): { pen: CanvasRenderingContext2D; width: number; height: number } | null {
    const { clientWidth: width, clientHeight: height } = this.parent;
    const pen = this.element.getContext('2d');
    if (pen === null || width < 20 || height < 20) return null;
    const ratio = Math.min(RATIO_MAX, devicePixelRatio);
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.element.width !== wide) this.element.width = wide;
    if (this.element.height !== high) this.element.height = high;
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  }

  /** What the drawing says, for those who do not see it. */
  describe(text: string): void {
    if (this.element.getAttribute('aria-label') !== text) this.element.setAttribute('aria-label', text);
  }
}
