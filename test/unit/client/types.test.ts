// The client's types: right use compiles and wrong use does not, which the type check of the whole tree sees to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  BookChange,
  BookTicker,
  Client,
  Gap,
  LocalBook,
  PriceLevel,
  Signal,
  StreamMessage,
  System,
  Trade,
  TradeBar,
} from '../../../engine/client/index.ts';

/** Compiles where both are one type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Fact extends true>(fact: Fact): Fact => fact;

type Item<Loop> = Loop extends AsyncIterable<infer T> ? T : never;
type Of<Channel extends string> = Item<ReturnType<typeof Client.prototype.subscribe<Channel>>>;

/** Never called: to be compiled is all it is for. */
async function use(client: Client): Promise<void> {
  for await (const book of client.book('x:A', { depth: 10, interval: '1s', checksum: false })) {
    const best: PriceLevel | null = book.best.bid;
    // @ts-expect-error A side may have no level.
    best.price;
    // @ts-expect-error A book is read, never written.
    book.seq = 1;
    // @ts-expect-error Levels are read, never written.
    book.bids.push({ price: '1', amount: '1' });
    // @ts-expect-error Decimals are text: arithmetic needs a decision.
    book.bids[0].price * 2;
  }
  for await (const trade of client.trades('x:A')) {
    // @ts-expect-error It may be a gap: what is lost is not overlooked.
    trade.price;
    if (trade.type === 'trade') trade.price.length;
    else trade.lost.toFixed();
  }
  for await (const bar of client.subscribe('bar.1m.x:A')) if (bar.type === 'trade_bar') bar.isFinal satisfies boolean;
  // @ts-expect-error A trade has no interval, since each counts.
  client.trades('x:A', { interval: '1s' });
  // @ts-expect-error An interval is text with its unit.
  client.bbo('x:A', { interval: 100 });
  // @ts-expect-error A kind of bar is needed.
  client.bars('x:A');
  // @ts-expect-error Nothing but counts.
  client.stats.gaps = 0;
}

test('what a loop gets is typed by its channel', () => {
  assert.ok(typeof use === 'function');
  holds<Same<Of<'trade.x:A'>, Trade | Gap>>(true);
  holds<Same<Of<'bar.1m.*'>, TradeBar | Gap>>(true);
  holds<Same<Of<'signal.imbalance.x:A'>, Signal | Gap>>(true);
  holds<Same<Of<'book.x:A'>, BookChange | Gap>>(true);
  holds<Same<Of<'bbo.x:*'>, BookTicker>>(true);
  holds<Same<Of<'system'>, System>>(true);
  holds<Same<Of<string>, StreamMessage>>(true);
  holds<Same<Item<ReturnType<Client['book']>>, LocalBook>>(true);
});
