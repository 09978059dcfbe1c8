// The port of the stream: slow subscribers, interest after the last one, tokens, a port in use, and its end.

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { plainAccess } from '../../engine/base/access.ts';
import { UsageError } from '../../engine/base/errors.ts';
import { CLOSE_SLOW } from '../../schemas/config.ts';
import { Interest } from '../../schemas/ids.ts';
import { type Json, Rig, seed, until } from '../support/publish-rig.ts';

describe('the port', () => {
  /** Ends with its test, also where that fails: an open rig would keep the process alive. */
  async function started(t: TestContext, options: Parameters<typeof Rig.start>[0] = {}): Promise<Rig> {
    const rig = await Rig.start(options);
    t.after(() => rig.stop());
    return rig;
  }

  test('cuts a subscriber that does not read, with the code for it, and nobody else', async (t) => {
    const rig = await started(t, { times: { stuckMs: 500 } });
    const market = seed(rig, 'binance:SLOW');
    const slow = await rig.open();
    const good = await rig.open();
    for (const socket of [slow, good]) await socket.subscribe('trade.binance:SLOW');
    slow.ws.pause();
    let sent = 0;
    const timer = setInterval(() => {
      for (let i = 0; i < 500; i++) rig.shard(market).trade(market, ++sent, 1000);
      rig.shard(market).commit();
    }, 5);
    t.after(() => clearInterval(timer));
    const isCut = async (): Promise<boolean> => {
      const { publish } = (await (await rig.get('/v1/stats')).json()) as { publish: Record<string, number> };
      return publish['slowClosed'] === 1;
    };
    await until(isCut);
    clearInterval(timer);
    slow.ws.resume();
    assert.equal(await slow.closed, CLOSE_SLOW);
    await until(() => good.received.length === sent);
    assert.deepEqual(
      good.received.map((message) => (message as Json)['seq']),
      Array.from({ length: sent }, (_, index) => index + 1),
    );
  });

  /** A rig whose only subscriber has left, as the publisher knows. */
  async function left(t: TestContext, resumeWindowMs: number): Promise<{ rig: Rig; market: number }> {
    const rig = await started(t, { resumeWindowMs });
    const market = seed(rig, 'binance:LINGER');
    const socket = await rig.open();
    await socket.subscribe('trade.binance:LINGER');
    await rig.interested(market, Interest.trade);
    socket.ws.close();
    await until(async () => {
      const { publish } = (await (await rig.get('/v1/stats')).json()) as { publish: Record<string, number> };
      return publish['subscribers'] === 0;
    });
    return { rig, market };
  }

  test('keeps interest for the resume window after the last subscriber left', async (t) => {
    const { rig, market } = await left(t, 600_000);
    assert.notEqual(rig.interest(market) & Interest.trade, 0);
  });

  test('clears interest when the resume window is over', async (t) => {
    const { rig, market } = await left(t, 150);
    await until(() => rig.interest(market) === 0);
  });

  test('lets in only those with the token, by header or by subprotocol', async (t) => {
    const token = 'sécret/+ token';
    const rig = await started(t, { access: plainAccess('127.0.0.1', token) });
    await assert.rejects(rig.open(), /401/);
    await assert.rejects(rig.open('', ['millrace', `bearer.${Buffer.from('wrong').toString('base64url')}`]), /401/);
    const socket = await rig.open('', ['millrace', `bearer.${Buffer.from(token).toString('base64url')}`]);
    assert.equal(socket.ws.protocol, 'millrace');
    const refused = await rig.get('/v1/markets');
    assert.equal(refused.status, 401);
    assert.equal(((await refused.json()) as { error: Json }).error['category'], 'unauthorized');
    for (const path of ['/', '/health', '/ready']) assert.equal((await rig.get(path)).status, 200);
    for (const path of ['/metrics', '/openapi.json', '/v1/stats']) assert.equal((await rig.get(path)).status, 401);
    const plain = await started(t, { access: plainAccess('127.0.0.1', 'abc') });
    assert.equal((await plain.get('/v1/markets', { authorization: 'Bearer abc' })).status, 200);
    assert.equal((await plain.get('/v1/markets', { authorization: 'Bearer abd' })).status, 401);
  });

  test('refuses a port that is in use, with a sentence that names it', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await assert.rejects(Rig.start({ port }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, `port ${port} on 127.0.0.1: expected a free port, was in use (--port)`);
      return true;
    });
    server.close();
  });

  test('counts the connections it closes and says what was flushed', async (t) => {
    const rig = await started(t);
    const market = seed(rig, 'binance:END');
    const sockets = [await rig.open(), await rig.open()];
    for (const socket of sockets) await socket.subscribe('trade.binance:END');
    rig.shard(market).trade(market, 1, 1000);
    rig.shard(market).commit();
    rig.publisher.stopAccepting();
    await until(() => rig.publisher.drained());
    assert.deepEqual(await rig.publisher.flush(1000), { flushed: 0, dropped: 0 });
    assert.equal(rig.publisher.close(), 2);
    assert.ok(rig.publisher.metricsCleaned > 30);
    for (const socket of sockets) {
      assert.equal(await socket.closed, 1001);
      assert.equal((socket.received[0] as Json)['type'], 'trade');
    }
    await assert.rejects(new Promise((_, reject) => new WebSocket(`ws://${rig.url}/stream`).once('error', reject)));
  });
});
