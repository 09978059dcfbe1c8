// The client's book: against a plain map with exact prices, and every way a copy can be wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { crc32OfText as crc32 } from '../../../engine/base/crc32-table.ts';
import { BookKeeper } from '../../../engine/client/book-keeper.ts';
import { BookSide } from '../../../engine/client/book-side.ts';
import { checksumOf } from '../../../engine/client/checksum.ts';
import { compareDecimalTexts } from '../../../engine/client/decimal-text.ts';
import type { BookChange } from '../../../schemas/feed.ts';
import { change, FakeStream, gap, type Levels, next, take, whole } from '../../support/fake-stream.ts';
import '../../support/seed.ts';

const DECIMALS = 18;

/** Canonical text of an integer count of 10^-18. */
function textOf(atto: bigint): string {
  const digits = (atto < 0n ? -atto : atto).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${atto < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

const anyAtto = fc.oneof(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 31n }),
  // Close together and far beyond the digits of a float: told apart by the last one.
  fc.bigInt({ min: 0n, max: 9n }).map((last) => 9_007_199_254_740_993n * 10n ** 12n + last),
);
const anyUpdate = fc.record({
  isBid: fc.boolean(),
  price: fc.oneof(anyAtto, fc.bigInt({ min: 1n, max: 12n })),
  amount: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 20n })),
});
type Update = { readonly isBid: boolean; readonly price: bigint; readonly amount: bigint };

/** What the book must be: a map sorted whole each time. */
class PlainBook {
  private readonly sides = [new Map<bigint, bigint>(), new Map<bigint, bigint>()];

  set({ isBid, price, amount }: Update): void {
    const side = this.sides[isBid ? 0 : 1];
    if (amount === 0n) side.delete(price);
    else side.set(price, amount);
  }

  list(isBid: boolean): { price: string; amount: string }[] {
    const rows = [...this.sides[isBid ? 0 : 1]].sort(([a], [b]) => (a === b ? 0 : a < b === isBid ? 1 : -1));
    return rows.map(([price, amount]) => ({ price: textOf(price), amount: textOf(amount) }));
  }

  checksum(): number {
    const [bids, asks] = [this.list(true), this.list(false)];
    const texts = Array.from({ length: 10 }, (_, rank) => [bids[rank], asks[rank]]).flat();
    return crc32(texts.flatMap((level) => (level === undefined ? [] : [level.price, level.amount])).join(':'));
  }
}

function messageOf(seq: number, updates: readonly Update[], isSnapshot: boolean, checksum: number): BookChange {
  const of = (wanted: boolean): Levels =>
    updates.filter(({ isBid }) => isBid === wanted).map(({ price, amount }) => [textOf(price), textOf(amount)]);
  const rest = isSnapshot ? { isSnapshot, prevSeq: null } : {};
  return change(seq, of(true), of(false), { ...rest, checksum }) as unknown as BookChange;
}

test('a book is what a plain sorted map says it is, to the last digit, after any changes', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyUpdate, { maxLength: 12 }), { minLength: 1, maxLength: 20 }), (changes) => {
      const plain = new PlainBook();
      const keeper = new BookKeeper('x:A');
      for (const [index, updates] of changes.entries()) {
        for (const update of updates) plain.set(update);
        assert.equal(keeper.take(messageOf(index, updates, index === 0, plain.checksum())), 'applied');
        const { bids, asks, best, isVerified } = keeper.view;
        assert.deepEqual([bids, asks], [plain.list(true), plain.list(false)]);
        assert.deepEqual(best, { bid: bids[0] ?? null, ask: asks[0] ?? null });
        assert.deepEqual(keeper.view.top(3), { bids: bids.slice(0, 3), asks: asks.slice(0, 3) });
        assert.ok(isVerified);
      }
    }),
    { numRuns: 200 },
  );
});

test('decimal texts are compared as the numbers they are', () => {
  fc.assert(
    fc.property(anyAtto, anyAtto, (a, b) => {
      assert.equal(compareDecimalTexts(textOf(a), textOf(b)), a === b ? 0 : a < b ? -1 : 1);
    }),
  );
});

