// T21: many subscribers, some of which stop reading and some of which read slowly: conflated, told what they missed, cut
// where they read nothing; healthy ones are given all.

import { setTimeout as sleep } from 'node:timers/promises';
import { wireFrame } from '../../engine/load/frame-socket.ts';
import { SUBSCRIBER_BACKPRESSURE_BYTES_MAX, SUBSCRIBER_STUCK_MS } from '../../schemas/config.ts';
import { Client, type Json } from '../support/live-engine.ts';
import { EngineUnderTest, settled } from './engine-under-test.ts';
import { isolationFigures, Probe, pairedWindows } from './probe.ts';
import { RawSocket } from './raw-socket.ts';
import { atMost, exactly, type Figure, type Scenario, type Size, timedAtMost, told, zeroOf } from './scenario.ts';

const CLIENTS = { tiny: 10, small: 40, full: 100 } as const;
const RATE_PER_S = { tiny: 300, small: 100, full: 60 } as const;
const SLOW_SHARE = 0.1;
/** Levels a side in each change: some 8 kB a message, so that queues fill. */
const LEVELS = 100;
const WINDOW_MS = { tiny: 4_000, small: 12_000, full: 20_000 } as const;
/** What a socket of the system holds beside the engine's own queue. */
const CAP_SLACK = 1.1;
const SIP_BYTES_PER_S = 10_000;

const level = (price: number, amount: number): object => ({ price: String(price), amount: String(amount) });

/** Changes of one book, on schedule. */
class Flood {
  sent = 0;
  private readonly client: Client;
  private readonly timer: NodeJS.Timeout;

  constructor(client: Client, ratePerS: number) {
    this.client = client;
    this.send(true);
    const beganMs = performance.now();
    this.timer = setInterval(() => {
      const due = ((performance.now() - beganMs) * ratePerS) / 1_000;
      while (this.sent < due) this.send(false);
    }, 2);
  }

