// What each market offers by its plan: which bar kinds, which signals, and whether its book is kept.

import { type MarketPlan, type MarketPlans, planFor } from '../base/market-plans.ts';
import type { MarketNames } from '../memory/market-names.ts';
import type { Channel, ChannelError } from './channels.ts';

const BOOK_CHANNELS: readonly string[] = ['book', 'bbo', 'depth'];

export class MarketOffers {
  readonly plans: MarketPlans;
  private readonly names: MarketNames;
  private readonly byMarket: MarketPlan[] = [];

  constructor(plans: MarketPlans, names: MarketNames) {
    this.plans = plans;
    this.names = names;
  }

  planOf(market: number): MarketPlan {
    const { plans } = this.plans;
    this.byMarket[market] ??= planFor(this.plans, this.names.of(market).name) ?? plans[plans.length - 1];
    return this.byMarket[market];
  }

  /** Names of the bar kinds that anyone may ask this market for. */
  barsOf(market: number): string[] {
    const { bars, visibleBars } = this.planOf(market);
    return bars.slice(0, visibleBars).map((number) => this.plans.barKinds[number].name);
  }

  signalsOf(market: number): string[] {
    return this.planOf(market).signals.map((number) => this.plans.signals[number].name);
  }

  /** Why the market has no such channel; null where it has. */
  refusal(channel: Channel, market: number): ChannelError | null {
    if (market < 0) return null;
    const plan = this.planOf(market);
    const { name } = this.names.of(market);
    if (channel.kind === 'bar' && !plan.bars.slice(0, plan.visibleBars).includes(channel.number)) {
      return { category: 'range', message: `bar: expected one of ${this.barsOf(market).join(', ')} for ${name}` };
    }
    if (channel.kind === 'signal' && !plan.signals.includes(channel.number)) {
      return { category: 'range', message: `signal: expected one of ${this.signalsOf(market).join(', ')} for ${name}` };
    }
    if (BOOK_CHANNELS.includes(channel.kind) && !plan.hasBook) {
      return { category: 'range', message: `${channel.kind}: expected a market whose book is kept, was ${name}` };
    }
    return null;
  }
}