test('the checksum is that of the worked text, and of nothing for an empty book', () => {
  const bids = new BookSide(1);
  const asks = new BookSide(-1);
  assert.equal(checksumOf(bids, asks), 0);
  for (let price = 1; price <= 12; price++) bids.set({ price: String(price), amount: '0.5' });
  asks.set({ price: '13', amount: '2' });
  const text = '12:0.5:13:2:11:0.5:10:0.5:9:0.5:8:0.5:7:0.5:6:0.5:5:0.5:4:0.5:3:0.5';
  assert.equal(checksumOf(bids, asks), crc32(text));
});

test('a whole book in parts is there with its last part, and the book before it until then', () => {
  const keeper = new BookKeeper('x:A');
  const part = (seq: number, number: number, bids: Levels): BookChange =>
    whole(seq, bids, [], { part: number, parts: 2, prevSeq: number === 1 ? null : seq }) as unknown as BookChange;
  assert.equal(keeper.take(part(1, 1, [['9', '1']])), 'part');
  assert.deepEqual([keeper.isShown, keeper.seq], [false, null]);
  assert.equal(keeper.take(part(1, 2, [['8', '1']])), 'applied');
  assert.deepEqual(keeper.view.bids, [
    { price: '9', amount: '1' },
    { price: '8', amount: '1' },
  ]);
  // The connection ends between the parts of another: the book held is still that of seq 1.
  assert.equal(keeper.take(part(5, 1, [['7', '1']])), 'part');
  keeper.disconnect();
  assert.deepEqual([keeper.seq, keeper.view.bids.length, keeper.view.state], [1, 2, 'resyncing']);
  // A resume after seq 1 may begin with what shares that number.
  assert.equal(keeper.take(part(1, 2, [['8', '1']])), 'ignored');
  keeper.reconnect();
  assert.equal(keeper.view.state, 'live');
  assert.equal(keeper.take(change(2, [['9', '0']], []) as unknown as BookChange), 'applied');
  assert.deepEqual(keeper.view.bids, [{ price: '8', amount: '1' }]);
  // A part that is not the next one.
  assert.equal(keeper.take(part(6, 1, [])), 'part');
  assert.equal(keeper.take(part(7, 2, [])), 'gap');
});

async function brokenBook(message: object): Promise<{ reason: string | null; stats: FakeStream['client']['stats'] }> {
  const stream = new FakeStream();
  const loop = stream.client.book('x:A');
  const socket = await stream.open();
  socket.tell(whole(1, [['9', '1']], [['11', '1']], { checksum: crc32('9:1:11:1') }));
  const book = await next(loop);
  assert.deepEqual([book.isLive, book.isVerified, book.seq], [true, true, 1]);
  socket.tell(message);
  assert.equal(await next(loop), book);
  assert.deepEqual([book.state, book.isLive, book.isVerified], ['resyncing', false, false]);
  const { reason } = book;
  assert.deepEqual((await socket.request('unsubscribe')).args, ['book.x:A']);
  // Changes of the subscription before say nothing now.
  socket.tell(change(3, [['9', '7']], []));
  await socket.subscribed();
  socket.tell(whole(4, [['9', '2']], [], { checksum: crc32('9:2') }));
  await next(loop);
  assert.deepEqual([book.isLive, book.isVerified, book.seq, book.bids[0].amount], [true, true, 4, '2']);
  await stream.client.close();
  assert.deepEqual([book.isLive, book.reason], [false, 'closed']);
  return { reason, stats: stream.client.stats };
}

test('a wrong checksum is counted, the book told as not live and asked for anew', async () => {
  const { reason, stats } = await brokenBook(change(2, [['9', '3']], [], { checksum: 1 }));
  assert.equal(reason, 'checksum');
  assert.deepEqual([stats.checksumsBad, stats.checksumsOk, stats.resyncs, stats.gaps], [1, 2, 1, 1]);
});

test('a change that does not follow is a gap: counted, told, asked for anew', async () => {
  const { reason, stats } = await brokenBook(change(3, [['9', '3']], []));
  assert.equal(reason, 'gap');
  assert.deepEqual([stats.checksumsBad, stats.resyncs, stats.gaps], [0, 1, 1]);
});

