// T22: clients that ask for a hundred thousand topics, and that subscribe and leave a thousand times a second: refused,
// then closed; nothing is opened for names that nobody knows, and others do not notice.

import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../support/live-engine.ts';
import { EngineUnderTest } from './engine-under-test.ts';
import { isolationFigures, Probe, pairedWindows } from './probe.ts';
import { atMost, exactly, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const PAIRS = { tiny: 1, small: 2, full: 5 } as const;
const WINDOW_MS = 3_000;
const TOPICS = 100_000;
const TOPICS_A_REQUEST = 500;
const FLAPS = 3_000;
const GROWTH_BYTES_MAX = 10e6;
const CLOSE_RATE = 4011;

/** All topics in a second or so; resolves with the close code, or 0 for one that was let go on. */
async function topicFlood({ port }: EngineUnderTest, turn: number): Promise<{ asked: number; code: number }> {
  const client = await Client.open(`ws://127.0.0.1:${port}/stream`);
  let asked = 0;
  while (asked < TOPICS && client.isOpen) {
    const args = Array.from({ length: TOPICS_A_REQUEST }, () => `trade.nobody:N${turn}-${asked++}`);
    client.send({ op: 'subscribe', args });
    await sleep(5);
  }
  const code = await Promise.race([client.closed, sleep(2_000).then(() => 0)]);
  client.socket.terminate();
  return { asked, code };
}

async function flapping({ port }: EngineUnderTest): Promise<{ asked: number; code: number }> {
  const client = await Client.open(`ws://127.0.0.1:${port}/stream`);
  let asked = 0;
  while (asked < FLAPS && client.isOpen) {
    for (let i = 0; i < 10; i++)
      client.send({ op: asked++ % 2 === 0 ? 'subscribe' : 'unsubscribe', args: ['book.probe:P'] });
    await sleep(10);
  }
  const code = await Promise.race([client.closed, sleep(2_000).then(() => 0)]);
  client.socket.terminate();
  return { asked, code };
}

export const scenario: Scenario = {
  id: 'T22',
  title: 'Subscription flood',
  async run(size, _seed, log) {
    const engine = await EngineUnderTest.start(['--workers', '1']);
    const probe = await Probe.start(engine);
    const floods: { asked: number; code: number }[] = [];
    const flaps: { asked: number; code: number }[] = [];
    const flood = async (): Promise<void> => {
      const end = sleep(WINDOW_MS);
      floods.push(await topicFlood(engine, floods.length));
      flaps.push(await flapping(engine));
      await end;
    };
    // The first makes what every later one uses again.
    await flood();
    const topicsBefore = (await engine.stats()).publish['topics'];
    const before = await engine.leastMemory();
    const pairs = await pairedWindows(probe, PAIRS[size], WINDOW_MS, flood);
    const growth = (await engine.leastMemory()) - before;
    const stats = await engine.stats();
    const { wrong, sent, received } = await probe.finish();
    await engine.stop();
    const asked = [...floods, ...flaps].reduce((sum, each) => sum + each.asked, 0);
    const clients = floods.length + flaps.length;
    const closed = [...floods, ...flaps].filter(({ code }) => code === CLOSE_RATE).length;
    const { requestsRefused, requestsClosed } = stats.publish.limited;
    log(JSON.stringify({ floods, flaps, growth, topics: stats.publish['topics'], limited: stats.publish.limited }));
    return {
      injected: clients,
      detected: requestsClosed,
      falseAlarms: 0,
      figures: [
        exactly('clients closed for their rate', closed, clients, `of ${clients}`),
        exactly('closed by the engine’s own count', requestsClosed, clients, ''),
        told('requests refused with an answer', requestsRefused, ''),
        zeroOf(
          'topics left open for names that nobody knows',
          Math.max(0, stats.publish['topics'] - topicsBefore),
          asked,
        ),
        atMost('growth of heap and buffers by the floods after the first', growth, GROWTH_BYTES_MAX, 'bytes'),
        timedAtMost(size, 'topics open after it', stats.publish['topics'], 10, ''),
        zeroOf('messages of others lost, twice or out of order', wrong + sent - received, sent),
        ...isolationFigures(size, 'another subscriber', pairs),
      ],
      accounting: null,
      knownHoles: [
        'No venue is connected here: that unknown names cause no request to one follows from subscriptions never reaching the connectors.',
      ],
      notes: [
        `${TOPICS} topics in some ${((TOPICS / TOPICS_A_REQUEST) * 0.005).toFixed(0)} s, then ${FLAPS} subscribes and unsubscribes at 1,000/s; ${asked} in all.`,
      ],
    };
  },
};
