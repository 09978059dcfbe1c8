// A running engine that strangers fill with names: its scrape stays what it was.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRIC_BYTES_MAX, METRIC_MARKETS_MAX, METRIC_SERIES_MAX, METRIC_VENUES_MAX } from '../../schemas/metrics.ts';
import { LiveEngine } from '../support/live-engine.ts';
import { familiesOf, promtool } from '../support/prometheus.ts';

const MARKETS = 10_000;
const CLIENTS = 50;

const hostile = (index: number): string => `{le=+Inf,venue=~.*} 1 é🏦 # ${index}`;

function trade(index: number): object {
  const time = '2026-11-21T00:00:00.000Z';
  const names = { exchange: `venue${index}`, symbol: hostile(index) };
  return { type: 'trade', ...names, id: String(index), price: '1', amount: '1', side: 'buy', timestamp: time };
}

async function seriesOf(engine: LiveEngine): Promise<{ count: number; text: string; names: string[] }> {
  const text = (await engine.text('/metrics')).body;
  const all = [...familiesOf(text).values()].flatMap(({ series }) => series);
  return { count: all.length, text, names: all.map(({ name, labels }) => name + JSON.stringify(labels)) };
}

test('ten thousand markets and venues, and clients with names of their own, add no series beyond the limits', async (t) => {
  const engine = await LiveEngine.start({ marketsMax: 16_384 });
  t.after(() => engine.engine.stop());
  const producer = await engine.producer('json');
  for (let i = 0; i < METRIC_MARKETS_MAX + 1; i++) producer.send(trade(i));
  await engine.taken(METRIC_MARKETS_MAX + 1);
  const few = await seriesOf(engine);
  const others = Array.from({ length: MARKETS - METRIC_MARKETS_MAX - 1 }, (_, i) => trade(METRIC_MARKETS_MAX + 1 + i));
  while (others.length > 0) producer.send(others.splice(0, 500));
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) => engine.subscriber(`?name=${encodeURIComponent(hostile(i))}`)),
  );
  await Promise.all(
    clients.map(async (client, i) => {
      await client.subscribe(`trade.venue${i}:${hostile(i)}`, `trade.${hostile(i)}`);
      await engine.text(`/v1/book/${encodeURIComponent(hostile(i))}`);
    }),
  );
  await engine.taken(METRIC_MARKETS_MAX + 1 + Math.ceil((MARKETS - METRIC_MARKETS_MAX - 1) / 500));
  const many = await seriesOf(engine);
  assert.match(many.text, new RegExp(`^millrace_market_updates_total ${MARKETS}$`, 'm'));
  assert.deepEqual(many.names, few.names);
  assert.ok(
    many.count <= METRIC_SERIES_MAX && Buffer.byteLength(many.text) <= METRIC_BYTES_MAX,
    `${many.count} series`,
  );
  assert.equal(
    many.names.filter((name) => name.startsWith('millrace_venue_lag_seconds')).length,
    METRIC_VENUES_MAX + 1,
  );
  assert.deepEqual(await promtool(['check', 'metrics'], many.text), { code: 0, output: '' });
  await Promise.all(clients.map((client) => client.close()));
});
