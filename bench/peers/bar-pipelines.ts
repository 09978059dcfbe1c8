// Others' ways from a Binance trade frame to bars of 100 ms: tardis-dev, ccxt, and numbers in a Map.

import { compute, computeTradeBars, normalizeTrades, type Trade, type TradeBar } from 'tardis-dev';
import { check } from '../harness.ts';
import { parseFrame } from '../support/frames/decoding.ts';

const INTERVAL_MS = 100;
/** A time at which each mapper reads today's frames. */
const LOCAL_TIME = new Date('2025-03-01T00:00:00.000Z');
const TOLERANCE = 1e-9;

export type PlainBar = {
  readonly startMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
};

/** By symbol, oldest first. */
export type BarsByMarket = ReadonlyMap<string, readonly PlainBar[]>;

export type TradeBars = {
  readonly name: string;
  /** Forgets all. */
  prepare(): void;
  take(frame: Uint8Array): void;
  /** No more frames follow. */
  end(): void;
  bars(): BarsByMarket;
};

/** Bars behind which another began; some of the pipelines do not tell the last one. */
export function compareBars(name: string, was: BarsByMarket, wanted: BarsByMarket): void {
  check(wanted.size > 0, `${name}: expected markets with bars`);
  for (const [symbol, bars] of wanted) {
    const others = was.get(symbol) ?? [];
    check(bars.length > 1, `${name}, ${symbol}: expected more than one bar`);
    bars.slice(0, -1).forEach((bar, index) => {
      const other = others[index];
      const isRight =
        other !== undefined &&
        (['startMs', 'open', 'high', 'low', 'close', 'trades'] as const).every(
          (field) => bar[field] === other[field],
        ) &&
        Math.abs(bar.volume - other.volume) <= TOLERANCE * bar.volume;
      check(isRight, `${name}, ${symbol}: expected ${JSON.stringify(bar)}, was ${JSON.stringify(other)}`);
    });
  }
}

type Computable = ReturnType<ReturnType<typeof computeTradeBars>>;
type Mapper = {
  canHandle(message: unknown): boolean;
  map(message: unknown, localTimestamp: Date): Iterable<Trade> | undefined;
};

/** tardis-dev without its asynchronous streams: the mapper and the bars are called directly, which is faster. */
export class TardisBars implements TradeBars {
  readonly name = 'tardis-dev';
  private readonly make = computeTradeBars({ kind: 'time', interval: INTERVAL_MS });
  private readonly mapper = normalizeTrades('binance', LOCAL_TIME) as unknown as Mapper;
  private computables = new Map<string, Computable>();
  private closed: TradeBar[] = [];

  prepare(): void {
    this.computables = new Map();
    this.closed = [];
  }

  take(frame: Uint8Array): void {
    const message = parseFrame(frame);
    if (!this.mapper.canHandle(message)) return;
    for (const trade of this.mapper.map(message, LOCAL_TIME) ?? [])
      for (const bar of this.computable(trade.symbol).compute(trade)) this.closed.push(bar);
  }

  end(): void {
    // A bar is told when the next one begins.
  }

  /** Bars told so far. */
  get closedCount(): number {
    return this.closed.length;
  }

  bars(): BarsByMarket {
    const symbols = [...this.computables.keys()];
    return new Map(
      symbols.map((symbol) => [symbol, this.closed.filter((bar) => bar.symbol === symbol).map(tardisBar)]),
    );
  }

  private computable(symbol: string): Computable {
    let computable = this.computables.get(symbol);
    if (computable === undefined) {
      computable = this.make();
      this.computables.set(symbol, computable);
    }
    return computable;
  }
}

async function* normalised(frames: readonly Uint8Array[]): AsyncIterableIterator<Trade> {
  const mapper = normalizeTrades('binance', LOCAL_TIME) as unknown as Mapper;
  for (const frame of frames) {
    const message = parseFrame(frame);
    if (mapper.canHandle(message)) yield* mapper.map(message, LOCAL_TIME) ?? [];
  }
}

