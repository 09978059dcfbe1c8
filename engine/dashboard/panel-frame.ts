// One panel's frame: title, age, greying, folding; lets the panel follow and draw only while somebody sees it.

import type { SubscriptionOptions } from '../../schemas/feed.ts';
import { RequestError } from '../client/index.ts';
import type { Choice } from './choice.ts';
import { element, setText } from './element.ts';
import { ageText, spanText } from './format.ts';
import type { MountedPanel, Panel, PanelContext, Read, Take } from './panel.ts';
import type { Following, Source } from './source.ts';
import type { Colours } from './theme.ts';

/** Old after so many periods without data. */
const PERIODS_STALE = 3;
/** Scrolling past a panel opens and closes nothing. */
const LEAVING_MS = 1_500;
/** What is on paper stands still. */
const paper = matchMedia('print');

export type FrameParts = {
  readonly source: Source;
  readonly choice: () => Choice;
  readonly colours: () => Colours;
  readonly choose: (choice: Partial<Choice>) => void;
  readonly announce: (text: string) => void;
};

type Feed = { open(): Following };
type Loading = {
  readonly run: () => Promise<void>;
  readonly everyMs: number | undefined;
  dueAt: number;
  isRunning: boolean;
};

export class PanelFrame {
  readonly panel: Panel;
  readonly section: HTMLElement;
  private readonly parts: FrameParts;
  private readonly body = element('div', { class: 'body' });
  private readonly tools = element('div', { class: 'panel-tools' });
  private readonly age = element('span', { class: 'age' });
  private readonly noteLine = element('p', { class: 'note' });
  private readonly fold = element('button', { type: 'button', class: 'collapse', 'aria-expanded': 'true' }, '▾');
  private mounted: MountedPanel | null = null;
  private feeds: Feed[] = [];
  private loads: Loading[] = [];
  private open: Following[] = [];
  /** Counts mounts: answers to one that is gone are not taken. */
  private life = 0;
  private isOnScreen = false;
  private isFolded = false;
  private isSeen = false;
  private leaving = 0;
  private frame = 0;
  private dataAt = 0;
  private seenAt = 0;
  private wasStale = false;

  constructor(panel: Panel, parts: FrameParts) {
    this.panel = panel;
    this.parts = parts;
    this.section = this.build();
    this.fold.addEventListener('click', () => this.setFolded(!this.isFolded));
    new ResizeObserver(() => this.redraw()).observe(this.body);
  }

  private build(): HTMLElement {
    const { id, title, isWide } = this.panel;
    const heading = element('h3', { id: `${id}-title` }, title);
    this.fold.setAttribute('aria-label', `Fold ${title}`);
    const head = element('header', {}, heading, this.tools, this.age, this.fold);
    const attributes = { id: `${id}-panel`, class: isWide ? 'panel wide' : 'panel', 'aria-labelledby': `${id}-title` };
    return element('section', { ...attributes, tabindex: '-1' }, head, this.noteLine, this.body);
  }

  /** Begins, or begins anew with what is chosen now. */
  mount(): void {
    this.unmount();
    this.life++;
    this.dataAt = 0;
    this.seenAt = performance.now();
    this.mounted = this.panel.mount(this.body, this.context());
    if (this.isSeen) this.start();
    this.redraw();
  }

  private unmount(): void {
    this.pause();
    this.feeds = [];
    this.loads = [];
    this.mounted?.close();
    this.mounted = null;
    this.body.replaceChildren();
    this.tools.replaceChildren();
    this.note('');
  }

  private context(): PanelContext {
    const { life, parts } = this;
    const { market, barKind } = parts.choice();
    return {
      market,
      barKind,
      chosen: () => parts.choice().market,
      tools: this.tools,
      colours: parts.colours,
      follow: (channel, options, take) => this.follow(channel, options, take),
      load: (read, everyMs) => this.load(read, everyMs),
      redraw: () => this.redraw(),
      note: (text, isWarning) => {
        if (life === this.life) this.note(text, isWarning);
      },
      choose: parts.choose,
    };
  }

  private follow<Channel extends string>(channel: Channel, options: SubscriptionOptions, take: Take<Channel>): void {
    const { life } = this;
    const told: Take<Channel> = (message) => {
      if (life !== this.life) return;
      take(message);
      this.touch();
    };
    const feed: Feed = {
      open: () =>
        this.parts.source.follow(channel, options, told, (why) => {
          if (life === this.life) this.note(why, true);
        }),
    };
    this.feeds.push(feed);
    if (this.isSeen && this.mounted !== null) this.open.push(feed.open());
  }

