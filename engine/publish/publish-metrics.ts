// What `/metrics` says of subscribers, of what is published to them, and of requests refused.

import { REFUSAL_CAUSES, type RefusalCause } from '../base/access.ts';
import type { CounterTree } from './messages.ts';
import { type AddMetric, readOnce, type Sample } from './read-metrics.ts';
import type { Stats } from './stats.ts';

/** Names of metrics by those of the publisher's counts, and what they mean. */
const GAUGES: Readonly<Record<string, readonly [name: string, help: string]>> = {
  subscribers: ['publish_subscribers', 'Open subscribers.'],
  connectionsMost: ['publish_subscribers_high_water', 'The most subscribers open at once.'],
  conflated: ['publish_conflated_subscribers', 'Subscribers conflated now, as they read too slowly.'],
  topics: ['publish_topics', 'Topics in use.'],
  bufferedBytes: ['publish_buffered_bytes', 'Queued to the sockets of subscribers.'],
  historyBytes: ['publish_history_bytes', 'Kept for subscribers that resume.'],
  signalsOff: ['signals_off', "Users' signals switched off."],
};

const COUNTERS: Readonly<Record<string, readonly [name: string, help: string]>> = {
  messages: ['publish_messages_total', 'Messages published, once per topic and encoding.'],
  bytes: ['publish_bytes_total', 'Bytes published, once per topic and encoding.'],
  conflations: ['publish_conflations_total', 'Times a subscriber was taken out of its topics, as it read too slowly.'],
  conflatedMessages: [
    'publish_conflated_messages_total',
    'Messages that newer ones took the place of for a conflated subscriber.',
  ],
  gapNotices: ['publish_gap_notices_total', 'Notices of loss sent to conflated subscribers.'],
  lost: ['publish_lost_total', 'Messages that such notices told of.'],
  neverAsked: ['publish_never_asked_total', 'Subscribers closed for never asking for anything.'],
  droppedMessages: ['publish_dropped_messages_total', 'Messages left out at the hard limit of a socket.'],
  holes: ['publish_holes_total', 'Books whose next change did not follow, sent anew.'],
  shardRestarts: ['shard_restarts_total', 'Shards that ended and began anew.'],
};

export function addPublishMetrics(counter: AddMetric, gauge: AddMetric, publish: () => CounterTree): void {
  const tree = readOnce(publish);
  for (const [adds, names] of [
    [gauge, GAUGES],
    [counter, COUNTERS],
  ] as const) {
    for (const [of, [name, help]] of Object.entries(names))
      adds(name, help, [], () => [{ labels: {}, value: (tree()[of] as number | undefined) ?? 0 }]);
  }
  const by = (name: string, of: string, help: string, label: string): void =>
    counter(name, help, [label], () =>
      Object.entries(tree()[of] as CounterTree).map(([key, count]) => ({
        labels: { [label]: key },
        value: count as number,
      })),
    );
  by('publish_slow_closed_total', 'slowClosedBy', 'Subscribers closed for reading too slowly, by cause.', 'cause');
  by('publish_limited_total', 'limited', 'What the limits of the public port refused or closed.', 'limit');
}

/** Both ports refuse for the same causes; the ingest port counts in shared memory. */
export function addRefusedMetrics(counter: AddMetric, stats: Stats, publish: () => CounterTree): void {
  counter('refused_total', 'Requests refused, by port and cause.', ['port', 'cause'], () => {
    const refused = publish()['refused'] as Readonly<Record<RefusalCause, number>>;
    const ingest = stats.ingress();
    return REFUSAL_CAUSES.flatMap((cause): Sample[] => [
      { labels: { port: 'ingest', cause }, value: ingest[cause] },
      { labels: { port: 'public', cause }, value: refused[cause] },
    ]);
  });
}
