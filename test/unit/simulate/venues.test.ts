// Each venue's simulator on the shared server, spoken to by the venue's own connector dialogue over real sockets.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { RestRequest, Subscription, VenueConnector } from '../../../engine/connect/protocol.ts';
import { CONNECTORS } from '../../../engine/ingress/connectors.ts';
import { type Simulator, startSimulator } from '../../../engine/simulate/simulator.ts';
import { SIMULATORS } from '../../../engine/simulate/simulators.ts';
import type { Dialect } from '../../../schemas/ids.ts';
import { until } from '../../support/plain-venue.ts';

const running = new Set<Simulator>();
after(() => Promise.all([...running].map((simulator) => simulator.stop())));

const venues = Object.keys(SIMULATORS) as Dialect[];

async function ask(simulator: Simulator, { method, path, body }: RestRequest): Promise<string> {
  const url = `${simulator.url.replace('ws', 'http')}${path}`;
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return answer.text();
}

async function listed(simulator: Simulator, connector: VenueConnector): Promise<string[]> {
  const symbols: string[] = [];
  for (const request of [connector.listing(), ...(connector.furtherListings?.() ?? [])]) {
    symbols.push(...connector.readListing(await ask(simulator, request)));
  }
  return symbols;
}

/** One connection with all of these, its messages paced as the connector's limits say. */
async function connect(simulator: Simulator, connector: VenueConnector, wanted: Subscription[]): Promise<WebSocket> {
  const dialogue = connector.dialogue();
  const socket = new WebSocket(`${simulator.url}${connector.path(wanted)}`);
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    for (const notice of dialogue.read(String(data))) if (notice.kind === 'reply') socket.send(notice.text);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const { messages, subscriptionsPerMessage } = connector.limits;
  const texts = dialogue.greet();
  for (let i = 0; i < wanted.length && !connector.isInAddress; i += subscriptionsPerMessage) {
    texts.push(...dialogue.subscribe(wanted.slice(i, i + subscriptionsPerMessage)));
  }
  for (const text of texts) {
    socket.send(text);
    await sleep(messages.windowMs / messages.count / SCALE);
  }
  return socket;
}

const SCALE = 20;
const MARKETS = 3;

for (const venue of venues) {
  test(`${venue}: lists its markets, and serves book and trades of each within its limits`, async () => {
    const simulator = await startSimulator({ venue, markets: MARKETS, rate: 1_500, levels: 40, limitsScale: SCALE });
    running.add(simulator);
    const connector = CONNECTORS[venue]?.();
    assert.ok(connector !== undefined, `${venue} has a connector`);
    const symbols = await listed(simulator, connector);
    for (const symbol of simulator.symbols) assert.ok(symbols.includes(symbol), `${symbol} in ${symbols}`);
    const wanted = simulator.symbols.flatMap((symbol): Subscription[] => [
      { symbol, channel: 'book' },
      { symbol, channel: 'trades' },
    ]);
    const groupOf = (subscription: Subscription): string => connector.group?.(subscription) ?? '';
    const groups = [...new Set(wanted.map(groupOf))].map((name) => wanted.filter((one) => groupOf(one) === name));
    const sockets = await Promise.all(groups.map((group) => connect(simulator, connector, group)));
    await until(() => wanted.every(({ symbol, channel }) => (simulator.lanes().get(`${channel}:${symbol}`) ?? 0) > 1));
    const { violations, errors } = simulator.stats();
    assert.deepEqual([violations, errors], [{}, 0]);
    assert.ok(sockets.every(({ readyState }) => readyState === WebSocket.OPEN));
    for (const symbol of simulator.symbols.slice(0, 1)) {
      const snapshot = connector.snapshot?.(symbol);
      if (snapshot !== undefined)
        assert.match(connector.snapshotFrame?.(symbol, await ask(simulator, snapshot)) ?? '', /^\{"snapshot"/);
    }
    for (const socket of sockets) socket.terminate();
    await simulator.stop();
  });
}
