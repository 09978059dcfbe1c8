// The ladder: the best levels of both sides around the spread, with what has to be taken to reach each price.

import type { BookSnapshot } from '../../schemas/feed.ts';
import { type LadderLevel, ladderLevels, stepsOf } from './decimal-levels.ts';
import { element, select, setClass, setText } from './element.ts';
import { grouped, UNKNOWN } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import { stateLook, stateText } from './trust.ts';

/** Levels a side that are asked for: the depth chart beside it reads the same channel. */
export const BOOK_CHANNEL = 'depth.100.1s';
const ROW_PX = 20;
const HEAD_PX = 22;
const MIDDLE_PX = 46;
const ROWS_MAX = 40;

type Row = { readonly line: HTMLTableRowElement; readonly cells: readonly [HTMLElement, HTMLElement, HTMLElement] };

/** With all its digits for a pointer that rests on it, as a narrow cell may not show them. */
function setNumber(cell: HTMLElement, text: string | undefined): void {
  const shown = text === undefined ? '' : grouped(text);
  if (cell.title !== shown) cell.title = shown;
  setText(cell, shown);
}

class Ladder implements MountedPanel {
  private readonly body: HTMLElement;
  private readonly asks = element('tbody', { class: 'asks', 'aria-label': 'Asks' });
  private readonly bids = element('tbody', { class: 'bids', 'aria-label': 'Bids' });
  private readonly middle = element('th', { colspan: '3', scope: 'rowgroup' });
  private readonly banner = element('p', { class: 'banner' });
  private readonly step = select('Price step', [['', 'every price']]);
  private rows: { asks: Row[]; bids: Row[] } = { asks: [], bids: [] };
  private steps = '';
  private book: BookSnapshot | null = null;

  constructor(body: HTMLElement, context: PanelContext) {
    this.body = body;
    const names = ['Price', 'Amount', 'Total'].map((name) => element('th', { scope: 'col' }, name));
    const caption = element('caption', { class: 'quiet' }, `Ladder of ${context.market}, best prices in the middle`);
    const middle = element('tbody', { class: 'middle' }, element('tr', {}, this.middle));
    const head = element('thead', {}, element('tr', {}, ...names));
    this.banner.hidden = true;
    body.append(this.banner, element('table', { class: 'ladder' }, caption, head, this.asks, middle, this.bids));
    context.tools.append(this.step);
    this.step.addEventListener('change', () => context.redraw());
    if (context.market === '') return;
    context.follow(`${BOOK_CHANNEL}.${context.market}` as `depth.${string}`, {}, (message) => {
      this.book = message;
    });
  }

  update(): void {
    const { book } = this;
    if (book === null) return;
    this.showState(book);
    this.offerSteps(book);
    const count = this.fit();
    const asks = ladderLevels(book.asks, this.step.value, count, true);
    const bids = ladderLevels(book.bids, this.step.value, count, false);
    const most = Math.max(asks.at(-1)?.totalNumber ?? 0, bids.at(-1)?.totalNumber ?? 0);
    this.fill(this.rows.asks, asks, count, most, true);
    this.fill(this.rows.bids, bids, count, most, false);
    this.showMiddle(book);
  }

  private showState({ state, reason }: BookSnapshot): void {
    this.banner.hidden = state === 'live';
    setClass(this.banner, `banner ${stateLook(state)}`);
    setText(this.banner, `Not to be traded on: ${stateText(state, reason)}`);
  }

  private offerSteps({ asks, bids }: BookSnapshot): void {
    const steps = stepsOf([...asks, ...bids]).slice(1);
    if (this.steps === steps.join() || this.step === document.activeElement) return;
    this.steps = steps.join();
    const { value } = this.step;
    this.step.replaceChildren(element('option', { value: '' }, 'every price'));
    for (const step of steps) this.step.append(element('option', { value: step }, `by ${step}`));
    this.step.value = steps.includes(value) ? value : '';
  }

  /** As many rows a side as the body has place for. */
  private fit(): number {
    const free = this.body.clientHeight - HEAD_PX - MIDDLE_PX - (this.banner.hidden ? 0 : this.banner.offsetHeight);
    const count = Math.max(3, Math.min(ROWS_MAX, Math.floor(free / ROW_PX / 2)));
    for (const side of ['asks', 'bids'] as const) {
      const rows = this.rows[side];
      while (rows.length < count) rows.push(this.addRow(side));
      while (rows.length > count) rows.pop()?.line.remove();
    }
    return count;
  }

  /** Rows of asks stand in reverse, the best at the foot. */
  private addRow(side: 'asks' | 'bids'): Row {
    const cells = [
      element('td', { class: side === 'asks' ? 'down' : 'up' }),
      element('td'),
      element('td', { class: 'soft' }),
    ] as const;
    const line = element('tr', {}, ...cells);
    if (side === 'asks') this.asks.prepend(line);
    else this.bids.append(line);
    return { line, cells };
  }

  private fill(
    rows: readonly Row[],
    levels: readonly LadderLevel[],
    count: number,
    most: number,
    isAsk: boolean,
  ): void {
    for (let rank = 0; rank < count; rank++) {
      const { line, cells } = rows[rank];
      const level = levels[rank];
      setNumber(cells[0], level?.price);
      setNumber(cells[1], level?.amount);
      setNumber(cells[2], level?.total);
      const share = level === undefined || most === 0 ? 0 : (level.totalNumber / most) * 100;
      line.style.backgroundImage = `linear-gradient(to left, var(--${isAsk ? 'down' : 'up'}-bar) ${share.toFixed(1)}%, transparent 0)`;
    }
  }

  private showMiddle({ spread, mid, microprice, bookSeq, imbalance }: BookSnapshot): void {
    const shownMid = mid === null ? UNKNOWN : grouped(mid);
    const shownSpread = `spread ${spread ?? UNKNOWN}`;
    const parts = [
      element('span', { class: 'mid', title: shownMid }, shownMid),
      element('span', { title: shownSpread }, shownSpread),
      element(
        'span',
        { title: `microprice ${microprice ?? UNKNOWN}` },
        `imbalance ${imbalance?.toFixed(2) ?? UNKNOWN}`,
      ),
      element('span', { class: 'soft seq' }, `seq ${bookSeq}`),
    ];
    this.middle.replaceChildren(...parts);
  }

  close(): void {
    this.book = null;
  }
}

export const ladderPanel: Panel = {
  id: 'ladder',
  title: 'Ladder',
  place: 'market',
  rhythm: 'changes',
  periodMs: 1_000,
  mount: (body, context) => new Ladder(body, context),
};
