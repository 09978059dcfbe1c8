// Subscriptions with options over real sockets: copies of one book, each told in its own way, that verify every checksum
// through changes, a loss and a resync, and come to what the engine holds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByteBuffer } from 'flatbuffers';
import { formatDecimal } from '../../engine/base/decimal.ts';
import { BookChange, Message } from '../../schemas/generated/stream.ts';
import { BookCopy, type Client, eventually, type Json, LiveEngine } from '../support/live-engine.ts';
import { SEED } from '../support/seed.ts';

const MARKET = 'binance:VIEW';
const BOOK = `book.${MARKET}`;

type Pair = { price: string; amount: string };

/** Numbers from 0 to below `limit`, the same on every run with one seed. */
function drawsFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
const draw = drawsFrom(SEED);

const price = (rank: number, isAsk: boolean): string => String((isAsk ? 100_000 + rank : 99_999 - rank) / 1000);
/** Amounts of every length, zero among them. */
const amount = (): string =>
  draw(4) === 0 ? '0' : formatDecimal(draw(3) * 1000 + draw(1000), draw(2) * draw(1e6) * 1e9);

type Level = readonly [price: string, amount: string];

function levels(isAsk: boolean, count: number, isWhole: boolean): Level[] {
  const ranks = Array.from({ length: count }, (_, rank) => (isWhole ? rank : draw(24)));
  return ranks.map((rank) => [price(rank, isAsk), isWhole ? `${rank + 1}.25` : amount()]);
}

/** A venue's book, of which frames may be lost on their way. */
class VenueBook {
  updateId = 1;
  private readonly symbol: string;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  snapshot(): Json {
    const sides = { bids: levels(false, 16, true), asks: levels(true, 16, true) };
    return { snapshot: { symbol: this.symbol, lastUpdateId: this.updateId, ...sides } };
  }

  change(): Json {
    this.updateId++;
    const sides = { b: levels(false, 1 + draw(4), false), a: levels(true, 1 + draw(4), false) };
    return { e: 'depthUpdate', E: 1_767_225_600_000, s: this.symbol, U: this.updateId, u: this.updateId, ...sides };
  }
}

/** A binary message of a book in the form of the JSON one. */
function fromBytes(bytes: Buffer): Json {
  const message = Message.getRootAsMessage(new ByteBuffer(bytes));
  const body = message.body(new BookChange()) as BookChange;
  const side = (count: number, read: (index: number) => ReturnType<BookChange['bids']>): Pair[] =>
    Array.from({ length: count }, (_, index) => {
      const level = read(index);
      assert.ok(level !== null);
      return {
        price: formatDecimal(level.priceMilli(), level.priceAtto()),
        amount: formatDecimal(level.quantityMilli(), level.quantityAtto()),
      };
    });
  return {
    type: 'book_change',
    channel: message.channel(),
    seq: message.seq(),
    prevSeq: message.prevSeq() < 0 ? null : message.prevSeq(),
    isSnapshot: body.isSnapshot(),
    bids: side(body.bidsLength(), (index) => body.bids(index)),
    asks: side(body.asksLength(), (index) => body.asks(index)),
    state: body.state(),
    part: body.part(),
    parts: body.parts(),
    ...(body.checksum() === null ? {} : { checksum: body.checksum() }),
  };
}

/** A subscriber's copy of its book in its own way. */
class Follower {
  readonly copy = new BookCopy();
  readonly client: Client;
  messages = 0;
  taken = 0;

  private constructor(client: Client) {
    this.client = client;
  }

  static async open(live: LiveEngine, item: unknown, query = ''): Promise<Follower> {
    const client = await live.subscriber(query);
    const { args, errors } = await client.subscribe(item);
    assert.deepEqual([args, errors], [[item], []]);
    return new Follower(client);
  }

  /** Takes what came, in order. */
  read(): void {
    const { received, binary } = this.client;
    for (const message of received.splice(0).concat(binary.splice(0).map(fromBytes))) {
      if (message['type'] !== 'book_change') continue;
      this.messages++;
      this.copy.take(message);
    }
  }
}

describe('subscriptions with options', () => {
  let live: LiveEngine;
  let producer: Client;
  const venue = new VenueBook('VIEW');

  before(async () => {
    live = await LiveEngine.start();
    producer = await live.producer('binance');
    producer.send(venue.snapshot());
    producer.send(new VenueBook('OTHER').snapshot());
    await live.book(MARKET, 1);
    await live.book('binance:OTHER', 1);
  });
  after(async () => {
    await producer.close();
    await live.stop();
  });

  test('every copy verifies every checksum through changes and a resync, and comes to what the engine holds', async () => {
    const items: readonly [name: string, depth: number, item: unknown, query?: string][] = [
      ['plain', 0, BOOK],
      ['binary', 0, BOOK, '?encoding=flatbuffers'],
      ['interval', 0, { channel: BOOK, interval: '20ms' }],
      ['binary interval', 0, { channel: BOOK, interval: '25ms' }, '?encoding=flatbuffers'],
      ['without checksum', 0, { channel: BOOK, checksum: false }],
      ['three levels', 3, { channel: BOOK, depth: 3, interval: '15ms' }],
      ['binary, twelve levels', 12, { channel: BOOK, depth: 12, interval: '10ms' }, '?encoding=flatbuffers'],
      ['interval without checksum', 0, { channel: BOOK, interval: '20ms', checksum: false }],
    ];
    const followers = new Map<string, Follower>();
    const depths = new Map<string, number>();
    for (const [name, depth, item, query] of items) {
      followers.set(name, await Follower.open(live, item, query));
      depths.set(name, depth);
    }
    const late = async (name: string, item: unknown): Promise<void> => {
      followers.set(name, await Follower.open(live, item));
      depths.set(name, 0);
    };
    const send = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        producer.send(venue.change());
        if (i % 7 === 0) await sleep(3);
      }
    };
    await send(150);
    await late('late interval', { channel: BOOK, interval: '20ms' });
    await send(60);
    venue.change();
    await send(1);
    await eventually('a book that waits', async () => (await live.book(MARKET, 1)).state === 'resyncing');
    await late('late without checksum', { channel: BOOK, checksum: false });
    producer.send(venue.snapshot());
    await send(100);
    const book = await live.book(MARKET, 1 + 210 + 1 + 100);
    for (const [name, { copy }] of followers) {
      const depth = depths.get(name) ?? 0;
      const cut = (side: readonly Pair[]): readonly Pair[] => (depth === 0 ? side : side.slice(0, depth));
      await eventually(`${name} at the end`, () => {
        followers.get(name)?.read();
        return (
          copy.isWhole &&
          JSON.stringify(copy.sides()) === JSON.stringify({ bids: cut(book.bids), asks: cut(book.asks) })
        );
      });
      assert.equal(copy.state, 'live', name);
    }
    const of = (name: string): Follower => followers.get(name) as Follower;
    for (const [name, { copy, messages }] of followers) {
      if (name.endsWith('without checksum')) assert.equal(copy.verified, 0, name);
      else assert.equal(copy.verified, messages, name);
    }
    assert.ok(of('plain').messages >= 310 && of('binary').messages >= 310);
    assert.ok(of('interval').messages < of('plain').messages / 2 && of('late interval').messages > 1);
    await Promise.all([...followers.values()].map(({ client }) => client.close()));
  });
});
