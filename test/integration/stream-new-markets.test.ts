// Trades, bars and signals of markets that begin while someone listens to all of them: told from the first on, and counted right.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EngineClock } from '../../engine/base/clock.ts';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../engine/memory/market-names.ts';
import { type Channel, parseChannel } from '../../engine/publish/channels.ts';
import { CurrentValues } from '../../engine/publish/current-values.ts';
import { FanOut } from '../../engine/publish/fan-out.ts';
import { HistoryBudget } from '../../engine/publish/history.ts';
import { InterestCounts } from '../../engine/publish/interest.ts';
import { OutputRecords } from '../../engine/publish/output-records.ts';
import { Requests } from '../../engine/publish/requests.ts';
import { TopicRegistry } from '../../engine/publish/topic-registry.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { Interest } from '../../schemas/ids.ts';
import { SIGNAL_WORDS } from '../../schemas/signals.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { FakeShard, type Json, Rig, until } from '../support/publish-rig.ts';

const NAMED = { bars: ['5t'], signals: ['cvd'] };
/** As a subscriber writes it. */
const channelOf = (text: string): Channel => {
  const parsed = parseChannel(text, NAMED);
  assert.ok('channel' in parsed);
  return parsed.channel;
};
const TRADES = channelOf('trade.*');

const isTrade = (message: Json): boolean => message['type'] === 'trade';

/** What a shard does of a market's trades: those that main's interest does not cover are told to nobody. */
function trade(rig: Rig, market: number, number: number): void {
  if ((rig.interest(market) & Interest.trade) === 0) return;
  const shard = rig.shard(market);
  if (number === 1) shard.tradeNumber(market, 1);
  shard.trade(market, number, 1_000);
  shard.commit();
}

describe('a market that begins', () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start();
  });
  after(async () => rig.stop());

  test('is told of from its first trade on to whoever listens to all, though main has not looked yet', async () => {
    const socket = await rig.open();
    await socket.subscribe('trade.*');
    // All in one turn of this thread, which is main's too: nothing of main runs in between.
    const market = rig.addMarket('binance:FRESH');
    assert.notEqual(rig.interest(market) & Interest.trade, 0);
    for (let number = 1; number <= 3; number++) trade(rig, market, number);
    for (let number = 1; number <= 3; number++) {
      const { seq, prevSeq, id } = await socket.next(isTrade);
      assert.deepEqual([seq, prevSeq, id], [number, number === 1 ? null : number - 1, String(number)]);
    }
    socket.ws.terminate();
  });

  test('is told of by its own name once it is known, with the numbers of trades that nobody heard', async () => {
    const socket = await rig.open();
    await socket.subscribe('trade.okx:*');
    const market = rig.addMarket('kraken:OTHER');
    for (let number = 1; number <= 3; number++) trade(rig, market, number);
    await until(() => (rig.interest(market) & Interest.trade) === 0);
    await socket.subscribe('trade.kraken:OTHER');
    await rig.interested(market, Interest.trade);
    // The shard has written three, so it goes on without telling the number.
    trade(rig, market, 4);
    const { seq, prevSeq } = await socket.next(isTrade);
    assert.deepEqual([seq, prevSeq], [4, null]);
    socket.ws.terminate();
  });

  test('is told of from its first trade on to a listener of this process that waited for it', async () => {
    const ids: unknown[] = [];
    const subscription = rig.publisher.local.subscribe('trade.binance:WAITED', (message) => {
      if (message.type === 'trade') ids.push(message.id);
    });
    assert.ok('close' in subscription);
    const market = rig.addMarket('binance:WAITED');
    assert.notEqual(rig.interest(market) & Interest.trade, 0);
    trade(rig, market, 1);
    trade(rig, market, 2);
    await until(() => ids.length === 2);
    assert.deepEqual(ids, ['1', '2']);
    subscription.close();
  });

  test('gives its current bar to one who came behind its first trades, though before main has met it', async () => {
    const told: { isFinal: boolean; seq: number }[] = [];
    const market = rig.addMarket('binance:BEGUN');
    // What its shard has made of the trades until now was told to nobody.
    assert.equal(rig.interest(market) & Interest.bar, 0);
    const subscription = rig.publisher.local.subscribe('bar.1m.binance:*', (message) => {
      if (message.type === 'trade_bar' && message.symbol === 'BEGUN') told.push(message);
    });
    assert.ok('close' in subscription);
    await until(() => told.length > 0);
    assert.equal(told[0].isFinal, false);
    const { seq } = told[0];
    rig.shard(market).bar(market, 1, true);
    rig.shard(market).commit();
    await until(() => told.length === 2);
    assert.deepEqual([told[1].isFinal, told[1].seq], [true, seq + 1]);
    subscription.close();
  });
});

