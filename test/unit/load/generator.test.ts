// Owns the tests of one generator against sockets that stall, close, complain and ask.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { EngineClock, takeAnchor } from '../../../engine/base/clock.ts';
import { AnswerReader, errorOf } from '../../../engine/load/answers.ts';
import { Generator } from '../../../engine/load/generator.ts';
import type { GeneratorPlan, LoadPlan } from '../../../engine/load/protocol.ts';
import { loadPlan } from '../../support/load-frames.ts';

const LEAD_NS = 20e6;

describe('a load generator', () => {
  let server: WebSocketServer;
  let sockets: WebSocket[];
  let tokens: (string | undefined)[];
  let generator: Generator | null;

  beforeEach(async () => {
    sockets = [];
    tokens = [];
    generator = null;
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket, request) => {
      sockets.push(socket);
      tokens.push(request.headers.authorization);
    });
    await once(server, 'listening');
  });

  afterEach(async () => {
    const stopped = generator?.stop();
    for (const socket of sockets) socket.terminate();
    await stopped;
    server.close();
  });

  async function connected(changes: Partial<LoadPlan>): Promise<Generator> {
    const ingestUrl = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const anchor = takeAnchor();
    const plan: GeneratorPlan = { ...loadPlan({ ingestUrl, anchor, format: 'json', ...changes }), index: 0, count: 1 };
    generator = new Generator(plan);
    await generator.connect();
    return generator;
  }

  const run = (of: Generator, anchor = takeAnchor()): Promise<void> =>
    of.run(new EngineClock(anchor).nowNs() + LEAD_NS);

  it('sends every update once, none before it is due, over connections that each keep the order', async () => {
    const anchor = takeAnchor();
    const sent = await connected({ anchor, token: 'secret', ratePerS: 2_000, durationS: 0.25, updates: 'trades' });
    const ids: string[] = [];
    const amounts: number[][] = sockets.map(() => []);
    sockets.forEach((socket, index) => {
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as { type: string; id: string; amount: string; symbol: string };
        if (message.type !== 'trade') return;
        ids.push(`${message.symbol}#${message.id}`);
        amounts[index].push(Number(message.amount));
      });
    });
    await run(sent, anchor);
    const { sent: count, frames, bytes, leftOut, disconnects, lateness, cpuUs } = sent.counts();
    assert.deepEqual([count, frames, leftOut, disconnects], [500, 500, 0, 0]);
    assert.deepEqual([lateness.count, lateness.negative], [500, 0]);
    assert.ok(bytes > 500 * 100 && cpuUs > 0);
    await sent.stop();
    assert.equal(new Set(ids).size, 500);
    for (const list of amounts)
      assert.deepEqual(
        list,
        [...list].sort((a, b) => a - b),
      );
    assert.deepEqual(tokens, ['Bearer secret', 'Bearer secret']);
  });

  it('leaves out what finds no room for a second, and sends the rest', async () => {
    const anchor = takeAnchor();
    // Some 30 MB in all: more than two sockets take while nobody reads.
    const stuck = await connected({ anchor, ratePerS: 60_000, durationS: 2.2, batch: 20, updates: 'trades' });
    for (const socket of sockets) socket.pause();
    await run(stuck, anchor);
    const { sent, leftOut, disconnects } = stuck.counts();
    assert.equal(sent + leftOut, 132_000);
    assert.ok(leftOut > 0 && sent > 0, `${sent} sent, ${leftOut} left out`);
    assert.equal(disconnects, 0);
  });

  it('counts a lost connection and leaves its updates out', async () => {
    const anchor = takeAnchor();
    const cut = await connected({ anchor, ratePerS: 1_000, durationS: 0.5, updates: 'trades' });
    sockets[1].once('message', () => sockets[1].terminate());
    await run(cut, anchor);
    const { sent, leftOut, disconnects } = cut.counts();
    assert.equal(disconnects, 1);
    assert.equal(sent + leftOut, 500);
    assert.ok(leftOut > 0 && sent > 0);
  });

  it('counts errors by category and answers pings', async () => {
    const anchor = takeAnchor();
    const told = await connected({ anchor, ratePerS: 100, durationS: 0.3 });
    const pong = once(sockets[0], 'pong');
    sockets[0].ping('still there?');
    sockets[0].send('{"op":"error","category":"shape","message":"expected another","count":3}');
    sockets[0].send('{"op":"error","category":"shape","message":"expected another","count":2}');
    sockets[1].send('{"op":"error","category":"range","message":"expected less","count":1}');
    sockets[1].send('{"op":"ack","seq":1}');
    await run(told, anchor);
    assert.deepEqual(told.counts().rejected, { shape: 5, range: 1 });
    assert.equal(String((await pong)[0]), 'still there?');
  });

  it('refuses to begin where nobody listens or no venue is known', async () => {
    await assert.rejects(connected({ ingestUrl: 'ws://127.0.0.1:1' }), /ECONNREFUSED/);
    await assert.rejects(connected({ format: 'native', dialect: 'nowhere' }), /expected a venue of native frames/);
  });
});

describe('answers of the engine', () => {
  it('are read however the network cuts them', () => {
    const text = '{"op":"error","category":"type","message":"…","count":7}'.padEnd(200);
    const payload = Buffer.from(text);
    const long = Buffer.concat([Buffer.from([0x81, 126, 0, payload.length]), payload]);
    const bytes = Buffer.concat([Buffer.from([0x89, 2, 65, 66]), long, long, Buffer.from([0x88, 0])]);
    for (let size = 1; size <= bytes.length; size += 13) {
      const texts: string[] = [];
      const pings: string[] = [];
      let closes = 0;
      const reader = new AnswerReader({
        onText: (told) => texts.push(told),
        onPing: (told) => pings.push(Buffer.from(told).toString()),
        onClose: () => closes++,
      });
      for (let at = 0; at < bytes.length; at += size) reader.take(bytes.subarray(at, at + size));
      assert.deepEqual([texts, pings, closes], [[text, text], ['AB'], 1]);
    }
    assert.deepEqual(errorOf(text), { category: 'type', count: 7 });
    assert.deepEqual([errorOf('{"op":"welcome"}'), errorOf('no JSON'), errorOf('null')], [null, null, null]);
  });
});
