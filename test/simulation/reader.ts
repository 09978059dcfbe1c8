// One subscriber of a simulated run, which checks all it is told: numbers without a hole, books that the venue really had,
// trades that really happened, and each of them once.

import { crc32 } from '../support/reference/crc32.ts';
import type { Choices } from './choices.ts';
import type { MemorySocket } from './memory-sockets.ts';
import type { Numbers } from './numbers.ts';
import { bookText, type TrueLevel, type TrueMarket } from './truth.ts';

type Json = { readonly [field: string]: unknown };
type WireLevel = { readonly price: string; readonly amount: string };

const CHECKSUM_LEVELS = 10;

/** What one channel has told so far. */
class ChannelState {
  seq: number | null = null;
  /** Set where numbers may begin anew: nothing is held. */
  isFresh = true;
  /** The last message was a trade: the next has the next number, or something else says why not. */
  mustFollow = false;
}

/** A book put together from a snapshot and its deltas. */
class FollowedBook {
  isWhole = false;
  state = '';
  /** Venue sequence that the book was last found to be of. */
  sequence = -1;
  private readonly bids = new Map<string, string>();
  private readonly asks = new Map<string, string>();
  private partsSeen = 0;

  take(message: Json): void {
    const part = Number(message['part'] ?? 1);
    this.state = String(message['state']);
    if (message['isSnapshot'] === true && part === 1) {
      this.bids.clear();
      this.asks.clear();
      this.sequence = -1;
      this.partsSeen = 0;
    }
    write(this.bids, message['bids'] as WireLevel[]);
    write(this.asks, message['asks'] as WireLevel[]);
    if (message['isSnapshot'] === true) this.isWhole = ++this.partsSeen === Number(message['parts'] ?? 1);
  }

  /** What the checksum of a message that left the book as it is now has to be (docs/stream.md, "Checksum"). */
  get checksum(): number {
    const sides = [sorted(this.bids, true), sorted(this.asks, false)];
    const ranks = Array.from({ length: CHECKSUM_LEVELS }, (_, rank) => sides.map((side) => side[rank]));
    return crc32(
      ranks
        .flat()
        .flatMap((level) => level ?? [])
        .join(':'),
    );
  }

  get text(): string {
    return bookText(sorted(this.bids, true), sorted(this.asks, false));
  }
}

function write(side: Map<string, string>, levels: readonly WireLevel[]): void {
  for (const { price, amount } of levels) {
    if (amount === '0') side.delete(price);
    else side.set(price, amount);
  }
}

function sorted(side: ReadonlyMap<string, string>, isBid: boolean): TrueLevel[] {
  return [...side].sort(([a], [b]) => (isBid ? Number(b) - Number(a) : Number(a) - Number(b)));
}

export type ReaderParts = {
  readonly name: string;
  readonly connect: () => MemorySocket | null;
  readonly markets: ReadonlyMap<string, TrueMarket>;
  readonly choices: Choices;
  /** What every number stands for, whoever is told it. */
  readonly numbers: Numbers;
  /** A shard began anew and does not know which trades it has seen. */
  readonly isForgetful: () => boolean;
  /** A broken promise: ends the run. */
  readonly fail: (what: string) => never;
  readonly note: (event: string) => void;
};

export class Reader {
  readonly name: string;
  /** Messages of data taken. */
  messages = 0;
  resumes = 0;
  snapshots = 0;
  cuts = 0;
  isPaused = false;
  private readonly parts: ReaderParts;
  private socket: MemorySocket | null = null;
  private readonly channels = new Map<string, ChannelState>();
  private readonly books = new Map<string, FollowedBook>();
  private readonly subscribed = new Set<string>();
  /** By market, ids of trades told. */
  private readonly tradesTold = new Map<string, Set<string>>();
  private engine: unknown = null;

  constructor(parts: ReaderParts) {
    this.name = parts.name;
    this.parts = parts;
  }

  get isOpen(): boolean {
    return this.socket !== null;
  }

  /** Comes, or comes back: then it resumes what it had, where it likes. */
  connect(wanted: readonly string[]): void {
    const { connect, choices, note, name } = this.parts;
    this.socket = connect();
    if (this.socket === null) return;
    this.subscribed.clear();
    const held = [...this.channels].filter(([, { seq }]) => seq !== null);
    if (held.length > 0 && choices.chance(0.7)) {
      const args = held.map(([channel, { seq }]) => ({ channel, seq }));
      this.resumes++;
      for (const [channel] of held) this.subscribed.add(channel);
      note(`${name} resumes ${args.length}`);
      this.request({ op: 'resume', id: 1, args, engine: this.engine });
    } else this.forget();
    this.subscribe(wanted);
  }

  private forget(): void {
    this.channels.clear();
    this.books.clear();
    this.tradesTold.clear();
  }

  /** Asks for channels it has not; those of markets that do not exist yet are refused, and asked for again later. */
  subscribe(wanted: readonly string[]): void {
    const args = wanted.filter((channel) => !this.subscribed.has(channel));
    if (this.socket === null || args.length === 0) return;
    for (const channel of args) this.subscribed.add(channel);
    this.request({ op: 'subscribe', id: 2, args });
  }

  private request(request: object): void {
    this.socket?.receive(JSON.stringify(request));
  }

  leave(): void {
    this.socket?.finish(1000);
    this.socket = null;
  }

  /** The engine's process has ended: nothing more of it comes. */
  lose(): void {
    this.socket = null;
  }