test('a record of a market that main has not met lets its listeners join before it is told', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 4, inputSlots: 64, outputSlots: 64 });
  const clock = new EngineClock(memory.anchor);
  const names = new MarketNames(memory);
  const shared = { outlet: { publish: () => true }, budget: new HistoryBudget(), windowMs: 1, nowMs: 0 };
  const interest = new InterestCounts(memory.interest, memory.signalInterest);
  const topics = new TopicRegistry({ ...shared, publishedMessages: 0, publishedBytes: 0 }, names, interest);
  const requests = new Requests(memory);
  let meetings = 0;
  const fanOut = new FanOut(topics, requests, new CurrentValues(requests, () => 0), () => {
    meetings++;
    topics.met(1);
  });
  const shard = new FakeShard(memory, 0, clock);
  shard.trade(0, 1, 1_000);
  shard.trade(0, 2, 1_000);
  shard.commit();
  topics.expect(TRADES);
  const { barKinds, signals } = marketPlansOf();
  const records = new OutputRecords(new RingReader(memory.shards[0].output), clock, { barKinds, signals });
  for (let offset = 0; offset < 2; ) offset += fanOut.take(records, offset);
  assert.deepEqual([meetings, topics.ofMarket(0)?.tradesTold], [1, 2]);
});

test('what is set ahead of a market for bars and signals is taken back where nobody of it listens', () => {
  const memory = createEngineMemory({ shards: 1, marketsMax: 4, inputSlots: 64, outputSlots: 64 });
  const shared = { outlet: { publish: () => true }, budget: new HistoryBudget(), windowMs: 1, nowMs: 0 };
  const interest = new InterestCounts(memory.interest, memory.signalInterest);
  const counts = { publishedMessages: 0, publishedBytes: 0 };
  const topics = new TopicRegistry({ ...shared, ...counts }, new MarketNames(memory), interest);
  const bits = (market: number): number => new Int32Array(memory.interest)[market];
  const signals = (market: number): number => new Int32Array(memory.signalInterest)[market * SIGNAL_WORDS];
  for (const text of ['bar.5t.*', 'signal.cvd.*', 'book.*', 'bbo.*', 'status.*']) topics.expect(channelOf(text));
  assert.deepEqual([bits(0), signals(0)], [Interest.bar | Interest.signal, 1]);
  topics.met(1);
  assert.deepEqual([bits(0), signals(0)], [0, 0]);
  assert.deepEqual([bits(3), signals(3)], [Interest.bar | Interest.signal, 1]);
});

test('a burst that begins markets is told whole: every trade and every bar', async (t) => {
  const engine = await LiveEngine.start({ plans: marketPlansOf({ usual: { bars: ['5t'], signals: [] } }) });
  t.after(() => engine.stop());
  const subscriber = await engine.subscriber();
  await subscriber.subscribe('trade.*', 'bar.5t.*');
  const producer = await engine.producer('json');
  const [markets, trades] = [20, 50];
  for (let number = 1; number <= trades; number++) {
    for (let market = 0; market < markets; market++) {
      const of = { type: 'trade', exchange: 'demo', symbol: `M${market}`, id: String(number) };
      producer.send({ ...of, price: '10', amount: '1', side: 'buy', timestamp: 1_767_225_600_000 + number });
    }
  }
  await engine.taken(markets * trades);
  const told = (type: string): Json[] => subscriber.received.filter((message) => message['type'] === type);
  const bars = (): Json[] => told('trade_bar').filter(({ isFinal }) => isFinal === true);
  await eventually('each trade', () => told('trade').length === markets * trades);
  await eventually('each bar', () => bars().length === (markets * trades) / 5);
  assert.equal(new Set(bars().map(({ symbol, openTimestamp }) => `${symbol} ${openTimestamp}`)).size, bars().length);
  await producer.close();
});