  private load(read: (read: Read) => Promise<void>, everyMs?: number): void {
    const { life } = this;
    const run = async (): Promise<void> => {
      try {
        await read(this.parts.source.read);
        if (life !== this.life) return;
        this.note('');
        this.touch();
      } catch (error) {
        // That nobody answers is told once, by the connection in the header.
        const isAway = error instanceof RequestError && error.status === 0;
        if (life === this.life && !isAway) this.note(error instanceof Error ? error.message : String(error), true);
      }
    };
    const loading: Loading = { run, everyMs, dueAt: 0, isRunning: false };
    this.loads.push(loading);
    if (this.isSeen && this.mounted !== null) this.runLoad(loading);
  }

  private runLoad(loading: Loading): void {
    if (loading.isRunning) return;
    loading.isRunning = true;
    loading.dueAt = loading.everyMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + loading.everyMs;
    void loading.run().finally(() => {
      loading.isRunning = false;
    });
  }

  private touch(): void {
    this.dataAt = performance.now();
    this.redraw();
  }

  redraw(): void {
    if (this.frame !== 0 || !this.isSeen || this.mounted === null || paper.matches) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.isSeen && !paper.matches) this.mounted?.update();
    });
  }

  drawNow(): void {
    this.mounted?.update();
  }

  private note(text: string, isWarning = false): void {
    if (isWarning && this.noteLine.textContent !== text) this.parts.announce(`${this.panel.title}: ${text}`);
    setText(this.noteLine, text);
    this.noteLine.classList.toggle('warning', isWarning && text !== '');
  }

  private setFolded(isFolded: boolean): void {
    this.isFolded = isFolded;
    this.section.classList.toggle('collapsed', isFolded);
    this.fold.setAttribute('aria-expanded', String(!isFolded));
    this.fold.setAttribute('aria-label', `${isFolded ? 'Unfold' : 'Fold'} ${this.panel.title}`);
    setText(this.fold, isFolded ? '▸' : '▾');
    this.look();
  }

  setOnScreen(isOnScreen: boolean): void {
    this.isOnScreen = isOnScreen;
    this.look();
  }

  /** Starts at once what comes into sight; stops what is out of sight for a while, or in a hidden tab. */
  look(): void {
    clearTimeout(this.leaving);
    const isSeen = this.isOnScreen && !this.isFolded && !document.hidden;
    if (isSeen && !this.isSeen) this.start();
    if (!isSeen && this.isSeen) this.leaving = window.setTimeout(() => this.leave(), document.hidden ? 0 : LEAVING_MS);
  }

  private start(): void {
    this.isSeen = true;
    this.seenAt = performance.now();
    if (this.mounted === null) return;
    this.open = this.feeds.map((feed) => feed.open());
    for (const loading of this.loads) this.runLoad(loading);
    this.redraw();
  }

  private leave(): void {
    this.isSeen = false;
    this.pause();
  }

  private pause(): void {
    for (const each of this.open) each.close();
    this.open = [];
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /** The connection is back: what is read once is read again. */
  reload(): void {
    if (this.isSeen) for (const loading of this.loads) this.runLoad(loading);
  }

  /** Once a second: age, staleness, reads that are due. */
  tick(nowMs: number): void {
    if (this.isSeen) for (const loading of this.loads) if (nowMs >= loading.dueAt) this.runLoad(loading);
    this.showAge(nowMs);
  }

  private showAge(nowMs: number): void {
    const isStale = this.isSeen && this.silenceMs(nowMs) > PERIODS_STALE * this.panel.periodMs;
    const ageMs = nowMs - this.dataAt;
    const isDown = !this.parts.source.isConnected;
    const isOld = isStale || (isDown && this.dataAt !== 0);
    if (this.dataAt === 0) setText(this.age, isStale ? 'no data' : '…');
    else if (isOld) setText(this.age, `⚠ stale ${spanText(ageMs)}`);
    else setText(this.age, this.isSeen ? ageText(ageMs) : 'paused');
    this.section.classList.toggle('stale', isOld);
    if (isOld !== this.wasStale && !isDown)
      this.parts.announce(`${this.panel.title} ${isOld ? 'is stale' : 'is current'}`);
    this.wasStale = isOld;
  }

  private silenceMs(nowMs: number): number {
    const { rhythm } = this.panel;
    const heard = rhythm === 'changes' ? Math.max(this.dataAt, this.parts.source.heardAt) : this.dataAt;
    return nowMs - Math.max(heard, this.seenAt);
  }
}
