// The chosen market in the header: name, last price and trust state; picks the first market where none is chosen.

import type { Markets } from '../../schemas/feed.ts';
import { byId, element, setClass, setText } from './element.ts';
import { decimalsOf, grouped, padded, UNKNOWN } from './format.ts';
import { followWhileVisible, type Source } from './source.ts';
import { stateLook, stateText } from './trust.ts';

export class Headline {
  private readonly name = element('span', { class: 'name' });
  private readonly last = element('span', { class: 'last' });
  private readonly state = element('span', { class: 'state' });
  private readonly announce: (text: string) => void;
  private readonly pick: (market: string) => void;
  private market = '';
  private stateTold = '';
  private decimals = 0;

  constructor(source: Source, announce: (text: string) => void, pick: (market: string) => void) {
    this.announce = announce;
    this.pick = pick;
    byId('headline').append(this.name, this.last, this.state);
    followWhileVisible(() => [source.follow('markets', {}, (message) => this.take(message))]);
  }

  show(market: string): void {
    this.market = market;
    this.stateTold = '';
    this.decimals = 0;
    setText(this.name, market);
    setText(this.last, '');
    setText(this.state, '');
    document.title = market === '' ? 'Millrace' : `${market} · Millrace`;
  }

  /** The most seen: a price that ends in 0 is not shorter than its neighbours. */
  private decimalsOf(price: string): number {
    this.decimals = Math.max(this.decimals, decimalsOf(price));
    return this.decimals;
  }

  private take({ markets }: Markets): void {
    if (this.market === '' && markets.length > 0) this.pick(markets[0].market);
    const row = markets.find(({ market }) => market === this.market);
    if (row === undefined) return;
    const price = row.last === null ? UNKNOWN : grouped(padded(row.last, this.decimalsOf(row.last)));
    setText(this.last, price);
    setText(this.state, stateText(row.state, row.reason));
    setClass(this.state, `state ${stateLook(row.state)}`);
    if (this.stateTold !== '' && this.stateTold !== row.state) this.announce(`${this.market} is ${row.state}`);
    this.stateTold = row.state;
    document.title = `${price} ${this.market} · Millrace`;
  }
}
