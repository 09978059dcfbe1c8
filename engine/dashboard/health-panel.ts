// The health panel: what /health says and why, shards, journal, and the breakers of connections to venues.

import type { BreakerFigures, BreakerStateName, FeedFigures, System } from '../../schemas/feed.ts';
import { element, setClass, setText } from './element.ts';
import { engineHistory } from './engine-history.ts';
import { FigureTable } from './figure-table.ts';
import { bytesText, countText, spanText, UNKNOWN } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

const STATUS = {
  ok: ['✓ ok', 'live'],
  degraded: ['◐ degraded', 'wait'],
  failed: ['✖ failed', 'bad'],
} as const;
/** A word and a sign of another shape each; colour comes on top. */
const BREAKERS: Readonly<Record<BreakerStateName, readonly [text: string, look: string]>> = {
  closed: ['● closed', 'live'],
  'half-open': ['◐ half-open', 'wait'],
  open: ['○ open', 'bad'],
  'given-up': ['✖ given up', 'bad'],
  stopped: ['■ stopped', 'soft'],
};
const FACTS = ['Shards', 'Producers', 'Subscribers', 'Journal', 'Checkpoint'] as const;
type Fact = (typeof FACTS)[number];

export const healthPanel: Panel = {
  id: 'health',
  title: 'Health',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 1_000,
  isWide: true,
  mount: (body, context) => new HealthPanel(body, context),
};

class HealthPanel implements MountedPanel {
  private readonly status = element('p', { class: 'status' });
  private readonly reasons = element('ul', { class: 'reasons' });
  private readonly facts: Readonly<Record<Fact, HTMLElement>>;
  private readonly venues = new FigureTable('Connections to venues', [
    ...['Venue', 'Markets', 'Live', 'Attempts', 'Succeeded', 'Rate', 'Reconnects', 'REST', 'Retries', 'Failed'],
  ]);
  private readonly breakers = new FigureTable(
    'Circuit breakers',
    ['Connection', 'Breaker', 'Last reason', 'Failures in a row', 'Wait'],
    3,
  );

  constructor(body: HTMLElement, context: PanelContext) {
    const list = element('dl', { class: 'facts' });
    const pairs = FACTS.map((name) => [name, element('dd', {}, UNKNOWN)] as const);
    for (const [name, value] of pairs) list.append(element('div', {}, element('dt', {}, name), value));
    this.facts = Object.fromEntries(pairs) as Record<Fact, HTMLElement>;
    // Hidden while one stands on it, it would lose the focus.
    this.breakers.host.hidden = true;
    const tables = element('div', { class: 'tables' }, this.venues.host, this.breakers.host);
    body.append(element('div', { class: 'overview' }, this.status, list), this.reasons, tables);
    context.follow('system', {}, () => undefined);
  }

  update(): void {
    const { lastSystem } = engineHistory;
    if (lastSystem === null) return;
    this.showStatus(lastSystem);
    for (const name of FACTS) setText(this.facts[name], factText(name, lastSystem));
    this.showFeeds(lastSystem);
  }

  private showStatus({ health: { status, reasons } }: System): void {
    const [text, look] = STATUS[status];
    setText(this.status, text);
    setClass(this.status, `status ${look}`);
    if (this.reasons.textContent === reasons.join('')) return;
    this.reasons.replaceChildren(...reasons.map((reason) => element('li', {}, reason)));
  }

  private showFeeds({ feeds, producers }: System): void {
    this.breakers.host.hidden = feeds.length === 0;
    if (feeds.length === 0) {
      this.venues.showEmpty(unconnected(producers));
      return;
    }
    this.venues.show(feeds.map((feed) => ({ key: feed.venue, cells: venueCells(feed) })));
    const rows = feeds.flatMap((feed) => feed.listed.map((breaker) => breakerRow(feed, breaker)));
    this.breakers.show(rows);
  }

  close(): void {}
}

function unconnected(producers: number): string {
  const none = 'No venue connections, so there is no breaker to show: ';
  if (producers === 0) return `${none}the engine was started without a feed, and no producer is connected.`;
  const who = producers === 1 ? 'one producer pushes' : `${countText(producers)} producers push`;
  return `${none}${who} to the ingest port. The synthetic feed is such a producer.`;
}

function factText(name: Fact, { shards, restarts, producers, publish, journal }: System): string {
  switch (name) {
    case 'Shards': {
      const deaths = Object.entries(restarts.deaths).filter(([, count]) => count > 0);
      const kinds = deaths.length === 0 ? '' : ` (${deaths.map(([kind, count]) => `${kind} ${count}`).join(', ')})`;
      const down = restarts.givenUp === 0 ? '' : `, ✖ ${restarts.givenUp} given up`;
      return `${countText(shards)}, restarts ${countText(restarts.shards)}${kinds}${down}`;
    }
    case 'Producers':
      return countText(producers);
    case 'Subscribers':
      return `${countText(Number(publish['subscribers']))}, ${countText(Number(publish['conflated']))} conflated`;
    case 'Journal': {
      if (journal === null) return 'none: input is not written down';
      const { state, lag, bytes, sync, missed, lost } = journal;
      const holes = missed + lost === 0 ? '' : `, ✖ ${countText(missed + lost)} entries missing`;
      return `${state}, lag ${countText(lag)} entries, ${bytesText(bytes)} written, sync ${sync}${holes}`;
    }
    case 'Checkpoint':
      if (journal === null) return UNKNOWN;
      if (journal.checkpoints === 0) return 'none yet';
      return `${countText(journal.checkpoints)} so far, the last ${spanText(journal.checkpointAgeMs)} ago`;
  }
}

const percent = (share: number | null): string =>
  share === null ? UNKNOWN : `${Number((share * 100).toPrecision(3))} %`;

function venueCells({
  venue,
  symbols,
  live,
  attempts,
  successes,
  successRate,
  reconnects,
  rest,
}: FeedFigures): string[] {
  return [
    venue,
    ...[symbols, live, attempts, successes].map(countText),
    percent(successRate),
    ...[reconnects, rest.succeeded, rest.retries, rest.failed + rest.dropped].map(countText),
  ];
}

function breakerRow({ venue }: FeedFigures, breaker: BreakerFigures) {
  const { connection, symbols, state, reason, failuresInARow, waitMs } = breaker;
  const [word, look] = BREAKERS[state];
  const name = connection === 'rest' ? `${venue} REST` : `${venue} ${connection} (${symbols} markets)`;
  const wait = state === 'closed' ? UNKNOWN : `${countText(Math.round(waitMs))} ms`;
  return {
    key: `${venue}-${connection}`,
    cells: [name, word, reason || UNKNOWN, countText(failuresInARow), wait],
    look,
  };
}
