// The simulated Bybit's side of one connection: requests, pings, numbered books and trades.

import { BookWindow } from '../../simulate/book-window.ts';
import type { SimChange, SimMarket, SimSession, SimSocket, SimTrade, SimVenueState } from '../../simulate/protocol.ts';
import { type BybitProduct, SILENCE_MAX_MS, TOPICS_CHARACTERS_MAX } from './limits.ts';
import { bookText, tradeText } from './sim-frames.ts';
import { askedTopic } from './topic-names.ts';

type Request = { readonly req_id?: unknown; readonly op?: unknown; readonly args?: unknown };
type Book = { readonly depth: number; readonly window: BookWindow; updateId: number; isReset: boolean };

/** The number a book begins anew with, as a whole one. */
const UPDATE_ID_ANEW = 1;

export class BybitSession implements SimSession {
  private readonly product: BybitProduct;
  private readonly socket: SimSocket;
  private readonly state: SimVenueState;
  private readonly connectionId: string;
  /** Characters of the topics taken, with what separates them. */
  private characters = 0;
  private readonly topics = new Set<string>();
  /** Books by symbol; a client may have several depths of one. */
  private readonly books = new Map<string, Book[]>();
  private readonly tradeSymbols = new Set<string>();
  private heardMs: number;

  constructor(product: BybitProduct, socket: SimSocket, state: SimVenueState) {
    this.product = product;
    this.socket = socket;
    this.state = state;
    this.heardMs = state.nowMs();
    this.connectionId = `sim-${this.heardMs.toString(36)}`;
  }

  message(text: string): void {
    this.heardMs = this.state.nowMs();
    let request: Request;
    try {
      request = JSON.parse(text) ?? {};
    } catch {
      this.answer(false, 'Params Error', {}, '');
      return;
    }
    if (request.op === 'ping') this.answer(true, 'pong', request, 'ping');
    else if (request.op === 'subscribe' || request.op === 'unsubscribe') this.ask(request, request.op);
    else this.answer(false, 'error:request:unknown op', request, String(request.op ?? ''));
  }

  change(market: SimMarket, change: SimChange): void {
    for (const book of this.books.get(market.symbol) ?? []) {
      const isWhole = book.isReset;
      const rows = isWhole ? book.window.whole(market) : book.window.change(market);
      if (rows === null) continue;
      book.updateId = isWhole ? UPDATE_ID_ANEW : book.updateId + 1;
      book.isReset = false;
      this.sendBook(market, book, isWhole ? 'snapshot' : 'delta', rows, change.timeMs);
    }
  }

  trade(market: SimMarket, trade: SimTrade): void {
    if (!this.tradeSymbols.has(market.symbol)) return;
    this.socket.data(market.symbol, 'trades', tradeText(this.product, market, trade));
  }

  tick(timeMs: number): void {
    if (timeMs - this.heardMs >= SILENCE_MAX_MS) this.socket.close(1006, 'no request for 10 minutes');
  }

  /** The next change is a whole book with the update id 1, as after a restart of the venue's service. */
  resetCounter(symbol: string): void {
    for (const book of this.books.get(symbol) ?? []) book.isReset = true;
  }

  /** Bybit closes without a word. */
  announceEnd(): boolean {
    return false;
  }

  private ask(request: Request, operation: 'subscribe' | 'unsubscribe'): void {
    const { args } = request;
    if (!Array.isArray(args) || args.length === 0 || !args.every((topic) => typeof topic === 'string')) {
      this.answer(false, 'error:args:invalid', request, operation);
      return;
    }
    const fault = operation === 'subscribe' ? this.faultOf(args) : null;
    if (fault !== null) {
      this.answer(false, fault, request, operation);
      return;
    }
    this.answer(true, this.product.category === 'spot' ? operation : '', request, operation);
    for (const topic of args) {
      if (operation === 'subscribe') this.add(topic);
      else this.remove(topic);
    }
  }

  /** Why nothing of a request is taken, or null. */
  private faultOf(topics: readonly string[]): string | null {
    const { topicsPerRequest } = this.product;
    if (topicsPerRequest !== null && topics.length > topicsPerRequest) {
      this.socket.violation('topics per request');
      return `error:args size >${topicsPerRequest}`;
    }
    for (const topic of topics) {
      const asked = askedTopic(topic);
      if (asked === null) return `error:handler not found,topic:${topic}`;
      if (this.state.market(asked.symbol) === null) return `error:handler not found,topic:${topic}`;
      if (this.topics.has(topic)) return `error:already subscribed,topic:${topic}`;
    }
    const characters = this.characters + topics.reduce((sum, topic) => sum + topic.length + 3, 0);
    if (characters <= TOPICS_CHARACTERS_MAX) return null;
    this.socket.violation('characters of topics');
    return 'error:args too long';
  }

  private add(topic: string): void {
    const asked = askedTopic(topic);
    const market = asked === null ? null : this.state.market(asked.symbol);
    if (asked === null || market === null) return;
    this.topics.add(topic);
    this.characters += topic.length + 3;
    if (asked.depth === 0) {
      this.tradeSymbols.add(asked.symbol);
      return;
    }
    const window = new BookWindow(asked.depth);
    const book = { depth: asked.depth, window, updateId: market.sequence + UPDATE_ID_ANEW, isReset: false };
    this.books.set(asked.symbol, [...(this.books.get(asked.symbol) ?? []), book]);
    this.sendBook(market, book, 'snapshot', window.whole(market), market.timeMs);
  }

  private remove(topic: string): void {
    const asked = askedTopic(topic);
    if (asked === null || !this.topics.delete(topic)) return;
    this.characters -= topic.length + 3;
    if (asked.depth === 0) this.tradeSymbols.delete(asked.symbol);
    const left = (this.books.get(asked.symbol) ?? []).filter(({ depth }) => depth !== asked.depth);
    this.books.set(asked.symbol, left);
  }

  private sendBook(
    market: SimMarket,
    book: Book,
    type: 'snapshot' | 'delta',
    rows: ReturnType<BookWindow['whole']>,
    timeMs: number,
  ): void {
    const { symbol, sequence } = market;
    const { depth, updateId } = book;
    this.socket.data(symbol, 'book', bookText({ symbol, depth, type, updateId, sequence, timeMs, rows }));
  }

  /** The products answer in different shapes: spot's pong has no `req_id`. */
  private answer(isSuccess: boolean, message: string, { req_id: id }: Request, operation: string): void {
    const hasId = this.product.category !== 'spot' || operation !== 'ping';
    const common = { success: isSuccess, ret_msg: message, conn_id: this.connectionId };
    const named = hasId ? { ...common, req_id: typeof id === 'string' ? id : '' } : common;
    this.socket.answer(JSON.stringify({ ...named, op: operation }));
  }
}