test('a gap the engine tells leaves the book not live until its whole book, without asking', async () => {
  const stream = new FakeStream();
  const loop = stream.client.book('x:A');
  const socket = await stream.open();
  socket.tell(whole(1, [['9', '1']], []));
  const book = await next(loop);
  assert.equal(book.isVerified, false);
  socket.tell(gap('book.x:A', 'output-full', 0, 1, 1));
  await next(loop);
  assert.deepEqual([book.state, book.reason], ['resyncing', 'gap']);
  socket.tell(change(2, [['9', '5']], []));
  socket.tell(whole(3, [['9', '6']], [], { prevSeq: 1 }));
  await next(loop);
  assert.deepEqual([book.state, book.seq, book.best.bid?.amount], ['live', 3, '6']);
  assert.deepEqual([socket.requests.length, stream.client.stats.resyncs], [0, 0]);
  await stream.client.close();
});

test('a book is not live while the connection is lost, and goes on after what it missed', async () => {
  const stream = new FakeStream();
  const loop = stream.client.book('x:A', { depth: 5 });
  const socket = await stream.open();
  socket.tell(whole(4, [['9', '1']], [], { state: 'suspect', reason: 'quiet' }));
  const book = await next(loop);
  assert.equal(book.state, 'suspect');
  socket.end();
  await next(loop);
  assert.deepEqual([book.state, book.reason], ['resyncing', 'disconnected']);
  const again = await stream.socket();
  again.accept();
  assert.deepEqual((await again.resumed(true)).args, [{ channel: 'book.x:A', seq: 4, depth: 5 }]);
  again.tell(change(5, [['9', '2']], []));
  await next(loop);
  // What it missed may still be coming: the newest it has is as old as the loss.
  assert.deepEqual([book.seq, book.state, book.reason, book.isVerified], [5, 'resyncing', 'disconnected', false]);
  again.tell(change(6, [['9', '3']], []));
  await again.caughtUp();
  await next(loop);
  assert.deepEqual([book.state, book.seq, stream.client.stats.gaps], ['live', 6, 0]);
  again.end();
  const third = await stream.socket();
  third.accept();
  await third.resumed(false);
  third.tell(whole(9, [['7', '1']], [], { resumed: false }));
  await next(loop);
  assert.deepEqual([book.isLive, book.seq, book.bids.length, stream.client.stats.gaps], [true, 9, 1, 1]);
  await stream.client.close();
});

test('a slow loop gets the newest state of each book once, however often it changed', async () => {
  const stream = new FakeStream();
  const loop = stream.client.book('*');
  const socket = await stream.open();
  for (const symbol of ['A', 'B']) {
    const named = { symbol, channel: `book.x:${symbol}` };
    socket.tell(whole(1, [['9', '1']], [], named));
    for (let seq = 2; seq < 50; seq++) socket.tell(change(seq, [['9', String(seq)]], [], named));
  }
  assert.deepEqual(
    (await take(loop, 2)).map((book) => [book.market, book.seq]),
    [
      ['x:A', 49],
      ['x:B', 49],
    ],
  );
  const waiting = loop.next();
  socket.tell(change(50, [], []));
  const { value } = await waiting;
  assert.equal(value?.market, 'x:A');
  assert.equal(JSON.parse(JSON.stringify(value)).bids[0].amount, '49');
  await stream.client.close();
});

test('a loop over raw changes that falls behind gets a gap and then the whole book, and changes follow it', async () => {
  const stream = new FakeStream();
  const loop = stream.client.subscribe('book.x:A', { queueMax: 3 });
  const socket = await stream.open();
  socket.tell(whole(1, [['9', '1']], []));
  for (let seq = 2; seq <= 9; seq++) socket.tell(change(seq, [['9', String(seq)]], []));
  const [lost, book] = await take(loop, 2);
  assert.deepEqual([lost.type, 'lost' in lost && lost.lost, lost.seq], ['gap', 9, 9]);
  assert.ok(book.type === 'book_change' && book.isSnapshot);
  assert.deepEqual([book.seq, book.bids[0].amount], [9, '9']);
  socket.tell(change(10, [['9', '10']], []));
  const after = await next(loop);
  assert.deepEqual([after.type, after.seq, after.prevSeq], ['book_change', 10, 9]);
  assert.equal(stream.client.stats.slowLost, 9);
  const late = stream.client.subscribe('book.x:A');
  assert.equal((await next(late)).seq, 10);
  await stream.client.close();
});
