// What connectors say of themselves as Prometheus series: per venue the sums, per slot its connection and its breaker.

import { METRIC_SLOTS_MAX } from '../../schemas/metrics.ts';
import { BREAKER_STATES } from '../connect/breaker.ts';
import {
  CONNECTION_STATES,
  type ConnectionCounts,
  type ConnectionReport,
  type FeedCounts,
  type FeedReport,
} from '../connect/report.ts';
import { type AddMetric, oneHot, readOnce, type Sample, snake } from './read-metrics.ts';

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
  replacedForBudget: 'Connections replaced as their limit of requests was used up.',
  replacedForSilence: 'Connections replaced for a silent market.',
  resyncs: 'Books asked for again.',
  stale: 'Books that were silent for too long.',
  snapshotsAsked: 'Snapshots asked for by REST.',
  snapshotsTaken: 'Snapshots taken by REST.',
  snapshotsFailed: 'Snapshots by REST that failed.',
  backfills: 'Back-fills of lost trades.',
  backfillsWhole: 'Back-fills after which no trade was missing.',
  listingFailures: "Times the venue's list of markets could not be had.",
};

/** Series of a slot stay while its connections come and go: names of connections would never end. */
export function addFeedMetrics(counter: AddMetric, gauge: AddMetric, read: () => readonly FeedReport[]): void {
  const feeds = readOnce(read);
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
  const symbols = 'Symbols of a feed: asked for, and not known to the venue.';
  gauge('feed_symbols', symbols, ['venue', 'result'], () =>
    feeds().flatMap(({ venue, symbols: asked, unknownSymbols }) => [
      { labels: { venue, result: 'asked' }, value: asked },
      { labels: { venue, result: 'unknown' }, value: unknownSymbols.length },
    ]),
  );
  counter('feed_errors_total', 'Ends of connections and failed attempts, by kind.', ['venue', 'kind'], () =>
    feeds().flatMap(({ venue, errors }) =>
      Object.entries(errors).map(([kind, value]) => ({ labels: { venue, kind }, value })),
    ),
  );
  addRest(counter, gauge, feeds);
  addConnections(gauge, feeds);
  addSlots(gauge, feeds);
  addBreakers(counter, gauge, feeds);
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

function addConnections(gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  gauge('feed_connections', 'Connections to a venue in each state.', ['venue', 'state'], () =>
    feeds().flatMap(({ venue, connections }) =>
      CONNECTION_STATES.map((state) => ({
        labels: { venue, state },
        value: connections.filter((connection) => connection.state === state).length,
      })),
    ),
  );
}

type VenueSlot = {
  readonly labels: { readonly venue: string; readonly slot: string };
  readonly breaker: FeedReport['slots'][number]['breaker'];
  /** While it is replaced a slot has two connections. */
  readonly connections: readonly ConnectionReport[];
};

function slotsOf(feeds: readonly FeedReport[]): VenueSlot[] {
  const all = feeds.flatMap(({ venue, slots, connections }) =>
    slots.map(({ slot, breaker }) => ({
      labels: { venue, slot: String(slot) },
      breaker,
      connections: connections.filter((connection) => connection.slot === slot),
    })),
  );
  return all.slice(0, METRIC_SLOTS_MAX);
}

/** A slot without a connection has no value. */
function addSlots(gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  const slots = readOnce(() => slotsOf(feeds()));
  const each = (name: string, help: string, value: (connections: readonly ConnectionReport[]) => number | null): void =>
    gauge(`feed_slot_${name}`, help, ['venue', 'slot'], () =>
      slots().flatMap(({ labels, connections }): Sample[] => {
        const found = connections.length === 0 ? null : value(connections);
        return found === null ? [] : [{ labels, value: found }];
      }),
    );
  const sum = (of: (connection: ConnectionReport) => number) => (connections: readonly ConnectionReport[]) =>
    connections.reduce((total, connection) => total + of(connection), 0);
  each(
    'subscriptions',
    'Subscriptions of the connections of a slot.',
    sum((one) => one.subscriptions),
  );
  each(
    'pending_subscriptions',
    'Subscriptions of a slot that are not answered yet.',
    sum((one) => one.pending),
  );
  each('connection_age_seconds', 'Age of the oldest connection of a slot.', (connections) =>
    Math.max(...connections.map(({ ageMs }) => ageMs / MS_PER_S)),
  );
  each('latency_seconds', 'From a ping to its answer, or of connecting; of the slowest connection.', (connections) => {
    const known = connections.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs / MS_PER_S]));
    return known.length === 0 ? null : Math.max(...known);
  });
  gauge('feed_breaker_state', "1 for the state of a slot's breaker.", ['venue', 'slot', 'state'], () =>
    slots().flatMap(({ labels, breaker }) => oneHot(BREAKER_STATES, breaker.state, 'state', labels)),
  );
}

function addBreakers(counter: AddMetric, gauge: AddMetric, feeds: () => readonly FeedReport[]): void {
  gauge('feed_breakers', 'Breakers of the slots of a venue in each state.', ['venue', 'state'], () =>
    feeds().flatMap(({ venue, slots }) =>
      BREAKER_STATES.map((state) => ({
        labels: { venue, state },
        value: slots.filter(({ breaker }) => breaker.state === state).length,
      })),
    ),
  );
  counter('feed_breaker_transitions_total', 'Changes of state of breakers.', ['venue', 'state'], () =>
    feeds().flatMap(({ venue, slots }) =>
      BREAKER_STATES.map((state) => ({
        labels: { venue, state },
        value: slots.reduce((sum, { breaker }) => sum + breaker.transitions[state], 0),
      })),
    ),
  );
}
