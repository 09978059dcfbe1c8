// All panels: puts them into their sections, watches which are seen, and tells them the time and the choice.

import type { Choice } from './choice.ts';
import { byId } from './element.ts';
import type { Panel } from './panel.ts';
import { type FrameParts, PanelFrame } from './panel-frame.ts';

const TICK_MS = 500;

export class Board {
  private readonly frames: readonly PanelFrame[];

  constructor(panels: readonly Panel[], parts: FrameParts) {
    this.frames = panels.map((panel) => new PanelFrame(panel, parts));
    const bySection = new Map(this.frames.map((frame) => [frame.section as Element, frame]));
    const sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) bySection.get(target)?.setOnScreen(isIntersecting);
    });
    for (const frame of this.frames) {
      byId(`${frame.panel.place}-panels`).append(frame.section);
      frame.mount();
      sight.observe(frame.section);
    }
    document.addEventListener('visibilitychange', () => {
      for (const frame of this.frames) frame.look();
    });
    setInterval(() => this.tick(), TICK_MS);
  }

  private tick(): void {
    if (document.hidden) return;
    const nowMs = performance.now();
    for (const frame of this.frames) frame.tick(nowMs);
  }

  chosen(now: Choice, before: Choice): void {
    const isOther = now.market !== before.market;
    for (const frame of this.frames) {
      const { place, isOfAllMarkets } = frame.panel;
      const isOfBars = now.barKind !== before.barKind && frame.panel.id === 'candles';
      if (place === 'market' && !isOfAllMarkets && (isOther || isOfBars)) frame.mount();
      else if (isOther) frame.redraw();
    }
  }

  /**
   * Paper waits for no animation frame, and has the panels that the window does not show too. The candles draw in frames
   * alone (lightweight-charts), so they keep their colours, and print.css turns dark ones light.
   */
  recoloured(isPaper: boolean): void {
    for (const frame of this.frames) {
      if (!isPaper) frame.redraw();
      else if (frame.panel.id !== 'candles') frame.drawNow();
    }
  }

  reconnected(): void {
    for (const frame of this.frames) frame.reload();
  }
}
