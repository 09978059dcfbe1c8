// What `/metrics` says of markets and venues: totals, and series of each for the first that came.

import { MARKET_COUNTERS } from '../../schemas/counters.ts';
import { METRIC_MARKETS_MAX, METRIC_VENUES_MAX } from '../../schemas/metrics.ts';
import { ACTIVITY_NAMES } from '../../schemas/shared-state.ts';
import type { MarketStand } from './market-stand.ts';
import type { VenueQualityStats } from './quality.ts';
import { type AddMetric, readOnce, type Sample, snake } from './read-metrics.ts';
import type { Stats } from './stats.ts';

const MS_PER_S = 1e3;
/** What all markets, and all venues, beyond the limits are called: no market is, as it has no colon. */
export const OTHERS = '(others)';

export function addMarketMetrics(counter: AddMetric, gauge: AddMetric, stats: Stats, stand: MarketStand): void {
  gauge('markets', 'Markets in each trust state.', ['state'], () =>
    Object.entries(stats.states()).map(([state, value]) => ({ labels: { state }, value })),
  );
  gauge('books_not_live', 'Markets whose book is not live, by reason.', ['reason'], () =>
    Object.entries(stand.reasons()).map(([reason, value]) => ({ labels: { reason }, value })),
  );
  for (const [column, { name, meaning }] of MARKET_COUNTERS.entries()) {
    const help = `Over all markets: ${meaning.replace(/\. Writer.*$/, '.')}`;
    counter(`market_${snake(name)}_total`, help, [], () => [{ labels: {}, value: stats.sumColumn(column) }]);
  }
  const updates = `Updates decoded, of each of the first ${METRIC_MARKETS_MAX} markets and of all others together.`;
  counter('updates_total', updates, ['market'], () => updatesOf(stats));
  const live = `1 while the book is live, of each of the first ${METRIC_MARKETS_MAX} markets.`;
  gauge('market_live', live, ['market'], () =>
    stand.firstMarkets(METRIC_MARKETS_MAX).map(({ market, isLive }) => ({ labels: { market }, value: Number(isLive) })),
  );
}

function updatesOf(stats: Stats): Sample[] {
  const { first, others } = stats.updatesByMarket(METRIC_MARKETS_MAX);
  const samples = first.map(({ market, updates }) => ({ labels: { market }, value: updates }));
  if (stats.marketCount > METRIC_MARKETS_MAX) samples.push({ labels: { market: OTHERS }, value: others });
  return samples;
}

/** How venues stand and how good their data are: one series for each of their values, whatever their markets. */
export function addVenueMetrics(counter: AddMetric, gauge: AddMetric, stats: Stats, stand: MarketStand): void {
  const qualities = readOnce(() => stats.quality.venues(METRIC_VENUES_MAX, OTHERS));
  const venues = (of: (venue: VenueQualityStats) => Sample[]): Sample[] =>
    [...qualities()].flatMap(([venue, quality]) =>
      of(quality).map(({ labels, value }) => ({ labels: { venue, ...labels }, value })),
    );
  addStand(gauge, stand);
  gauge('market_activity', 'Markets by how their silence compares with their own rate.', ['venue', 'state'], () =>
    venues((quality) => ACTIVITY_NAMES.map((state) => ({ labels: { state }, value: quality[state] }))),
  );
  const completeness = 'Share of what the venue is known to have sent that came; absent where nothing did.';
  gauge('venue_completeness_ratio', completeness, ['venue', 'channel'], () =>
    venues(({ completeness: by }) =>
      (['book', 'trade'] as const).flatMap((channel) => {
        const value = by[channel];
        return value === null ? [] : [{ labels: { channel }, value }];
      }),
    ),
  );
  addSkew(gauge, venues);
  const counters = {
    outOfOrder: 'Records with a venue time before that of the one before in their channel.',
    crossed: 'Times a book became crossed.',
    locked: 'Times a book became locked.',
    outliers: 'Trades flagged as outliers.',
  } as const;
  for (const [name, help] of Object.entries(counters)) {
    counter(`venue_${snake(name)}_total`, help, ['venue'], () =>
      venues((quality) => [{ labels: {}, value: quality[name as keyof typeof counters] }]),
    );
  }
}

function addSkew(gauge: AddMetric, venues: (of: (venue: VenueQualityStats) => Sample[]) => Sample[]): void {
  const skews = { min: 'Least', mean: 'Mean', max: 'Greatest' } as const;
  for (const [name, word] of Object.entries(skews)) {
    const help = `${word} receive time minus venue time since the start; venue clocks are part of it.`;
    gauge(`venue_skew_${name}_seconds`, help, ['venue'], () =>
      venues(({ skew }) =>
        skew === null ? [] : [{ labels: {}, value: skew[`${name as keyof typeof skews}Ms`] / MS_PER_S }],
      ),
    );
  }
}

function addStand(gauge: AddMetric, stand: MarketStand): void {
  gauge('venue_markets', 'Markets of a venue in each trust state.', ['venue', 'state'], () =>
    stand
      .venues()
      .flatMap(({ venue, states }) =>
        Object.entries(states).map(([state, value]) => ({ labels: { venue, state }, value })),
      ),
  );
  const moment = 'When the last record of a venue was received, in seconds since 1970.';
  gauge('venue_last_record_timestamp_seconds', moment, ['venue'], () =>
    stand.venues().flatMap(({ venue, lastS }) => (lastS === null ? [] : [{ labels: { venue }, value: lastS }])),
  );
  const lag = "Receive time minus venue time of a venue's last record; venue clocks are part of it.";
  gauge('venue_lag_seconds', lag, ['venue'], () =>
    stand.venues().flatMap(({ venue, lagS }) => (lagS === null ? [] : [{ labels: { venue }, value: lagS }])),
  );
}