/** tardis-dev as its documents have it: messages go through an asynchronous generator. Returns the bars told. */
export async function computedBars(frames: readonly Uint8Array[]): Promise<number> {
  const make = computeTradeBars({ kind: 'time', interval: INTERVAL_MS });
  let bars = 0;
  for await (const message of compute(normalised(frames), make)) if (message.type === 'trade_bar') bars++;
  return bars;
}

/** Its bars have the time at which they end. */
function tardisBar({ timestamp, open, high, low, close, volume, trades }: TradeBar): PlainBar {
  return { startMs: timestamp.valueOf() - INTERVAL_MS, open, high, low, close, volume, trades };
}

type CcxtTrade = { readonly timestamp: number; readonly price: number; readonly amount: number };
type CcxtBinance = {
  parseWsTrade(message: unknown): CcxtTrade;
  buildOHLCVC(trades: readonly CcxtTrade[], timeframe: string): readonly (readonly number[])[];
  parseTimeframe(timeframe: string): number;
};

/** ccxt makes bars of a list of trades, so each run makes them once, at its end. */
export class CcxtBars implements TradeBars {
  readonly name = 'ccxt';
  private readonly exchange: CcxtBinance;
  private trades = new Map<string, CcxtTrade[]>();
  private candles = new Map<string, readonly (readonly number[])[]>();

  private constructor(exchange: CcxtBinance) {
    this.exchange = exchange;
  }

  /** The package exports its whole only, which takes seconds to load; the exchange lies beside its entry. */
  static async load(): Promise<CcxtBars> {
    const address = new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href;
    const { default: Exchange } = (await import(address)) as { readonly default: new () => CcxtBinance };
    const exchange = new Exchange();
    // It knows timeframes from a second up.
    exchange.parseTimeframe = () => INTERVAL_MS / 1000;
    return new CcxtBars(exchange);
  }

  prepare(): void {
    this.trades = new Map();
  }

  take(frame: Uint8Array): void {
    const { data } = parseFrame(frame) as { data: { s: string } };
    const trade = this.exchange.parseWsTrade(data);
    const trades = this.trades.get(data.s);
    if (trades === undefined) this.trades.set(data.s, [trade]);
    else trades.push(trade);
  }

  end(): void {
    this.candles = new Map(
      [...this.trades].map(([symbol, trades]) => [symbol, this.exchange.buildOHLCVC(trades, `${INTERVAL_MS}ms`)]),
    );
  }

  bars(): BarsByMarket {
    const barOf = ([startMs, open, high, low, close, volume, trades]: readonly number[]): PlainBar => ({
      startMs,
      open,
      high,
      low,
      close,
      volume,
      trades,
    });
    return new Map([...this.candles].map(([symbol, candles]) => [symbol, candles.map(barOf)]));
  }
}

type Message = { data: { s: string; p: string; q: string; T: number } };
type OpenBar = { -readonly [Field in keyof PlainBar]: PlainBar[Field] };

/** What most bots run. */
export class PlainBars implements TradeBars {
  readonly name = 'JSON.parse + Map';
  private byMarket = new Map<string, OpenBar[]>();

  prepare(): void {
    this.byMarket = new Map();
  }

  take(frame: Uint8Array): void {
    const { s, p, q, T } = (parseFrame(frame) as Message).data;
    const price = Number(p);
    const startMs = T - (T % INTERVAL_MS);
    let bars = this.byMarket.get(s);
    if (bars === undefined) {
      bars = [];
      this.byMarket.set(s, bars);
    }
    const bar = bars[bars.length - 1];
    if (bar === undefined || bar.startMs !== startMs) {
      bars.push({ startMs, open: price, high: price, low: price, close: price, volume: Number(q), trades: 1 });
      return;
    }
    bar.high = Math.max(bar.high, price);
    bar.low = Math.min(bar.low, price);
    bar.close = price;
    bar.volume += Number(q);
    bar.trades++;
  }

  end(): void {
    // Bars are made as trades come.
  }

  bars(): BarsByMarket {
    return this.byMarket;
  }
}