  /** Takes up to `most` messages; returns how many. */
  read(most: number): number {
    const { socket } = this;
    if (socket === null) return 0;
    let taken = 0;
    for (let text = socket.read(); text !== undefined; text = taken < most ? socket.read() : undefined) {
      this.take(JSON.parse(text) as Json);
      taken++;
    }
    if (socket.closeCode !== null && socket.unread.length === 0) {
      this.cuts++;
      this.socket = null;
    }
    return taken;
  }

  private take(message: Json): void {
    if (typeof message['op'] === 'string') this.reply(message);
    else this.data(message);
  }

  private reply(message: Json): void {
    this.note(message['engine']);
    for (const error of (message['errors'] ?? []) as Json[]) {
      const arg = error['arg'];
      const channel = typeof arg === 'string' ? arg : String((arg as Json)['channel']);
      this.subscribed.delete(channel);
      // What is asked for again later begins as if new.
      this.channel(channel).isFresh = true;
      if (error['category'] !== 'unknown-market') this.parts.fail(`${channel} refused: ${JSON.stringify(error)}`);
    }
    if (message['op'] !== 'resumed') return;
    for (const item of message['args'] as Json[]) {
      const state = this.channel(String(item['channel']));
      if (item['resumed'] !== true) state.isFresh = true;
    }
  }

  /** Another engine tells again what the one before had told; its numbers say so. */
  private note(engine: unknown): void {
    if (engine === undefined || engine === this.engine) return;
    this.engine = engine;
    this.tradesTold.clear();
  }

  private channel(name: string): ChannelState {
    const held = this.channels.get(name) ?? new ChannelState();
    this.channels.set(name, held);
    return held;
  }

  private data(message: Json): void {
    this.messages++;
    const name = String(message['channel']);
    this.checkNumbers(name, message);
    if (message['type'] === 'book_change') this.book(name, message);
    else if (message['type'] === 'trade') this.trade(message);
    else if (message['type'] === 'gap') this.gap(name, message);
  }

  /** Each message follows the one before it; the first of a channel follows nothing. */
  private checkNumbers(name: string, message: Json): void {
    const state = this.channel(name);
    const { seq, prevSeq } = message as { seq: number; prevSeq: number | null };
    const isLinked = prevSeq === state.seq;
    if (!isLinked && !state.isFresh)
      this.parts.fail(`${this.parts.name} ${name}: expected prevSeq ${state.seq}, was ${prevSeq} (seq ${seq})`);
    const isNext = seq === (state.seq ?? 0) + 1 || seq === state.seq;
    if (message['type'] === 'trade' && state.mustFollow && isLinked && !isNext && !this.parts.isForgetful())
      this.parts.fail(`${this.parts.name} ${name}: trades between ${state.seq} and ${seq} were not told`);
    state.mustFollow = message['type'] === 'trade';
    state.seq = seq;
    state.isFresh = false;
    this.parts.numbers.told(name, message);
  }

  /** Trades go with a shard only where it began anew: what is brought back from the journal leaves none out. */
  private gap(name: string, { reason, lost }: Json): void {
    if (reason === 'restart' && name.startsWith('trade.') && !this.parts.isForgetful())
      this.parts.fail(`${this.parts.name} ${name}: ${lost} trades went with a shard that was brought back`);
    const book = this.books.get(name);
    if (book !== undefined) book.isWhole = false;
  }

  private marketOf(message: Json): TrueMarket {
    const name = `${String(message['exchange'])}:${String(message['symbol'])}`;
    const market = this.parts.markets.get(name);
    if (market === undefined) return this.parts.fail(`a message of a market that there is not: ${name}`);
    return market;
  }

  /** A live book is one the venue had, and never goes back but to a whole one. */
  private book(name: string, message: Json): void {
    const book = this.books.get(name) ?? new FollowedBook();
    this.books.set(name, book);
    book.take(message);
    if (message['isSnapshot'] === true) this.snapshots++;
    if (!book.isWhole) return;
    if (message['checksum'] !== book.checksum)
      this.parts.fail(`${this.parts.name} ${name}: expected checksum ${book.checksum}, was ${message['checksum']}`);
    if (message['state'] !== 'live') return;
    const market = this.marketOf(message);
    const { text } = book;
    const found = (market.sequencesOf.get(text) ?? []).find((sequence) => sequence >= book.sequence);
    if (found === undefined)
      this.parts.fail(
        `${this.parts.name} ${name} seq ${String(message['seq'])}: a live book that ${market.name} never had after ${book.sequence}: ${text}`,
      );
    book.sequence = found;
    this.parts.numbers.book(market, Number(message['seq']), text);
  }

  /** A trade of the venue, as it was, and once. */
  private trade(message: Json): void {
    const market = this.marketOf(message);
    const id = String(message['id']);
    const told = this.tradesTold.get(market.name) ?? new Set();
    this.tradesTold.set(market.name, told);
    if (told.has(id) && !this.parts.isForgetful())
      this.parts.fail(`${this.parts.name}: trade ${id} of ${market.name} was told twice`);
    told.add(id);
    this.parts.numbers.trade(market, Number(message['seq']), id);
    const trade = market.trades.find((each) => String(each.id) === id);
    const isSame =
      trade !== undefined &&
      trade.price === message['price'] &&
      trade.amount === message['amount'] &&
      trade.side === message['side'];
    if (!isSame) this.parts.fail(`${this.parts.name}: ${market.name} never had trade ${JSON.stringify(message)}`);
  }

  /** A book as it is held, with its state; null where it is not whole. */
  bookOf(channel: string): { readonly state: string; readonly text: string } | null {
    const book = this.books.get(channel);
    return book?.isWhole === true ? { state: book.state, text: book.text } : null;
  }

  /** Ids of all trades told of a market. */
  tradesOf(market: string): ReadonlySet<string> {
    return this.tradesTold.get(market) ?? new Set();
  }
}
