// What connectors say of themselves as Prometheus series: per venue the sums, per connection its state and traffic while it lives.

import type { ConnectionCounts, FeedCounts, FeedReport } from '../connect/report.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly labels: Labels; readonly value: number };
/** Adds one metric that is collected at each scrape. */
export type AddMetric = (name: string, help: string, labelNames: string[], collect: () => Sample[]) => void;

const MS_PER_S = 1e3;

/** Sums over all connections that a venue had and has. */
const TOTALS: Partial<Record<keyof ConnectionCounts, string>> = {
  attempts: 'Connections begun.',
  successes: 'Connections that brought data.',
  timeouts: 'Waits of connections that ran out: opening, acknowledgements, silence.',
  messages: 'Messages received.',
  bytes: 'Bytes received.',
  rejected: 'Frames that could not be decoded.',
  unknown: 'Frames of a kind not known.',
  sent: 'Messages sent.',
  resends: 'Subscriptions asked for again for want of an acknowledgement.',
  refusals: 'Subscriptions refused.',
  resubscribes: 'Subscriptions ended and asked for anew.',
  silent: 'Subscriptions acknowledged whose first data did not come in time.',
};

const FEED: Partial<Record<keyof FeedCounts, string>> = {
  reconnects: 'Connections made again after one was lost.',
  handovers: 'Connections replaced before they ended.',
  resyncs: 'Books asked for again.',
  stale: 'Books that were silent for too long.',
  snapshotsAsked: 'Snapshots asked for by REST.',
  snapshotsTaken: 'Snapshots taken by REST.',
  snapshotsFailed: 'Snapshots by REST that failed.',
  backfills: 'Back-fills of lost trades.',
  backfillsWhole: 'Back-fills after which no trade was missing.',
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Series of connections and slots go with them: a report holds those that are. */
export function addFeedMetrics(counter: AddMetric, gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  const perVenue = (read: (report: FeedReport) => number): (() => Sample[]) => {
    return () => feeds().map((report) => ({ labels: { venue: report.venue }, value: read(report) }));
  };
  for (const [name, help] of Object.entries(TOTALS) as [keyof ConnectionCounts, string][])
    counter(
      `feed_${snake(name)}_total`,
      help,
      ['venue'],
      perVenue((report) => report.totals[name]),
    );
  for (const [name, help] of Object.entries(FEED) as [keyof FeedCounts, string][])
    counter(
      `feed_${snake(name)}_total`,
      help,
      ['venue'],
      perVenue((report) => report.counts[name]),
    );
  gauge('feed_success_ratio', 'Connections that succeeded, of those begun.', ['venue'], () =>
    feeds().flatMap(({ venue, successRate }) =>
      successRate === null ? [] : [{ labels: { venue }, value: successRate }],
    ),
  );
  counter('feed_errors_total', 'Ends of connections and failed attempts, by kind.', ['venue', 'kind'], () =>
    feeds().flatMap(({ venue, errors }) =>
      Object.entries(errors).map(([kind, value]) => ({ labels: { venue, kind }, value })),
    ),
  );
  addRest(counter, gauge, feeds);
  addConnections(counter, gauge, feeds);
}

function addRest(counter: AddMetric, gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  gauge('feed_rest_waiting', 'REST requests that wait for their turn.', ['venue'], () =>
    feeds().map(({ venue, rest }) => ({ labels: { venue }, value: rest.waiting })),
  );
  counter('feed_rest_requests_total', 'REST requests by what became of them.', ['venue', 'result'], () =>
    feeds().flatMap(({ venue, rest: { succeeded, retries, limited, failed, dropped } }) =>
      Object.entries({ succeeded, retries, limited, failed, ...dropped }).map(([result, value]) => ({
        labels: { venue, result },
        value,
      })),
    ),
  );
}

function addConnections(counter: AddMetric, gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  const each = (read: (connection: FeedReport['connections'][number]) => number | null): (() => Sample[]) => {
    return () =>
      feeds().flatMap(({ venue, connections }) =>
        connections.flatMap((connection) => {
          const value = read(connection);
          return value === null ? [] : [{ labels: { venue, connection: String(connection.id) }, value }];
        }),
      );
  };
  const labels = ['venue', 'connection'];
  gauge(
    'feed_connection_subscriptions',
    'Subscriptions of a connection.',
    labels,
    each((one) => one.subscriptions),
  );
  gauge(
    'feed_connection_pending',
    'Subscriptions not answered yet.',
    labels,
    each((one) => one.pending),
  );
  gauge(
    'feed_connection_age_seconds',
    'Age of a connection.',
    labels,
    each((one) => one.ageMs / MS_PER_S),
  );
  counter(
    'feed_connection_messages_total',
    'Messages of a connection.',
    labels,
    each((one) => one.counts.messages),
  );
  gauge(
    'feed_connection_latency_seconds',
    'From a ping to its answer, or of connecting.',
    labels,
    each((one) => (one.latencyMs === null ? null : one.latencyMs / MS_PER_S)),
  );
  gauge('feed_breaker_open', '1 while the breaker of a connection lets nothing through.', ['venue', 'slot'], () =>
    feeds().flatMap(({ venue, slots }) =>
      slots.map(({ slot, breaker }) => ({
        labels: { venue, slot: String(slot) },
        value: breaker.state === 'open' || breaker.state === 'given-up' ? 1 : 0,
      })),
    ),
  );
  counter('feed_breaker_transitions_total', 'Changes of state of breakers.', ['venue', 'state'], () =>
    feeds().flatMap(({ venue, slots }) => {
      const sums = new Map<string, number>();
      for (const { breaker } of slots) {
        for (const [state, count] of Object.entries(breaker.transitions))
          sums.set(state, (sums.get(state) ?? 0) + count);
      }
      return [...sums].map(([state, value]) => ({ labels: { venue, state }, value }));
    }),
  );
}
