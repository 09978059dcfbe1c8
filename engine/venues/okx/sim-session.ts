// The simulated OKX's side of one connection: an answer for each argument, chained books, trades, and the text ping.

import { BookWindow } from '../../simulate/book-window.ts';
import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';
import { ARGUMENT_BYTES_MAX, BOOK_DEPTH, KEEP_ALIVE_MS, OKX_LIMITS, SILENCE_MAX_MS } from './limits.ts';
import { bookText, tradeTexts } from './sim-frames.ts';

type Argument = { readonly channel: string; readonly instId: string };
type Request = { readonly id?: unknown; readonly op?: unknown; readonly args?: unknown };
type Book = { readonly window: BookWindow; sequence: number; isReset: boolean; sentMs: number };

/** A counter that was set back by maintenance goes on from here: the official example (15, 3). */
const SEQUENCE_ANEW = 3;
const NO_ROWS = { bids: [], asks: [] };

function isArgument(value: unknown): value is Argument {
  const argument = value as Partial<Argument> | null;
  return typeof argument?.channel === 'string' && typeof argument.instId === 'string';
}

export class OkxSession implements SimSession {
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly connectionId: string;
  private readonly books = new Map<string, Book>();
  /** Matches of the latest millisecond, which may be joined by more of their order, by market. */
  private readonly matches = new Map<string, SimTrade[]>();
  private argumentBytes = 0;
  /** When the last push or answer went out: without any the connection ends. */
  private pushedMs: number;

  constructor(socket: SimSocket, state: SimVenueState) {
    this.socket = socket;
    this.state = state;
    this.pushedMs = state.nowMs();
    this.connectionId = this.pushedMs.toString(16).slice(-8);
  }

  message(text: string): void {
    this.pushedMs = this.state.nowMs();
    if (text === 'ping') {
      this.socket.answer('pong');
      return;
    }
    let request: Request;
    try {
      request = JSON.parse(text) ?? {};
    } catch {
      this.fail({}, '60012', `Invalid request: ${text}`);
      return;
    }
    const { op, args } = request;
    const isKnown = op === 'subscribe' || op === 'unsubscribe';
    if (!isKnown || !Array.isArray(args) || !args.every(isArgument)) {
      this.fail(request, '60012', `Invalid request: ${text}`);
      return;
    }
    for (const argument of args) {
      if (op === 'subscribe') this.subscribe(request, argument);
      else this.unsubscribe(request, argument);
    }
  }

  change(market: SimMarket, change: SimChange): void {
    const book = this.books.get(market.symbol);
    if (book === undefined) return;
    const rows = book.window.change(market);
    if (rows === null) return;
    const previous = book.sequence;
    const isBack = book.isReset && previous > SEQUENCE_ANEW;
    book.sequence = isBack ? SEQUENCE_ANEW : previous + (change.lastSequence - change.previousSequence);
    book.isReset = false;
    this.send(market.symbol, book, 'update', previous, rows, change.timeMs);
  }

  trade(market: SimMarket, trade: SimTrade): void {
    const matches = this.matches.get(market.symbol);
    if (matches === undefined) return;
    if (matches.length > 0 && matches[0].timeMs !== trade.timeMs) this.sendTrades(market, matches);
    matches.push(trade);
  }

  tick(timeMs: number): void {
    for (const [symbol, matches] of this.matches) {
      const market = this.state.market(symbol);
      if (market !== null && matches.length > 0 && matches[0].timeMs < timeMs) this.sendTrades(market, matches);
    }
    for (const [symbol, book] of this.books) {
      if (timeMs - book.sentMs >= KEEP_ALIVE_MS) this.send(symbol, book, 'update', book.sequence, NO_ROWS, timeMs);
    }
    if (timeMs - this.pushedMs >= SILENCE_MAX_MS) this.socket.close(4004, 'No data received in 30s');
  }

  /** The next change goes on from a small number, chained to the one before it. */
  resetCounter(symbol: string): void {
    const book = this.books.get(symbol);
    if (book !== undefined) book.isReset = true;
  }

  announceEnd(): boolean {
    const msg = 'The connection will soon be closed for a service upgrade. Please reconnect.';
    this.answer({ event: 'notice', code: '64008', msg, connId: this.connectionId });
    return true;
  }

  private subscribe(request: Request, argument: Argument): void {
    const { channel, instId } = argument;
    const market = this.state.market(instId);
    const isBook = channel === 'books';
    if (market === null || (!isBook && channel !== 'trades')) {
      const hint = 'Please use the correct URL, channel and parameters referring to API document.';
      this.fail(request, '60018', `Wrong URL or channel:${channel},instId:${instId} doesn't exist. ${hint}`);
      return;
    }
    if (this.isHeld(argument)) {
      this.acknowledge(request, 'subscribe', argument);
      return;
    }
    this.argumentBytes += JSON.stringify(argument).length;
    if (this.argumentBytes > ARGUMENT_BYTES_MAX) this.socket.violation('argument bytes');
    if (isBook && this.books.size >= OKX_LIMITS.booksPerConnection + 1)
      this.socket.violation('books on one connection');
    this.acknowledge(request, 'subscribe', argument);
    if (isBook) this.begin(market);
    else this.matches.set(instId, []);
  }

  private begin(market: SimMarket): void {
    const window = new BookWindow(BOOK_DEPTH);
    const book = { window, sequence: market.sequence + SEQUENCE_ANEW, isReset: false, sentMs: 0 };
    this.books.set(market.symbol, book);
    this.send(market.symbol, book, 'snapshot', -1, window.whole(market), market.timeMs);
  }

  private unsubscribe(request: Request, argument: Argument): void {
    if (this.isHeld(argument)) {
      this.argumentBytes -= JSON.stringify(argument).length;
      if (argument.channel === 'books') this.books.delete(argument.instId);
      else this.matches.delete(argument.instId);
    }
    this.acknowledge(request, 'unsubscribe', argument);
  }

  private isHeld({ channel, instId }: Argument): boolean {
    return channel === 'books' ? this.books.has(instId) : channel === 'trades' && this.matches.has(instId);
  }

  private sendTrades(market: SimMarket, matches: SimTrade[]): void {
    this.pushedMs = this.state.nowMs();
    for (const text of tradeTexts(market, matches)) this.socket.data(market.symbol, 'trades', text);
    matches.length = 0;
  }

  private send(
    symbol: string,
    book: Book,
    action: 'snapshot' | 'update',
    previous: number,
    rows: ReturnType<BookWindow['whole']>,
    timeMs: number,
  ): void {
    this.pushedMs = this.state.nowMs();
    book.sentMs = this.pushedMs;
    const { sequence } = book;
    this.socket.data(symbol, 'book', bookText({ channel: 'books', symbol, action, timeMs, sequence, previous, rows }));
  }

  private acknowledge(request: Request, event: string, { channel, instId }: Argument): void {
    this.answer({ ...idOf(request), event, arg: { channel, instId }, connId: this.connectionId });
  }

  private fail(request: Request, code: string, msg: string): void {
    this.answer({ ...idOf(request), event: 'error', code, msg, connId: this.connectionId });
  }

  private answer(message: Readonly<Record<string, unknown>>): void {
    this.pushedMs = this.state.nowMs();
    this.socket.answer(JSON.stringify(message));
  }
}

function idOf({ id }: Request): { readonly id?: string } {
  return typeof id === 'string' ? { id } : {};
}
