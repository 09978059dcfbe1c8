// The list of markets: trust state, last price, change, rate and an hour's sparkline; filter, order, keys; only rows in sight exist.

import type { BookStateName } from '../../schemas/feed.ts';
import { element, select, setClass, setText } from './element.ts';
import { countText } from './format.ts';
import { MarketLine, ROW_PX } from './market-line.ts';
import {
  filtered,
  type ListedMarket,
  MarketRows,
  type Order,
  ordered,
  PAST_AGAIN_MS,
  type PastPrices,
  takePast,
  wantsPast,
  windowOf,
} from './market-rows.ts';
import type { MountedPanel, Panel, PanelContext, Read } from './panel.ts';

const NAMES_MS = 30_000;
const BEYOND = 4;
/** Pasts are read for rows in sight, one after the other. */
const PASTS_AT_ONCE = 4;
const PAST_BARS = 60;
const PAST_BARS_FEW = 3;
const ORDERS: readonly (readonly [Order, string])[] = [
  ['given', 'engine order'],
  ['name', 'by name'],
  ['change', 'by change'],
  ['rate', 'by rate'],
  ['state', 'worst first'],
];

type PastBar = {
  readonly startTimestamp: string;
  readonly timestamp: string | null;
  readonly open: string | null;
  readonly close: string | null;
};

/** Where the first bar opened, then where each closed. */
function pastOf(bars: readonly PastBar[]): PastPrices {
  const told = bars.filter(({ close }) => close !== null);
  if (told.length === 0) return { points: [], last: null };
  const first = { atMs: Date.parse(told[0].startTimestamp), price: Number(told[0].open) };
  const closes = told.map((bar) => ({
    atMs: Date.parse(bar.timestamp ?? bar.startTimestamp),
    price: Number(bar.close),
  }));
  return { points: [first, ...closes], last: told[told.length - 1].close };
}

class MarketList implements MountedPanel {
  private readonly context: PanelContext;
  private readonly markets = new MarketRows();
  private readonly filter = element('input', {
    type: 'search',
    placeholder: 'Filter ( / )',
    'aria-label': 'Filter the markets',
  });
  private readonly order = select('Order of the markets', ORDERS);
  private readonly scroll = element('div', { class: 'scroll', tabindex: '-1' });
  private readonly above = element('tr', { 'aria-hidden': 'true' }, element('td', { colspan: '5' }));
  private readonly below = element('tr', { 'aria-hidden': 'true' }, element('td', { colspan: '5' }));
  private readonly rows = element('tbody', {}, this.above, this.below);
  private readonly table = element('table', { class: 'markets' });
  private readonly count = element('p', { class: 'count soft' });
  private readonly lines: MarketLine[] = [];
  private shown: ListedMarket[] = [];
  /** The row that Tab reaches, and from which the arrow keys move. */
  private cursor = '';
  private read: Read | null = null;
  private reading = 0;
  private readonly step = (event: Event): void => this.stepBy((event as CustomEvent<number>).detail);

  constructor(body: HTMLElement, context: PanelContext) {
    this.context = context;
    const names = ['Market', 'Last', 'Change', '/s', 'Trend'].map((name) => element('th', { scope: 'col' }, name));
    const caption = element('caption', { class: 'quiet' }, 'Markets');
    this.table.append(caption, element('thead', {}, element('tr', {}, ...names)), this.rows);
    this.scroll.append(this.table);
    body.append(element('div', { class: 'controls' }, this.filter, this.order), this.scroll, this.count);
    this.listen();
    context.follow('markets', {}, (message) => this.markets.take(message.markets, Date.parse(message.localTimestamp)));
    context.load(async (read) => {
      this.read = read;
      this.markets.takeNames(
        await read<{ market: string; state: BookStateName; reason: string | null }[]>('/v1/markets'),
      );
    }, NAMES_MS);
  }

  private listen(): void {
    this.filter.addEventListener('input', () => {
      this.scroll.scrollTop = 0;
      this.context.redraw();
    });
    this.filter.addEventListener('keydown', (event) => this.filterKey(event));
    this.order.addEventListener('change', () => this.context.redraw());
    this.scroll.addEventListener('scroll', () => this.context.redraw(), { passive: true });
    this.rows.addEventListener('keydown', (event) => this.rowKey(event));
    this.rows.addEventListener('click', (event) => {
      const row = (event.target as Element).closest<HTMLElement>('tr[data-index]');
      if (row !== null) this.choose(Number(row.dataset['index']));
    });
    document.addEventListener('millrace-step', this.step);
  }

  private filterKey(event: KeyboardEvent): void {
    if (event.key === 'Enter') this.choose(0);
    else if (event.key === 'ArrowDown') this.moveTo(0);
    else if (event.key === 'Escape') {
      this.filter.value = '';
      this.context.redraw();
    } else return;
    event.preventDefault();
  }

