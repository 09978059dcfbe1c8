// Subscribers that read slowly or not at all, over real sockets beside healthy ones: nobody has a hole without a notice.

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { PublisherOptions } from '../../engine/publish/publisher.ts';
import { CLOSE_SLOW, SUBSCRIBER_BACKPRESSURE_BYTES_MAX, SUBSCRIBER_CONFLATE_BYTES } from '../../schemas/config.ts';
import { IMBALANCE, type Json, type Quote, Rig, type TestSocket, until } from '../support/publish-rig.ts';

type Stats = { publish: Record<string, number> & { slowClosedBy: Record<string, number> }; subscribers: Json[] };
type Level = { price: string; amount: string };

async function started(t: TestContext, options: Partial<PublisherOptions> = {}): Promise<Rig> {
  const rig = await Rig.start(options);
  t.after(() => rig.stop());
  return rig;
}

const stats = async (rig: Rig): Promise<Stats> => (await (await rig.get('/v1/stats')).json()) as Stats;

/** What one subscriber's messages come to; fails where one does not follow the one before it. */
class Follower {
  readonly counts = new Map<string, number>();
  readonly last = new Map<string, Json>();
  readonly bids = new Map<string, Map<string, string>>();
  lost = 0;
  private readonly seqs = new Map<string, unknown>();

  take(message: Json): void {
    const { channel, type } = message as { channel?: string; type?: string };
    if (channel === undefined || type === undefined) return;
    const before = this.seqs.get(channel);
    if (before !== undefined) assert.equal(message['prevSeq'], before, `${channel}: ${JSON.stringify(message)}`);
    this.seqs.set(channel, message['seq']);
    this.counts.set(channel, (this.counts.get(channel) ?? 0) + 1);
    if (type === 'gap') {
      assert.equal(message['reason'], 'slow');
      this.lost += message['lost'] as number;
    } else this.last.set(channel, message);
    if (type === 'book_change') this.book(channel, message);
  }

  private book(channel: string, message: Json): void {
    const bids = (message['isSnapshot'] === true ? undefined : this.bids.get(channel)) ?? new Map<string, string>();
    this.bids.set(channel, bids);
    for (const { price, amount } of message['bids'] as Level[]) bids.set(price, amount);
  }

  takeAll(socket: TestSocket): void {
    for (const message of socket.received.splice(0)) this.take(message as Json);
  }
}

const CHANNELS = ['book', 'bbo', 'trade', 'bar.1m', 'signal.imbalance'].map((words) => `${words}.binance:LAG`);

/** A market whose every step is a trade, a change of the book, its best prices, a bar and a signal. */
class Flood {
  steps = 0;
  private readonly rig: Rig;
  private readonly market: number;

  constructor(rig: Rig) {
    this.rig = rig;
    this.market = rig.addMarket('binance:LAG');
    const bids = Array.from({ length: 20 }, (_, index): Quote => [100_000 - index, 1000]);
    rig.shard(this.market).setBook(this.market, bids, [[101_500, 3000]]);
  }

  run(steps: number): void {
    const { rig, market } = this;
    const shard = rig.shard(market);
    for (let i = 0; i < steps; i++) {
      this.steps++;
      shard.trade(market, this.steps, 100_000);
      shard.change(market, 1000 + this.steps);
      shard.bbo(market);
      shard.bar(market, this.steps, this.steps % 1000 === 0);
      shard.signal(market, IMBALANCE, this.steps, this.steps % 1000 === 0 ? 1 : 0);
    }
    shard.commit();
  }

  trades(count: number): void {
    const shard = this.rig.shard(this.market);
    for (let i = 0; i < count; i++) shard.trade(this.market, ++this.steps, 100_000);
    shard.commit();
  }

  get bookSequence(): number {
    return this.rig.shard(this.market).sequences.get(this.market) ?? 0;
  }

  /** The book goes on without telling anyone. */
  skip(changes: number): void {
    this.rig.shard(this.market).sequences.set(this.market, this.bookSequence + changes);
  }

