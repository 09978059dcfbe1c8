// The markets of a load run: names, prices and decimals of the synthetic ones, with quantities that hold a tag.

import { type MarketSpec, marketSpecs } from '../synthetic/specs.ts';
import { type LoadPlan, TAG_DECIMALS } from './protocol.ts';

type MarketCount = Pick<LoadPlan, 'markets' | 'marketsBefore'>;

/** The run's own among the markets that `specsOf` makes. */
export function ownSpecs(plan: MarketCount, specsOf: (count: number) => MarketSpec[]): MarketSpec[] {
  const { markets, marketsBefore = 0 } = plan;
  return specsOf(marketsBefore + markets)
    .slice(marketsBefore)
    .map((spec) => ({ ...spec, quantityDecimals: TAG_DECIMALS }));
}

export const loadSpecs = (plan: MarketCount): MarketSpec[] => ownSpecs(plan, (count) => marketSpecs('json', count));
