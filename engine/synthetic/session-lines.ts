// Owns the lines of a recorded session: its venue connections, their frames, and when each was received.

import { assert } from '../base/assert.ts';
import { BinanceEncoder } from './encode-binance.ts';
import { CoinbaseEncoder } from './encode-coinbase.ts';
import { encodeJsonBookSnapshot, JsonEncoder } from './encode-json.ts';
import { KrakenEncoder } from './encode-kraken.ts';
import type { VenueEncoder } from './encoder.ts';
import type { MarketEvent, SnapshotEvent, TradeEvent } from './events.ts';
import type { Random } from './random.ts';
import type { MarketSpec, SyntheticDialect } from './specs.ts';

/** Depth the session's Kraken books are subscribed with: less than the books have, so that levels leave and come back. */
export const KRAKEN_DEPTH = 25;
/** Way from the venue to the recorder: at least, and mean of what comes on top. */
const LATENCY_MIN_US = 900;
const LATENCY_MORE_US = 600;
/** A REST snapshot is old when it comes: frames received meanwhile are newer than it. */
const REST_DELAY_US = 180_000;
const HEARTBEAT_FIRST = 3_049;

const SPOT = { flavour: 'spot', isCombined: true, channels: ['depth', 'aggTrade', 'bookTicker', 'kline'] } as const;
const USDM = { flavour: 'usdm', isCombined: true, channels: ['depth', 'trade', 'bookTicker', 'kline'] } as const;

type Connection = {
  readonly number: number;
  readonly markets: readonly MarketSpec[];
  readonly encoder: VenueEncoder;
  lastReceiveUs: number;
};

type Entry = { readonly timeUs: number; readonly line: string };

function createEncoder(dialect: SyntheticDialect, markets: readonly MarketSpec[]): VenueEncoder {
  if (dialect === 'binance') return new BinanceEncoder(SPOT);
  if (dialect === 'binance-futures') return new BinanceEncoder(USDM);
  if (dialect === 'kraken') return new KrakenEncoder(markets, KRAKEN_DEPTH);
  return dialect === 'coinbase' ? new CoinbaseEncoder(markets, HEARTBEAT_FIRST) : new JsonEncoder();
}

export class SessionLines {
  private readonly dialect: SyntheticDialect;
  private readonly random: Random;
  private readonly connections: readonly Connection[];
  private readonly lastMarket: MarketSpec;
  private readonly entries: Entry[] = [];

  /** Markets are dealt to the connections in turn. */
  constructor(dialect: SyntheticDialect, specs: readonly MarketSpec[], connections: number, random: Random) {
    assert(connections >= 1 && connections <= specs.length, `session: expected 1 to ${specs.length} connections`);
    this.dialect = dialect;
    this.random = random;
    this.lastMarket = specs[specs.length - 1];
    this.connections = Array.from({ length: connections }, (_, index) => {
      const markets = specs.filter((_, specIndex) => specIndex % connections === index);
      return { number: index + 1, markets, encoder: createEncoder(dialect, markets), lastReceiveUs: 0 };
    });
  }

  /** Opens every connection and writes what its venue sends first. */
  greet(timeUs: number, recentTrades: readonly TradeEvent[]): void {
    for (const connection of this.connections) {
      this.write(connection, 'open', timeUs, { u: this.address(connection) });
      const past = recentTrades.filter((trade) => connection.markets.includes(trade.market));
      this.receive(connection, timeUs, connection.encoder.greet(timeUs, past));
    }
  }

  emit(event: MarketEvent): void {
    const connection = this.connectionOf(event.market);
    this.receive(connection, event.timeUs, this.frames(connection, event));
  }

  tick(timeUs: number): void {
    for (const connection of this.connections) this.receive(connection, timeUs, connection.encoder.tick(timeUs));
  }

  /** The answer to a request for a book, on its way for a while. */
  restSnapshot(event: SnapshotEvent): void {
    const connection = this.connectionOf(event.market);
    const { encoder } = connection;
    assert(encoder instanceof BinanceEncoder, `session: ${this.dialect} has no REST snapshots`);
    const path = this.dialect === 'binance' ? 'api.binance.com/api/v3' : 'fapi.binance.com/fapi/v1';
    const u = `https://${path}/depth?symbol=${event.market.symbol}&limit=1000`;
    this.write(connection, 'http', event.timeUs + REST_DELAY_US, { u, d: encoder.restBody(event) });
  }

  /** An update id in the venue's own numbering, null where it has none. */
  venueSequence(updateId: number): number | null {
    const { encoder } = this.connections[0];
    return encoder instanceof BinanceEncoder ? encoder.venueId(updateId) : null;
  }

  /** All lines by receive time; those of one moment stay as they were written. */
  sorted(): string[] {
    return this.entries.sort((a, b) => a.timeUs - b.timeUs).map((entry) => entry.line);
  }

  /** In the normalised session the last market's book comes as `book_snapshot`, the others' as `book_change`. */
  private frames(connection: Connection, event: MarketEvent): string[] {
    const isOther = this.dialect === 'json' && event.kind === 'snapshot' && event.market === this.lastMarket;
    return isOther ? [encodeJsonBookSnapshot(event, event.timeUs)] : connection.encoder.encode(event);
  }

  private receive(connection: Connection, timeUs: number, frames: readonly string[]): void {
    for (const d of frames) {
      const latencyUs = LATENCY_MIN_US + Math.floor(this.random.exponential(LATENCY_MORE_US));
      connection.lastReceiveUs = Math.max(connection.lastReceiveUs + 7, timeUs + latencyUs);
      this.write(connection, 'recv', connection.lastReceiveUs, { d });
    }
  }

  private write(connection: Connection, k: string, timeUs: number, rest: { u?: string; d?: string }): void {
    const c = this.connections.length > 1 ? { c: connection.number } : {};
    this.entries.push({ timeUs, line: JSON.stringify({ k, t: timeUs, ...c, ...rest }) });
  }

  private connectionOf(market: MarketSpec): Connection {
    const connection = this.connections.find(({ markets }) => markets.includes(market));
    assert(connection !== undefined, `session: ${market.symbol} is not one of its markets`);
    return connection;
  }

  private address({ markets, encoder }: Connection): string {
    if (this.dialect === 'kraken') return 'wss://ws.kraken.com/v2';
    if (this.dialect === 'coinbase') return 'wss://advanced-trade-ws.coinbase.com';
    if (!(encoder instanceof BinanceEncoder)) return 'ws://127.0.0.1:9001/ingest/json';
    const host = this.dialect === 'binance' ? 'stream.binance.com:9443' : 'fstream.binance.com';
    return `wss://${host}/stream?streams=${encoder.streamNames(markets).join('/')}`;
  }
}
