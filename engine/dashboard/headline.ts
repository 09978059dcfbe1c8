// The chosen market in the header: name, price and trust state; picks the first market where none is chosen.

import type { BookStateName, BookTicker, Markets } from '../../schemas/feed.ts';
import { byId, element, setClass, setText } from './element.ts';
import { decimalsOf, grouped, padded, UNKNOWN } from './format.ts';
import { type Following, followWhileVisible, type Source } from './source.ts';
import { stateLook, stateText } from './trust.ts';

const EACH_SECOND = { interval: '1s' };

export class Headline {
  private readonly source: Source;
  private readonly name = element('span', { class: 'name' });
  private readonly last = element('span', { class: 'last' });
  private readonly state = element('span', { class: 'state' });
  private readonly announce: (text: string) => void;
  private readonly pick: (market: string) => void;
  private market = '';
  private stateTold = '';
  private decimals = 0;
  /** Of a chosen market that `markets` does not tell of, as it tells of the first 500 alone. */
  private own: readonly Following[] = [];

  constructor(source: Source, announce: (text: string) => void, pick: (market: string) => void) {
    this.source = source;
    this.announce = announce;
    this.pick = pick;
    byId('headline').append(this.name, this.last, this.state);
    followWhileVisible(() => [
      source.follow('markets', {}, (message) => this.take(message)),
      { close: () => this.leaveOwn() },
    ]);
  }

  show(market: string): void {
    this.leaveOwn();
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
    if (row === undefined) {
      this.followOwn();
      return;
    }
    this.leaveOwn();
    this.showPrice(row.last === null ? UNKNOWN : this.priceText(row.last), 'last trade');
    this.showState(row.state, row.reason);
  }

  /** Its state and best prices: two small subscriptions, while it is the one chosen. */
  private followOwn(): void {
    const { market, source } = this;
    if (market === '' || this.own.length > 0) return;
    this.own = [
      source.follow(`status.${market}`, {}, ({ state, reason }) => this.showState(state, reason)),
      source.follow(`bbo.${market}`, EACH_SECOND, (message) => this.showBest(message)),
    ];
  }

  private leaveOwn(): void {
    for (const each of this.own) each.close();
    this.own = [];
  }

  private showBest({ bidPrice, askPrice, state, reason }: BookTicker): void {
    const [bid, ask] = [bidPrice, askPrice].map((price) => (price === null ? UNKNOWN : this.priceText(price)));
    this.showPrice(`${bid} / ${ask}`, 'best bid / best ask');
    this.showState(state, reason);
  }

  private priceText(price: string): string {
    return grouped(padded(price, this.decimalsOf(price)));
  }

  private showPrice(price: string, meaning: string): void {
    setText(this.last, price);
    this.last.title = meaning;
    document.title = `${price} ${this.market} · Millrace`;
  }

  private showState(state: BookStateName, reason: string | null): void {
    setText(this.state, stateText(state, reason));
    setClass(this.state, `state ${stateLook(state)}`);
    if (this.stateTold !== '' && this.stateTold !== state) this.announce(`${this.market} is ${state}`);
    this.stateTold = state;
  }
}
