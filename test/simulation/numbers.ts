// What each number of a stream stands for: the same for every subscriber, whatever ended in between.

import type { TrueMarket } from './truth.ts';

/** Numbers of `book` and `trade` are the market's own; all others are counted by main. */
const OWN = /^(book|trade)\./;

export class Numbers {
  private readonly fail: (what: string) => never;
  private readonly trades = new Map<string, Map<number, string>>();
  private readonly books = new Map<string, Map<number, string>>();
  /** By channel, the highest number told by this engine, and by those before it. */
  private readonly most = new Map<string, number>();
  private readonly floors = new Map<string, number>();

  constructor(fail: (what: string) => never) {
    this.fail = fail;
  }

  /** A message of a channel. */
  told(channel: string, message: { readonly [field: string]: unknown }): void {
    const seq = Number(message['seq']);
    const floor = this.floors.get(channel);
    if (floor !== undefined && seq <= floor && message['type'] !== 'gap')
      this.fail(`${channel}: number ${seq} again, after ${floor} of the process before`);
    if (!OWN.test(channel)) this.most.set(channel, Math.max(seq, this.most.get(channel) ?? 0));
  }

  trade(market: TrueMarket, seq: number, id: string): void {
    this.check(this.trades, market, seq, id, 'trade');
  }

  /** A live book, whole, at the end of a message. */
  book(market: TrueMarket, seq: number, text: string): void {
    this.check(this.books, market, seq, text, 'book');
  }

  private check(
    known: Map<string, Map<number, string>>,
    { name }: TrueMarket,
    seq: number,
    what: string,
    kind: string,
  ): void {
    const own = known.get(name) ?? new Map<number, string>();
    known.set(name, own);
    const before = own.get(seq);
    if (before !== undefined && before !== what) this.fail(`${kind}.${name} ${seq} was ${before}, now ${what}`);
    own.set(seq, what);
  }

  /** A shard lost what it knew: the same number may stand for something else. */
  forget(market: string): void {
    this.trades.delete(market);
    this.books.delete(market);
  }

  /**
   * Another process goes on. Input that no journal had is gone, and with it what was told of it: but for markets whose
   * producer sends it again.
   */
  restart(isExact: (market: string) => boolean, isBegunOnDisk: boolean): void {
    for (const name of [...this.trades.keys(), ...this.books.keys()]) if (!isExact(name)) this.forget(name);
    // Of an engine that has left nothing on the disk, not even its beginning, the next one knows nothing.
    for (const [channel, seq] of isBegunOnDisk ? this.most : [])
      this.floors.set(channel, Math.max(seq, this.floors.get(channel) ?? 0));
    this.most.clear();
  }
}
