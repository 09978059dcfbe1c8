// What does a message cost from the shard's records to the sockets' door, by how many listen?
//
//   output ring ──► records ──► FanOut ──► topic: encode once per encoding ──► outlet that counts   (ours)
//   the same messages, JSON.stringify for each subscriber ──► the same outlet                        (baseline)
//
// No sockets here: uWebSockets.js hands one text to all who joined the topic, so what is left for it is in the path suite.

import { MarketNames } from '../../engine/memory/market-names.ts';
import { parseChannel } from '../../engine/publish/channels.ts';
import { CurrentValues } from '../../engine/publish/current-values.ts';
import type { EncodingId } from '../../engine/publish/encodings.ts';
import { FanOut } from '../../engine/publish/fan-out.ts';
import { type Encoded, HistoryBudget } from '../../engine/publish/history.ts';
import { InterestCounts } from '../../engine/publish/interest.ts';
import { OutputRecords } from '../../engine/publish/output-records.ts';
import { Requests } from '../../engine/publish/requests.ts';
import { Subscriber } from '../../engine/publish/subscriber.ts';
import { TopicRegistry } from '../../engine/publish/topic-registry.ts';
import type { Outlet } from '../../engine/publish/topics.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { RecordType } from '../../schemas/ids.ts';
import { check, type Results, type Size } from '../harness.ts';
import { InProcessEngine } from '../support/in-process.ts';
import { stageOf } from '../support/record-buffer.ts';
import { bench, type Turn, takeTurns } from '../support/turns.ts';
import { tradeFrames } from '../workloads.ts';

const MARKETS = 8;
const WINDOW_MS = 30_000;
const JSON_TEXT: EncodingId = 0;
const FLATBUFFERS: EncodingId = 2;
const SUBSCRIBERS = [1, 100, 1000] as const;

/** Counts what would go to sockets; text is made whole, as a socket does when it copies it. */
class CountingOutlet implements Outlet {
  messages = 0;
  bytes = 0;
  firsts = 0;
  last: Encoded = '';

  publish(_topic: string, message: Encoded): boolean {
    this.messages++;
    this.bytes += message.length;
    this.firsts += typeof message === 'string' ? message.charCodeAt(0) : message[0];
    this.last = message;
    return true;
  }
}

/** Trades in an output ring that is read again and again, and topics with so many subscribers each. */
class FanOutTurn implements Turn {
  readonly outlet = new CountingOutlet();
  private readonly trades: number;
  private readonly records: OutputRecords;
  private readonly fanOut: FanOut;

  constructor(trades: number, subscribers: number, encodings: readonly EncodingId[]) {
    this.trades = trades;
    const engine = new InProcessEngine({ dialect: 'binance', marketsMax: MARKETS, choice: {} });
    const { frames } = tradeFrames(MARKETS + trades, MARKETS);
    // One frame of each market first: a topic is of a market that is known.
    engine.run(stageOf(frames.slice(0, MARKETS)));
    const { memory, clock, plans } = engine;
    const budget = new HistoryBudget();
    const shared = {
      outlet: this.outlet,
      budget,
      windowMs: WINDOW_MS,
      nowMs: 0,
      publishedMessages: 0,
      publishedBytes: 0,
    };
    const names = new MarketNames(memory);
    const topics = new TopicRegistry(shared, names, new InterestCounts(memory.interest, memory.signalInterest));
    for (let market = 0; market < MARKETS; market++) this.subscribe(topics, names, market, subscribers, encodings);
    engine.run(stageOf(frames.slice(MARKETS)));
    const words = { barKinds: plans.barKinds, signals: plans.signals };
    this.records = new OutputRecords(new RingReader(memory.shards[0].output), clock, words);
    const requests = new Requests(memory);
    this.fanOut = new FanOut(topics, requests, new CurrentValues(requests, () => 0), () => undefined);
  }

  prepare(): void {
    this.outlet.messages = 0;
  }

  run(): void {
    const { records, fanOut } = this;
    const available = records.ring.available();
    let offset = 0;
    while (offset < available) offset += records.type(offset) === RecordType.stamp ? 1 : fanOut.take(records, offset);
    check(fanOut.unknownRecords === 0, `fan-out: expected known records, was ${fanOut.unknownRecords} others`);
  }

  /** How many messages a run hands over. */
  checkCount(encodings: number): void {
    this.prepare();
    this.run();
    const { messages } = this.outlet;
    check(messages === this.trades * encodings, `fan-out: expected ${this.trades * encodings}, was ${messages}`);
  }

  private subscribe(
    topics: TopicRegistry,
    names: MarketNames,
    market: number,
    subscribers: number,
    encodings: readonly EncodingId[],
  ): void {
    const parsed = parseChannel(`trade.${names.of(market).name}`, { bars: [], signals: [] });
    if (!('channel' in parsed)) throw new Error(`fan-out: ${parsed.message}`);
    const topic = topics.open(parsed.channel, market);
    for (let i = 0; i < subscribers; i++) {
      const subscriber = new Subscriber(encodings[i % encodings.length]);
      topics.use(topic, subscriber);
      topic.subscribers.add(subscriber);
    }
  }
}

function byEncoding(results: Results, size: Size, trades: number): void {
  const json = new FanOutTurn(trades, 100, [JSON_TEXT]);
  const bytes = new FanOutTurn(trades, 100, [FLATBUFFERS]);
  json.checkCount(1);
  bytes.checkCount(1);
  const plain = JSON.parse(Buffer.from(json.outlet.last as Uint8Array).toString()) as object;
  const outlet = new CountingOutlet();
  const each = (): void => {
    for (let trade = 0; trade < trades; trade++)
      for (let subscriber = 0; subscriber < 100; subscriber++) outlet.publish('', JSON.stringify(plain));
  };
  const way = (name: string, turn: Turn) => ({ name, prepare: () => turn.prepare(), run: () => turn.run() });
  bench(results, size, {
    name: 'a trade to 100 subscribers',
    operation: 'message',
    operations: trades,
    ways: [way('JSON', json), way('FlatBuffers', bytes), { name: 'JSON.stringify for each', run: each, aim: '≥ 10' }],
  });
}

function bySubscribers(results: Results, size: Size, trades: number): void {
  const turns = SUBSCRIBERS.map((subscribers) => new FanOutTurn(trades, subscribers, [JSON_TEXT]));
  for (const turn of turns) turn.checkCount(1);
  const times = takeTurns(turns, size).map((rounds) => rounds.map((ms) => (ms * 1e6) / trades));
  SUBSCRIBERS.forEach((subscribers, index) => {
    const label = `a trade to ${subscribers.toLocaleString('en')} subscribers, JSON`;
    results.add(label, 'ns/message', times[index]);
    const isLast = index === SUBSCRIBERS.length - 1;
    if (index > 0) results.ratio(`${label} / 1`, times[index], times[0], '1 subscriber', isLast ? '≤ 1.2' : null);
  });
}

export function fanOut(results: Results, size: Size): void {
  const trades = size === 'full' ? 4000 : 100;
  byEncoding(results, size, trades);
  bySubscribers(results, size, trades);
}
