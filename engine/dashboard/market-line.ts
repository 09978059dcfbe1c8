// One row of the list of markets; used for another market when the list scrolls.

import { Canvas } from './canvas.ts';
import { element, setClass, setText } from './element.ts';
import { arrowChange, changeText, grouped, padded, shortCount, spanText, UNKNOWN } from './format.ts';
import type { ListedMarket } from './market-rows.ts';
import type { Colours } from './theme.ts';
import { stateLook, stateSign, stateText } from './trust.ts';

/** Of styles/market.css. */
export const ROW_PX = 40;

type Look = { readonly isChosen: boolean; readonly isCursor: boolean; readonly colours: Colours };

export class MarketLine {
  private readonly name = element('span', { class: 'name' });
  private readonly state = element('span', { class: 'state' });
  private readonly venue = element('span', { class: 'venue soft' });
  private readonly button = element('button', { type: 'button' }, this.name, this.state, ' ', this.venue);
  private readonly last = element('td');
  private readonly change = element('td');
  private readonly rate = element('td', { class: 'soft' });
  private readonly spark: Canvas;
  private readonly line: HTMLTableRowElement;
  market = '';

  constructor(before: Element) {
    const box = element('div', { class: 'spark' });
    this.spark = new Canvas(box, '');
    const head = element('th', { scope: 'row' }, this.button);
    this.line = element('tr', {}, head, this.last, this.change, this.rate, element('td', {}, box));
    before.before(this.line);
  }

  get hasFocus(): boolean {
    return document.activeElement === this.button;
  }

  focus(): void {
    if (!this.hasFocus) this.button.focus({ preventScroll: true });
  }

  remove(): void {
    this.line.remove();
  }

  show(row: ListedMarket, index: number, { isChosen, isCursor, colours }: Look): void {
    this.market = row.market;
    this.line.dataset['index'] = String(index);
    this.line.setAttribute('aria-rowindex', String(index + 2));
    setClass(this.line, isChosen ? 'chosen' : '');
    this.button.tabIndex = isCursor ? 0 : -1;
    if (isChosen) this.button.setAttribute('aria-current', 'true');
    else this.button.removeAttribute('aria-current');
    const colon = row.market.indexOf(':');
    setText(this.name, row.market.slice(colon + 1));
    setText(this.venue, row.market.slice(0, Math.max(0, colon)));
    this.button.title = `${row.market}: ${stateText(row.state, row.reason)}`;
    setText(this.state, `${stateSign(row.state)} ${row.state}`);
    setClass(this.state, `state ${stateLook(row.state)}`);
    setText(this.last, row.last === null ? UNKNOWN : grouped(padded(row.last, row.decimals)));
    setText(this.rate, shortCount(row.rate));
    this.showChange(row);
    this.draw(row, colours);
  }

  private showChange({ past }: ListedMarket): void {
    const [first, last] = [past.first ?? 0, past.last ?? 0];
    setText(this.change, arrowChange(first, last));
    setClass(this.change, last === first ? 'soft' : last > first ? 'up' : 'down');
    this.change.title = `over ${spanText(past.spanMs)}`;
  }

  private draw({ past }: ListedMarket, colours: Colours): void {
    const frame = this.spark.begin();
    if (frame === null || past.count < 2) return;
    const { pen, width, height } = frame;
    const points = past.points(width - 4, height - 6);
    pen.beginPath();
    for (const { x, y } of points) pen.lineTo(x + 2, y + 3);
    pen.strokeStyle = (past.last ?? 0) >= (past.first ?? 0) ? colours.up : colours.down;
    pen.lineWidth = 1.25;
    pen.stroke();
    this.spark.describe(`Prices of ${spanText(past.spanMs)}, ${changeText(past.first ?? 0, past.last ?? 0)}`);
  }
}