  private send(isSnapshot: boolean): void {
    this.sent++;
    const side = (from: number): object[] =>
      Array.from({ length: LEVELS }, (_, rank) => level(from + rank, 1 + (this.sent % 89) + rank));
    this.client.send({
      ...{ type: 'book_change', exchange: 'flood', symbol: 'B', isSnapshot, bids: side(1_000), asks: side(2_000) },
      timestamp: new Date().toISOString(),
    });
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** A subscriber that looks at what it is given: each message behind the one before it. */
class Follower {
  holes = 0;
  received = 0;
  gapsTold = 0;
  private seq: unknown = null;
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
    client.socket.on('message', (data: Buffer) => this.take(JSON.parse(data.toString()) as Json));
  }

  private take(message: Json): void {
    this.client.received.length = 0;
    if (message['channel'] === undefined || message['type'] === undefined) return;
    this.received++;
    if (message['type'] === 'gap') this.gapsTold++;
    const follows = this.seq === null || message['isSnapshot'] === true || message['prevSeq'] === this.seq;
    if (!follows) this.holes++;
    this.seq = message['seq'];
  }
}

const SUBSCRIBE = wireFrame(Buffer.from('{"op":"subscribe","id":1,"args":["book.flood:B","trade.flood:B"]}'));

async function stopped(port: number): Promise<RawSocket> {
  const raw = await RawSocket.upgrading(port, '/stream').answered();
  raw.write(SUBSCRIBE);
  raw.socket.pause();
  return raw;
}

/** Reads a little ten times a second. */
function sipping(client: Client): NodeJS.Timeout {
  client.socket.pause();
  return setInterval(() => {
    let bytes = 0;
    client.socket.on('message', function take(data: Buffer) {
      bytes += data.length;
      if (bytes < SIP_BYTES_PER_S / 10) return;
      client.socket.off('message', take);
      client.socket.pause();
    });
    client.socket.resume();
  }, 100);
}

async function cutFigures(
  engine: EngineUnderTest,
  size: Size,
  stuck: readonly RawSocket[],
  beganMs: number,
): Promise<Figure[]> {
  if (size === 'tiny') return [];
  const limitMs = SUBSCRIBER_STUCK_MS + 15_000;
  const endMs = performance.now() + limitMs;
  const closed = async (): Promise<number> => (await engine.stats()).publish.slowClosedBy['stuck'];
  while (performance.now() < endMs && (await closed()) < stuck.length) await sleep(100);
  return [
    exactly('subscribers that read nothing, closed by name', await closed(), stuck.length, `of ${stuck.length}`),
    atMost('time until the last of them was cut', performance.now() - beganMs, limitMs, 'ms'),
  ];
}

export const scenario: Scenario = {
  id: 'T21',
  title: 'Slow subscribers',
  async run(size, _seed, log) {
    const engine = await EngineUnderTest.start(['--workers', '1']);
    const probe = await Probe.start(engine);
    const flood = new Flood(await Client.open(`ws://127.0.0.1:${engine.ingestPort}/ingest/json`), RATE_PER_S[size]);
    const slowCount = Math.ceil(CLIENTS[size] * SLOW_SHARE);
    const healthy: Follower[] = [];
    for (let i = 0; i < CLIENTS[size] - 2 * slowCount; i++) {
      const follower = new Follower(await Client.open(`ws://127.0.0.1:${engine.port}/stream`));
      healthy.push(follower);
      follower.client.send({ op: 'subscribe', id: 1, args: ['book.flood:B'] });
    }
    const rssBefore = engine.rssBytes;
    const stuck: RawSocket[] = [];
    const sippers: Follower[] = [];
    let sips: NodeJS.Timeout[] = [];
    let beganMs = 0;
    let mostBytes = 0;
    let bufferedMost = 0;
    const pairs = await pairedWindows(probe, 1, WINDOW_MS[size], async () => {
      for (let i = 0; i < slowCount; i++) {
        stuck.push(await stopped(engine.port));
        const follower = new Follower(await Client.open(`ws://127.0.0.1:${engine.port}/stream`));
        follower.client.send({ op: 'subscribe', id: 1, args: ['book.flood:B'] });
        sippers.push(follower);
      }
      sips = sippers.map(({ client }) => sipping(client));
      beganMs = performance.now();
      for (const endMs = beganMs + WINDOW_MS[size]; performance.now() < endMs; await sleep(200)) {
        const { subscribers, publish } = await engine.get<{
          subscribers: { mostBytes: number }[];
          publish: { bufferedBytes: number };
        }>('/v1/stats');
        mostBytes = Math.max(mostBytes, ...subscribers.map((each) => each.mostBytes));
        bufferedMost = Math.max(bufferedMost, publish.bufferedBytes);
      }
    });
    const rssAfter = engine.rssBytes;
    const cut = await cutFigures(engine, size, stuck, beganMs);
    for (const sip of sips) clearInterval(sip);
    for (const { client } of sippers) client.socket.resume();
    for (const raw of stuck) raw.end();
    const { wrong, sent, received } = await probe.finish();
    await sleep(1_000);
    flood.stop();
    const { publish } = await settled(engine);
    await sleep(1_000);
    const all = [...healthy, ...sippers];
    const holes = all.reduce((sum, each) => sum + each.holes, 0);
    const taken = all.reduce((sum, each) => sum + each.received, 0);
    // A late subscriber begins with a snapshot: the fullest copies are those of who came first.
    const fewest = Math.min(...healthy.map((each) => each.received));
    log(JSON.stringify({ mostBytes, bufferedMost, flood: flood.sent, fewest, publish }));
    for (const { client } of all) client.socket.terminate();
    await engine.stop();
    return {
      injected: 2 * slowCount,
      detected: publish['conflations'] + publish['slowClosed'],
      falseAlarms: null,
      figures: [
        zeroOf('messages that do not follow the one before, without a notice', holes, taken),
        atMost(
          'bytes queued to one subscriber at most',
          mostBytes,
          SUBSCRIBER_BACKPRESSURE_BYTES_MAX * CAP_SLACK,
          'bytes',
        ),
        ...cut,
        told('subscribers conflated, times', publish['conflations'], ''),
        told('messages conflated', publish['conflatedMessages'], ''),
        timedAtMost(
          size,
          'growth of the process by a slow client',
          (rssAfter - rssBefore) / (2 * slowCount),
          SUBSCRIBER_BACKPRESSURE_BYTES_MAX * CAP_SLACK,
          'bytes',
        ),
        zeroOf('messages of another market lost, twice or out of order', wrong + sent - received, sent),
        ...isolationFigures(size, 'a healthy subscriber', pairs),
      ],
      accounting: null,
      knownHoles: [],
      notes: [
        `${CLIENTS[size]} subscribers of one book with ${RATE_PER_S[size]} changes of ${2 * LEVELS} levels a second; one in ten stops reading, one in ten reads some ${SIP_BYTES_PER_S / 1_000} kB/s.`,
      ],
    };
  },
};
