// The simulated venue over TLS: sockets and REST with a certificate of the tests' own.

import assert from 'node:assert/strict';
import { get } from 'node:https';
import { test } from 'node:test';
import { startSimulator } from '../../../engine/simulate/simulator.ts';
import { PlainClient, PlainVenue, until } from '../../support/plain-venue.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';

test('sockets and REST are served over TLS to those who trust the certificate', async () => {
  const tls = { key: TEST_KEY, cert: TEST_CERTIFICATE };
  const simulator = await startSimulator({ venue: 'binance', simulated: new PlainVenue(), markets: 1, rate: 500, tls });
  assert.match(simulator.url, /^wss:/);
  const [symbol] = simulator.symbols;
  const client = await PlainClient.open(simulator.url, { ca: TEST_CERTIFICATE });
  client.subscribe(['book', symbol]);
  await until(() => client.data(symbol).length > 5);
  simulator.inject({ kind: 'cut', symbol, bytes: 3 });
  await client.closed;
  assert.equal(client.closeCode, 1006);
  const status = await new Promise((resolve, reject) => {
    const url = `${simulator.url.replace('wss', 'https')}/markets`;
    get(url, { ca: TEST_CERTIFICATE, agent: false }, (response) => resolve(response.resume().statusCode)).on(
      'error',
      reject,
    );
  });
  assert.equal(status, 200);
  const stranger = await PlainClient.open(simulator.url);
  assert.equal(stranger.closeCode, 1006);
  await simulator.stop();
});