  /** Goes on until a condition holds; others get their turn between. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      for (let i = 0; i < 5; i++) {
        this.run(300);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
}

describe('a subscriber that reads too slowly', () => {
  test('is conflated and comes back with the newest of everything; the others get all', async (t) => {
    const rig = await started(t);
    const flood = new Flood(rig);
    const [good, stopped, sipping] = [await rig.open(), await rig.open(), await rig.open()];
    for (const socket of [good, stopped, sipping]) await socket.subscribe(...CHANNELS);
    await until(() => [good, stopped, sipping].every((socket) => socket.received.length >= 4));
    stopped.ws.pause();
    sipping.ws.pause();
    // One read of what the system holds, which is far less than comes meanwhile.
    const sip = setInterval(() => {
      sipping.ws.resume();
      sipping.ws.once('message', () => sipping.ws.pause());
    }, 100);
    t.after(() => clearInterval(sip));
    await flood.until(async () => (await stats(rig)).publish['conflated'] === 2);
    await flood.until(async () => flood.steps > 20_000);
    for (const { mostBytes } of (await stats(rig)).subscribers) {
      assert.ok((mostBytes as number) < 2 * SUBSCRIBER_BACKPRESSURE_BYTES_MAX, `${mostBytes} bytes queued`);
    }
    clearInterval(sip);
    for (const socket of [stopped, sipping]) socket.ws.resume();
    await until(async () => (await stats(rig)).publish['conflated'] === 0);
    flood.run(1);
    const followers = [good, stopped, sipping].map(() => new Follower());
    const isLast = (message: Json | undefined): boolean => message?.['id'] === String(flood.steps);
    await until(() => {
      [good, stopped, sipping].forEach((socket, index) => {
        followers[index].takeAll(socket);
      });
      return followers.every(({ last }) => isLast(last.get(CHANNELS[2])) && last.size === CHANNELS.length);
    });
    await until(() => {
      [good, stopped, sipping].forEach((socket, index) => {
        followers[index].takeAll(socket);
      });
      return followers.every(({ last }) => last.get(CHANNELS[4])?.['value'] === flood.steps);
    });
    const [all, ...slow] = followers;
    assert.deepEqual(
      [all.counts.get(CHANNELS[2]), all.counts.get(CHANNELS[0]), all.lost],
      [flood.steps, flood.steps + 1, 0],
    );
    for (const { counts, bids, last, lost } of slow) {
      assert.ok(lost > 0 && (counts.get(CHANNELS[0]) ?? 0) < flood.steps);
      for (const name of ['seq', 'bidPrice', 'bidAmount']) {
        assert.equal(last.get(CHANNELS[1])?.[name], all.last.get(CHANNELS[1])?.[name]);
      }
      assert.deepEqual([...(bids.get(CHANNELS[0]) ?? [])].sort(), [...(all.bids.get(CHANNELS[0]) ?? [])].sort());
    }
    const { publish } = await stats(rig);
    assert.ok(publish['conflations'] >= 2 && publish['gapNotices'] >= 2 && publish['conflatedMessages'] > 0);
    assert.equal(publish['lost'], slow[0].lost + slow[1].lost);
    assert.equal(publish['slowClosed'], 0);
  });

  test('keeps every closed bar and every event while it is conflated for a short time', async (t) => {
    const rig = await started(t);
    const flood = new Flood(rig);
    const socket = await rig.open();
    await socket.subscribe(...CHANNELS.slice(1));
    await until(() => socket.received.length >= 3);
    socket.ws.pause();
    await flood.until(async () => (await stats(rig)).publish['conflated'] === 1);
    flood.run(10 - (flood.steps % 10));
    const finals: number[] = [];
    const events: number[] = [];
    socket.ws.resume();
    await until(async () => (await stats(rig)).publish['conflated'] === 0);
    flood.run(1);
    await until(() => socket.received.some((message) => (message as Json)['value'] === flood.steps));
    for (const message of socket.received as Json[]) {
      if (message['type'] === 'trade_bar' && message['isFinal'] === true) finals.push(message['seq'] as number);
      if (message['type'] === 'signal' && message['event'] !== undefined) events.push(message['value'] as number);
    }
    const expected = Array.from({ length: Math.floor(flood.steps / 1000) }, (_, index) => (index + 1) * 1000);
    assert.ok(expected.length > 0);
    assert.deepEqual(events, expected);
    assert.equal(finals.length, expected.length);
  });

  test('is back at once when it reads all again, though more comes each moment than one piece of what it missed', async (t) => {
    const rig = await started(t);
    const flood = new Flood(rig);
    const socket = await rig.open();
    await socket.subscribe(CHANNELS[2]);
    socket.ws.pause();
    await flood.until(async () => (await stats(rig)).publish['conflated'] === 1);
    socket.ws.resume();
    // Between two looks at the queue, more than is given in one piece.
    const timer = setInterval(() => {
      flood.trades(1_000);
      socket.received.length = 0;
    }, 25);
    t.after(() => clearInterval(timer));
    await until(async () => (await stats(rig)).publish['conflated'] === 0);
  });

  test('gets the whole book when the book went on unseen and another subscriber heard of it first', async (t) => {
    const rig = await started(t);
    const flood = new Flood(rig);
    const [slow, other] = [await rig.open(), await rig.open()];
    await slow.subscribe(CHANNELS[0], CHANNELS[2]);
    const follower = new Follower();
    follower.take(await slow.next(({ type }) => type === 'book_change'));
    slow.ws.pause();
    await until(async () => {
      flood.trades(1_000);
      return (await stats(rig)).publish['conflated'] === 1;
    });
    flood.skip(100);
    await other.subscribe(CHANNELS[0]);
    await other.next(({ type }) => type === 'book_change');
    slow.ws.resume();
    await until(async () => (await stats(rig)).publish['conflated'] === 0);
    flood.run(1);
    await until(() => {
      follower.takeAll(slow);
      return follower.last.get(CHANNELS[0])?.['seq'] === flood.bookSequence;
    });
  });

  test('is closed when it takes nothing for too long, and its memory with it', async (t) => {
    const rig = await started(t, { times: { stuckMs: 400 } });
    const flood = new Flood(rig);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => rig.open()));
    for (const socket of sockets) {
      await socket.subscribe(...CHANNELS);
      socket.ws.pause();
    }
    await flood.until(async () => (await stats(rig)).publish.slowClosedBy['stuck'] === sockets.length);
    for (const socket of sockets) socket.ws.resume();
    assert.deepEqual(
      await Promise.all(sockets.map(({ closed }) => closed)),
      sockets.map(() => CLOSE_SLOW),
    );
    const { publish } = await stats(rig);
    assert.deepEqual([publish['bufferedBytes'], publish['subscribers'], publish['slowClosed']], [0, 0, sockets.length]);
    assert.ok(publish['bufferedBytesMost'] >= SUBSCRIBER_CONFLATE_BYTES);
    const metrics = await (await rig.get('/metrics')).text();
    assert.match(metrics, /^millrace_publish_slow_closed_total\{cause="stuck"\} 5$/m);
  });

  test('that never reads answers to its own requests is closed at the hard bound', async (t) => {
    const rig = await started(t, { limits: { requestsPerSecond: 0 } });
    const socket = await rig.open();
    socket.ws.pause();
    const args = Array.from({ length: 2_000 }, (_, index) => `book.no:SUCH${index}`);
    const timer = setInterval(() => socket.send({ op: 'subscribe', args }), 5);
    t.after(() => clearInterval(timer));
    await until(async () => (await stats(rig)).publish.slowClosedBy['bytes'] === 1);
    clearInterval(timer);
    socket.ws.resume();
    assert.equal(await socket.closed, CLOSE_SLOW);
  });

  test('is given what it missed before the engine ends, books too, and nothing is counted twice', async (t) => {
    const rig = await started(t);
    const flood = new Flood(rig);
    const socket = await rig.open();
    await socket.subscribe(...CHANNELS);
    await until(() => socket.received.length >= 4);
    socket.ws.pause();
    await flood.until(async () => (await stats(rig)).publish['conflated'] === 1);
    flood.run(100);
    await until(() => rig.publisher.drained());
    rig.publisher.stopAccepting();
    for (const shard of rig.shards) shard.isSilent = true;
    const flushed = rig.publisher.flush(60_000);
    socket.ws.resume();
    const { flushed: sent, dropped } = await flushed;
    assert.ok(sent > 0);
    assert.equal(dropped, 0);
    await until(() => socket.received.some((message) => (message as Json)['value'] === flood.steps));
    const follower = new Follower();
    follower.takeAll(socket);
    assert.equal(follower.last.get(CHANNELS[2])?.['id'], String(flood.steps));
    assert.equal(follower.last.get(CHANNELS[0])?.['seq'], flood.steps + 1);
  });
});