  private rowKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW_PX) - 2);
    const at = this.shown.findIndex(({ market }) => market === (this.focused ?? this.cursor));
    const last = this.shown.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
      ...{ Home: 0, End: last },
    };
    if (event.key in moves) this.moveTo(Math.min(last, Math.max(0, moves[event.key])));
    else return;
    event.preventDefault();
  }

  private moveTo(index: number): void {
    const row = this.shown[index];
    if (row === undefined) return;
    this.cursor = row.market;
    const top = index * ROW_PX;
    const { scrollTop, clientHeight } = this.scroll;
    const head = this.table.tHead?.offsetHeight ?? 0;
    if (top < scrollTop) this.scroll.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight - head) this.scroll.scrollTop = top + ROW_PX + head - clientHeight;
    this.update();
    this.lines.find((line) => line.market === this.cursor)?.focus();
  }

  private choose(index: number): void {
    const row = this.shown[index];
    if (row === undefined) return;
    this.cursor = row.market;
    this.context.choose({ market: row.market });
    this.context.redraw();
  }

  /** `j` and `k` choose at once. */
  private stepBy(step: number): void {
    const at = this.shown.findIndex(({ market }) => market === this.context.chosen());
    const next = Math.min(this.shown.length - 1, Math.max(0, at + step));
    if (next >= 0) this.choose(next);
  }

  update(): void {
    const chosen = this.context.chosen();
    this.shown = ordered(filtered(this.markets.all, this.filter.value), this.order.value as Order);
    if (!this.shown.some(({ market }) => market === this.cursor)) {
      this.cursor = (this.shown.find(({ market }) => market === chosen) ?? this.shown[0])?.market ?? '';
    }
    const { scrollTop, clientHeight } = this.scroll;
    const { from, to } = windowOf(this.shown.length, scrollTop, clientHeight, ROW_PX, BEYOND);
    this.showWindow(from, to, chosen);
    this.table.setAttribute('aria-rowcount', String(this.shown.length + 1));
    setText(this.count, this.countLine());
  }

  /** Where the channel does not tell of all markets, how old the others are: a price of 10 s ago is none of now. */
  private countLine(): string {
    const [all, told] = [this.markets.all.length, this.markets.toldCount];
    const of = this.shown.length === all ? '' : ` of ${countText(all)}`;
    const count = `${countText(this.shown.length)}${of} ${all === 1 ? 'market' : 'markets'}`;
    if (told === 0 || told === all) return count;
    const ages = `prices each ${PAST_AGAIN_MS / 1_000} s, states each ${NAMES_MS / 1_000} s`;
    return `${count}. Each second the first ${countText(told)}; of others in sight ${ages}.`;
  }

  private get focused(): string | undefined {
    return this.lines.find((line) => line.hasFocus)?.market;
  }

  private showWindow(from: number, to: number, chosen: string): void {
    const { focused } = this;
    while (this.lines.length > to - from) this.lines.pop()?.remove();
    while (this.lines.length < to - from) this.lines.push(new MarketLine(this.below));
    const colours = this.context.colours();
    // Where the cursor is scrolled out of sight, Tab still has to reach the list: at its first row in sight.
    const inSight = this.shown.slice(from, to);
    const isHere = inSight.some(({ market }) => market === this.cursor);
    const stop = isHere ? this.cursor : inSight[Math.min(BEYOND, from)]?.market;
    this.lines.forEach((line, at) => {
      const row = this.shown[from + at];
      line.show(row, from + at, { isChosen: row.market === chosen, isCursor: row.market === stop, colours });
      this.askPast(row);
    });
    // Rows are reused by place: the focus goes with the market, not with the place.
    if (focused !== undefined) this.lines.find((line) => line.market === focused)?.focus();
    setHeight(this.above, from * ROW_PX);
    setHeight(this.below, (this.shown.length - to) * ROW_PX);
    setClass(this.rows, this.shown.length === 0 ? 'empty' : '');
  }

  /** The hour before this page was opened, where it has bars of a minute. */
  private askPast(row: ListedMarket): void {
    const { read } = this;
    const nowMs = performance.now();
    if (read === null || this.reading >= PASTS_AT_ONCE || !wantsPast(row, nowMs)) return;
    row.pastAskedAtMs = nowMs;
    this.reading++;
    this.readPast(read, row.market)
      .then((bars) => takePast(row, pastOf(bars)))
      .catch(() => undefined)
      .finally(() => {
        this.reading--;
        this.context.redraw();
      });
  }

  /** Bars of a minute; of a second where those are too few to show anything. */
  private async readPast(read: Read, market: string): Promise<PastBar[]> {
    const path = `/v1/bars/${encodeURIComponent(market)}?kind=`;
    const minutes = await read<PastBar[]>(`${path}1m&limit=${PAST_BARS}`);
    return minutes.length < PAST_BARS_FEW ? read<PastBar[]>(`${path}1s&limit=${2 * PAST_BARS}`) : minutes;
  }

  close(): void {
    document.removeEventListener('millrace-step', this.step);
  }
}

function setHeight(row: HTMLElement, height: number): void {
  row.hidden = height <= 0;
  row.style.height = `${Math.max(0, height)}px`;
}

export const marketsPanel: Panel = {
  id: 'markets',
  title: 'Markets',
  place: 'market',
  rhythm: 'clocked',
  periodMs: 1_000,
  isOfAllMarkets: true,
  mount: (body, context) => new MarketList(body, context),
};
