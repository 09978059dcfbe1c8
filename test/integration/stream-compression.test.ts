// permessage-deflate on /stream: who gets it, that the content is the same, and that bounds hold with it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SUBSCRIBER_BACKPRESSURE_BYTES_MAX } from '../../schemas/config.ts';
import { type Json, type Quote, Rig, type TestSocket, until } from '../support/publish-rig.ts';

/** A side of so many levels, best first. */
const side = (count: number, from: number, step: number): Quote[] =>
  Array.from({ length: count }, (_, rank) => [from + rank * step, 1_000 + rank]);

/** Bytes that came over a socket. */
const bytesRead = ({ ws }: TestSocket): number =>
  (ws as unknown as { _socket: { bytesRead: number } })._socket.bytesRead;

describe('compression', () => {
  let rig: Rig;
  let market: number;

  before(async () => {
    rig = await Rig.start();
    market = rig.addMarket('a:B');
    rig.shard(market).setBook(market, side(400, 100_000, -10), side(400, 100_010, 10));
  });
  after(() => rig.stop());

  const change = (count: number): void => {
    for (let i = 0; i < count; i++) rig.shard(market).change(market, 5_000 + i);
    rig.shard(market).commit();
  };
  const isBook = ({ type }: Json): boolean => type === 'book_change';

  test('is agreed on where it is offered, and not where it is declined or not offered', async () => {
    const extensionsOf = async (query: string, offers: boolean): Promise<string> => {
      const { ws } = await rig.open(query, [], offers);
      return ws.extensions;
    };
    assert.match(await extensionsOf('', true), /^permessage-deflate/);
    assert.match(await extensionsOf('?compress=1', true), /^permessage-deflate/);
    assert.equal(await extensionsOf('?compress=0', true), '');
    assert.equal(await extensionsOf('', false), '');
    assert.equal(await extensionsOf('?compress=1', false), '');
    await assert.rejects(rig.open('?compress=yes'), /400/);
  });

  for (const query of ['', '&encoding=flatbuffers']) {
    test(`brings the same messages in fewer bytes${query}`, async () => {
      const sockets = [
        await rig.open(`?compress=0${query}`, [], true),
        await rig.open(`?${query}`, [], true),
        await rig.open(`?compress=1${query}`, [], true),
      ];
      for (const socket of sockets) await socket.subscribe('book.a:B');
      const isData = (message: Json | Buffer): boolean => Buffer.isBuffer(message) || isBook(message);
      await until(() => sockets.every(({ received }) => received.some(isData)));
      const first = sockets.map(bytesRead);
      change(200);
      await until(() => sockets.every(({ received }) => received.filter(isData).length === 201));
      const [plain, offered, asked] = sockets.map(({ received }) => received.filter(isData).slice(1));
      assert.deepEqual(offered, plain);
      assert.deepEqual(asked, plain);
      const [plainBytes, offeredBytes, askedBytes] = first;
      assert.ok(offeredBytes < plainBytes / 2 && askedBytes < plainBytes / 2, `${first}`);
      const changes = sockets.map((socket, index) => bytesRead(socket) - first[index]);
      assert.ok(changes[2] < 0.8 * changes[0], `${changes}`);
      assert.equal(changes[1], changes[0]);
      for (const { ws } of sockets) ws.close();
    });
  }

  test('takes a compressed request, and closes the socket of one that unpacks to more than a request may have', async () => {
    const socket = await rig.open('', [], true);
    socket.send({ op: 'ping', id: 'x'.repeat(40_000) });
    assert.equal(String((await socket.next(({ op }) => op === 'pong'))['id']).length, 40_000);
    socket.send({ op: 'ping', id: 'x'.repeat(4 * 1024 * 1024) });
    assert.notEqual(await socket.closed, 1000);
  });

  test('leaves a slow reader within its bounds, and gives it the newest book when it reads again', async () => {
    const socket = await rig.open('?compress=1', [], true);
    await socket.subscribe('book.a:B');
    await socket.next(isBook);
    socket.ws.pause();
    const listed = async (): Promise<{ state: string; bufferedBytes: number; mostBytes: number }> => {
      const { subscribers } = (await (await rig.get('/v1/stats')).json()) as { subscribers: never[] };
      return subscribers[0];
    };
    while ((await listed()).state !== 'conflated') change(5_000);
    change(2_000);
    assert.ok((await listed()).mostBytes < SUBSCRIBER_BACKPRESSURE_BYTES_MAX);
    socket.received.length = 0;
    socket.ws.resume();
    const last = rig.shard(market).sequences.get(market);
    await until(() => socket.received.some((message) => !Buffer.isBuffer(message) && message['seq'] === last));
    const books = socket.received.filter((message): message is Json => !Buffer.isBuffer(message) && isBook(message));
    const whole = books.findIndex(({ isSnapshot }) => isSnapshot === true);
    assert.ok(whole > 0);
    for (let i = 1; i < books.length; i++) assert.equal(books[i]['prevSeq'], books[i - 1]['seq']);
    assert.equal(books.at(-1)?.['checksum'], rig.shard(market).checksum(market));
  });
});
