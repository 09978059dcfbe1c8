// The same book frames through others' code: tardis-dev's mapper of the exchange, and ccxt's parser of order books.

import { normalizeBookChanges } from 'tardis-dev';
import type { CcxtInput, Form } from '../support/frames/forms.ts';
import type { PriceLevel } from '../support/frames/plain-book.ts';

type Change = { readonly bids: readonly PriceLevel[]; readonly asks: readonly PriceLevel[] };
type Mapper = {
  canHandle(message: unknown): boolean;
  map(message: unknown, localTimestamp: Date): Iterable<Change> | undefined;
};
type Side = readonly (readonly [number, number])[];
type CcxtExchange = {
  parseOrderBook(
    book: object,
    symbol: string,
    timestamp: number,
    bids: string,
    asks: string,
    price: string | number,
    amount: string | number,
  ): { readonly bids: Side; readonly asks: Side };
};

/** A time at which each mapper reads today's frames and does not ask for a snapshot that meets the first update. */
const LOCAL_TIME = new Date('2025-03-01T00:00:00.000Z');

/** The package exports its whole only, which takes seconds to load; the class that parses lies beside its entry. */
const address = new URL('./src/base/Exchange.js', import.meta.resolve('ccxt')).href;
const ccxt = (await import(address)) as { readonly default: new () => CcxtExchange };
const exchange = new ccxt.default();

export type Parser = {
  readonly name: string;
  /** A new mapper that knows what came first. */
  prepare(before: readonly unknown[], first: readonly unknown[]): void;
  map(message: unknown): Change;
};

const NOTHING: Change = { bids: [], asks: [] };

/** Binance's mapper keeps updates back until it has had a snapshot of the stream, as tardis-dev's own feed makes it. */
function binanceSnapshots(messages: readonly unknown[]): unknown[] {
  const streams = new Set(messages.map((message) => (message as { stream?: string }).stream ?? ''));
  return [...streams]
    .filter((stream) => stream !== '')
    .map((stream) => ({
      stream: stream.replace(/@.*/, '@depthSnapshot'),
      generated: true,
      data: { lastUpdateId: 0, bids: [], asks: [] },
    }));
}

export class TardisParser implements Parser {
  readonly name = 'tardis-dev';
  private readonly exchange: string;
  private mapper: Mapper;

  constructor(name: string) {
    this.exchange = name;
    this.mapper = this.make();
  }

  private make(): Mapper {
    return normalizeBookChanges(this.exchange as 'binance', LOCAL_TIME) as Mapper;
  }

  prepare(before: readonly unknown[], messages: readonly unknown[]): void {
    this.mapper = this.make();
    for (const message of before) this.mapper.canHandle(message);
    for (const message of binanceSnapshots(messages)) for (const _ of this.mapper.map(message, LOCAL_TIME) ?? []);
  }

  /** Each of the frames holds one change. */
  map(message: unknown): Change {
    for (const change of this.mapper.map(message, LOCAL_TIME) ?? []) return change;
    return NOTHING;
  }
}

const levelOf = ([price, amount]: readonly [number, number]): PriceLevel => ({ price, amount });

export class CcxtParser implements Parser {
  readonly name = 'ccxt';
  private readonly input: (message: unknown) => CcxtInput;

  constructor(input: NonNullable<Form['ccxt']>) {
    this.input = input;
  }

  prepare(): void {
    // It remembers nothing.
  }

  parse(message: unknown): { readonly bids: Side; readonly asks: Side } {
    const { book, bids, asks, price, amount } = this.input(message);
    return exchange.parseOrderBook(book, '', 0, bids, asks, price, amount);
  }

  /** For comparisons alone: pairs are what a user of ccxt gets. */
  map(message: unknown): Change {
    const { bids, asks } = this.parse(message);
    return { bids: bids.map(levelOf), asks: asks.map(levelOf) };
  }
}
