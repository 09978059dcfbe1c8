// Coverage with 10, 100 and 1,000 markets at once: every market that got input gives output of every kind, exactly its own.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Client, eventually, hourAheadMs, type Json, LiveEngine } from '../support/live-engine.ts';

const ROUNDS = 5;
const CHANNELS = ['trade.*', 'bbo.*', 'book.*', 'bar.1s.*', 'signal.cvd.*', 'signal.imbalance.*'];

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const aheadMs = hourAheadMs();

/** One round of one market: a trade of its own price, and a change of its book. */
function messages(market: number, round: number): object[] {
  const timestamp = new Date(aheadMs + round * 1000).toISOString();
  const head = { exchange: 'x', symbol: `M${market}`, timestamp };
  const level = (price: number, amount: number): object => ({ price: String(price), amount: String(amount) });
  const price = 1000 + market;
  const sides = { bids: [level(price - 1, round + 1)], asks: [level(price + 1, 1)] };
  return [
    { type: 'trade', ...head, id: String(round), price: String(price), amount: '1', side: 'buy' },
    { type: 'book_change', ...head, isSnapshot: round === 0, ...sides },
  ];
}

/** Symbols that each kind of message came for. Each message is looked at once: there are many, and many looks. */
class Coverage {
  private readonly client: Client;
  private readonly symbols = new Map(Object.keys(KINDS).map((kind) => [kind, new Set<unknown>()]));
  private seen = 0;

  constructor(client: Client) {
    this.client = client;
  }

  /** Markets that a kind of message came for so far. */
  count(kind: string): number {
    const { received } = this.client;
    for (; this.seen < received.length; this.seen++) {
      const message = received[this.seen];
      for (const [name, fits] of Object.entries(KINDS))
        if (fits(message)) this.symbols.get(name)?.add(message['symbol']);
    }
    return this.symbols.get(kind)?.size ?? 0;
  }

  /** Waits until a kind of message came for so many markets; fails at once where the engine has cut the client off. */
  async reach(kind: string, markets: number): Promise<void> {
    await eventually(`${kind} of ${markets} markets`, () => {
      const count = this.count(kind);
      assert.ok(this.client.isOpen, `cut off with ${kind} of ${count} markets`);
      return count === markets;
    });
  }
}

const KINDS: Readonly<Record<string, (message: Json) => boolean>> = {
  'a trade': ({ type }) => type === 'trade',
  'best prices': ({ type }) => type === 'book_ticker',
  'a book': ({ type }) => type === 'book_change',
  'a final bar': ({ type, isFinal }) => type === 'trade_bar' && isFinal === true,
  'the volume delta of all rounds': ({ name, value }) => name === 'cvd' && value === ROUNDS,
  'the imbalance of the last round': ({ name, value }) => name === 'imbalance' && value === (ROUNDS - 1) / (ROUNDS + 1),
};

async function assertCovered(markets: number): Promise<void> {
  const live = await LiveEngine.start({ workers: 2, marketsMax: 1024 });
  try {
    const [producer, subscriber] = [await live.producer('json'), await live.subscriber()];
    const coverage = new Coverage(subscriber);
    const { errors } = await subscriber.subscribe(...CHANNELS);
    assert.deepEqual(errors, []);
    const all = Array.from({ length: markets }, (_, market) => market);
    for (let round = 0; round < ROUNDS; round++) {
      producer.send(all.flatMap((market) => messages(market, round)));
      // The wildcards are in force for a market from its first frame on.
      if (round === 0) await coverage.reach('a book', markets);
    }
    for (const kind of Object.keys(KINDS)) await coverage.reach(kind, markets);
    const prices = new Map(subscriber.received.filter(KINDS['a trade']).map(({ symbol, price }) => [symbol, price]));
    for (const market of all) assert.equal(prices.get(`M${market}`), String(1000 + market));
    const stats = await live.get<{ markets: Record<string, { trades: number; updates: number }> }>('/v1/stats');
    assert.equal(Object.keys(stats.markets).length, markets);
    for (const [market, { trades, updates }] of Object.entries(stats.markets)) {
      assert.deepEqual([trades, updates], [ROUNDS, 3 * ROUNDS], market);
    }
    await producer.close();
    await subscriber.close();
  } finally {
    await live.stop();
  }
}

describe('every market with input gives output:', () => {
  for (const markets of [10, 100, 1000]) test(`${markets} markets`, () => assertCovered(markets));
});
